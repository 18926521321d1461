// Generated spans, most of them odd: every document is one that X-Ray takes, and nothing that a span says is lost.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { SegmentEncoder } from '../../../src/aws/xray/segment.ts'
import { requestsOf } from '../../../src/exporters/awsxray/requests.ts'
import { seeded } from '../../data/random.ts'
import { problemsOf, XrayService } from '../../emulator/xray.ts'
import { resourceFrom, spanFrom } from './odd-spans.ts'
import { spansOf, type TestSpan, textsOf } from './segments.ts'

/** Batches. `ROUNDS=3000` is 100,000 spans: a few minutes. */
const ROUNDS = Number(process.env.ROUNDS ?? 60)

/** Each text of the span, so that it can be looked for. Those of more than a thousand letters may be cut where they are searched. */
function saidBy({ attributes = {}, links = [] }: TestSpan): string[] {
  const said = Object.values(attributes).filter((value) => typeof value === 'string')
  for (const { traceId, attributes = {} } of links)
    if (traceId !== '') said.push(...Object.values(attributes).filter((value) => typeof value === 'string'))
  // parsed, not kept as a text
  return said.filter((text) => !text.startsWith('{'))
}

test('generated spans become documents that X-Ray takes, and say all that the spans say', async (t) => {
  const random = seeded(Number(process.env.SEED ?? 17))
  let cases = 0
  let cut = 0
  for (let round = 0; round < ROUNDS; round++) {
    const encoder = new SegmentEncoder({
      indexedAttributes: random(2) === 0 ? [] : ['a', 'b-c', 'http.method', 'otel.resource.team', 'absent'],
      indexAllAttributes: random(4) === 0,
      logGroups: random(2) === 0 ? [] : ['/ecs/shop'],
    })
    const spans = Array.from({ length: 1 + random(70) }, (_, i) => spanFrom(random, i))
    const documents = encoder.encode(spansOf(spans, resourceFrom(random)))
    const all = textsOf(documents)
    const { places, dropped } = documents
    assert.equal(all.length, places.length)
    const seen = new Set([...places, ...dropped].map(({ span }) => span))
    assert.equal(seen.size, spans.length, 'each span is a document or told')
    for (const { span, reason } of dropped) {
      assert.equal(reason, 'no_id')
      assert.equal(spans[span]!.traceId, '')
    }
    const wasCut = new Set(documents.cut.map(({ spanId }) => spanId))
    cut += wasCut.size
    for (const [index, span] of spans.entries()) {
      const own = all.filter((_, i) => places[i]!.span === index)
      for (const text of own) assert.deepEqual(problemsOf(JSON.parse(text)), [], text)
      if (own.length === 0 || wasCut.has(span.spanId!)) continue
      for (const said of saidBy(span)) {
        const written = JSON.stringify(said).slice(1, -1)
        assert.ok(
          own.some((text) => text.includes(written)),
          `${written.slice(0, 80)} in ${own.join('\n')}`,
        )
      }
      cases++
    }
    const service = new XrayService()
    for (const { request } of requestsOf(documents)) service.putTraceSegments(JSON.parse(request.body.toString()))
    assert.deepEqual(service.violations, [])
    assert.equal(service.documents.length, places.length)
  }
  t.ok(cases > 0)
  t.ok(cut > 0, 'some were too large')
})
