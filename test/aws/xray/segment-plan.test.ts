// Attributes whose names come in a known order go the fast way; those with the value before the key do not. Both ways lead to
// the same document.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { SegmentEncoder, type SegmentOptions } from '../../../src/aws/xray/segment.ts'
import { Draft } from '../../../src/aws/xray/segment-draft.ts'
import { decodeOtlp } from '../../../src/data/index.ts'
import { type Random, seeded } from '../../data/random.ts'
import { withValuesFirst } from '../../data/wirebytes.ts'
import { resourceFrom, spanFrom, values } from './odd-spans.ts'
import { spansOf, type TestSpan, textsOf, type Value, type Values } from './segments.ts'

/** Batches for each of the options. `ROUNDS=1000` is a few minutes. */
const ROUNDS = Number(process.env.ROUNDS ?? 40)

const usual: readonly Values[] = [
  {
    'http.request.method': 'GET',
    'url.full': 'https://shop.example.com/a?b=c',
    'http.route': '/a',
    'http.response.status_code': 200,
    'app.cached': true,
    'app.ratio': 0.123456789,
    'network.peer.address': '10.1.2.3',
    'network.peer.port': 30_000,
  },
  {
    'http.method': 'POST',
    'http.url': 'http://shop.example.com:80/a',
    'http.scheme': 'http',
    'net.peer.name': 'shop.example.com',
    'net.peer.port': 80,
    'http.status_code': 503,
    'http.response_content_length': 12,
    'enduser.id': 'u-1',
  },
  {
    'db.system': 'postgresql',
    'db.statement': 'SELECT "a"',
    'server.address': 'db',
    'server.port': 5432,
    'db.name': 'shop',
  },
  {
    'rpc.system': 'aws-api',
    'rpc.service': 'S3',
    'rpc.method': 'GetObject',
    'aws.region': 'eu-west-1',
    'aws.request_id': 'r',
  },
  { 'aws.local.service': 'shop', 'aws.remote.service': 'S3', 'aws.span.kind': 'LOCAL_ROOT', a: 1 },
]

/** The same names as a span before it, most of them with the same values. */
function again(span: TestSpan, random: Random): TestSpan {
  const attributes: Record<string, Value> = Object.create(null)
  for (const [key, value] of Object.entries(span.attributes ?? {}))
    attributes[key] = random(4) === 0 ? values[random(values.length)]! : value
  return { ...span, attributes }
}

function spansFrom(random: Random): TestSpan[] {
  return Array.from({ length: 1 + random(12) }, (_, i) => {
    const span = spanFrom(random, i)
    return random(2) === 0 ? span : { ...span, attributes: usual[random(usual.length)]! }
  }).flatMap((span) => [span, again(span, random), again(span, random)])
}

const options: readonly SegmentOptions[] = [
  { indexedAttributes: [], indexAllAttributes: false, logGroups: [] },
  {
    indexedAttributes: ['http.method', 'http.route', 'a', 'otel.resource.team'],
    indexAllAttributes: false,
    logGroups: ['/g'],
  },
  { indexedAttributes: [], indexAllAttributes: true, logGroups: [] },
]

test('a document does not depend on whether the order of the attributes is a known one', async (t) => {
  const random = seeded(Number(process.env.SEED ?? 23))
  let cases = 0
  for (const given of options) {
    const [fast, general] = [new SegmentEncoder(given), new SegmentEncoder(given)]
    for (let round = 0; round < ROUNDS; round++) {
      const spans = spansFrom(random)
      const batch = spansOf(spans, resourceFrom(random))
      const odd = decodeOtlp('traces', withValuesFirst(Buffer.concat(batch.chunks)))
      const [one, other] = [fast.encode(batch), general.encode(odd)]
      assert.deepEqual(one.places, other.places)
      assert.deepEqual(one.dropped, other.dropped)
      assert.deepEqual(textsOf(one), textsOf(other))
      fast.giveBack()
      general.giveBack()
      cases += spans.length
    }
  }
  t.ok(cases > 0)
})

test('it is the usual order that is known, not the odd one', async (t) => {
  const draft = new Draft([], new Uint8Array(1000))
  const batch = spansOf(usual.map((attributes) => ({ attributes })))
  const odd = decodeOtlp('traces', withValuesFirst(Buffer.concat(batch.chunks)))
  const planned: boolean[] = []
  for (const each of [batch, odd])
    each.visit({
      onSpan({ attributes }) {
        draft.attributes.open(attributes)
        planned.push(draft.attributes.plan !== undefined)
      },
    })
  t.same(planned, [...usual.map(() => true), ...usual.map(() => false)])
})
