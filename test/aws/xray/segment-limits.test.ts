import { type Test, test } from 'tap'
import { MAX_DOCUMENT_BYTES } from '../../../src/aws/xray/segment-limits.ts'
import {
  type Document,
  encoderOf,
  SPAN_ID,
  spansOf,
  type TestSpan,
  TRACE_ID,
  textsOf,
  type Values,
} from './segments.ts'

/** The document of a span that is too large, which must fit and say so. */
function cut(
  t: Test,
  span: TestSpan,
  { resource = {}, ...options }: { resource?: Values; indexAllAttributes?: boolean; indexedAttributes?: string[] } = {},
): { document: Document; step: string } {
  const documents = encoderOf(options).encode(spansOf([span], resource))
  const [text = ''] = textsOf(documents)
  t.ok(Buffer.byteLength(text) <= MAX_DOCUMENT_BYTES, `${Buffer.byteLength(text)} bytes`)
  const document: Document = JSON.parse(text)
  const [told] = documents.cut
  t.match(told, { traceId: TRACE_ID, spanId: SPAN_ID })
  t.ok(told!.sizeBytes > MAX_DOCUMENT_BYTES)
  t.equal(document.metadata.default['otel.cut'], told?.step, 'the document itself says it')
  return { document, step: told!.step }
}
const large = (size: number): string => 'ü"\n'.repeat(size / 4)

test('a document that just fits is whole, by its size as X-Ray sees it', async (t) => {
  const encoder = encoderOf()
  const sizeWith = (length: number): number =>
    Buffer.byteLength(textsOf(encoder.encode(spansOf([{ attributes: { text: '"'.repeat(length) } }])))[0]!)
  const empty = sizeWith(0)
  const length = (MAX_DOCUMENT_BYTES - empty) >> 1
  t.ok(sizeWith(length) > MAX_DOCUMENT_BYTES - 2)
  t.equal(encoder.encode(spansOf([{ attributes: { text: '"'.repeat(length) } }])).cut.length, 0)
  t.equal(encoder.encode(spansOf([{ attributes: { text: '"'.repeat(length + 1) } }])).cut.length, 1)
})

test('metadata gives way first', async (t) => {
  const { document, step } = cut(t, {
    attributes: {
      text: large(100_000),
      list: Array.from({ length: 30_000 }, () => 1),
      small: 'x',
      'http.url': 'http://a/',
    },
    events: [{ name: 'exception', attributes: { 'exception.stacktrace': 'E\n    at a (b.js:1:2)' } }],
  })
  t.equal(step, 'metadata values up to 2,048 bytes')
  t.ok(large(100_000).startsWith(document.metadata.default.text))
  t.ok(Buffer.byteLength(document.metadata.default.text) > 2040)
  t.match(document.metadata.default, { small: 'x', list: /^\(\d+ bytes\)$/ })
  t.equal(document.http.request.url, 'http://a/')
  t.equal(document.cause.exceptions[0].stack.length, 1)
})

test('then stacks, and say how many frames are gone', async (t) => {
  const stacktrace = `E\n${Array.from({ length: 2000 }, (_, i) => `    at function${i} (/app/file.js:${i}:1)`).join('\n')}`
  const { document, step } = cut(t, {
    events: [{ name: 'exception', attributes: { 'exception.stacktrace': stacktrace } }],
  })
  t.equal(step, 'metadata values up to 256 bytes, 50 frames a stack')
  const [exception] = document.cause.exceptions
  t.equal(exception.stack.length, 50)
  t.equal(exception.truncated, 1950)
  t.equal(exception.stack[49].label, 'function49')
})

test('then texts; annotations stay to the end', async (t) => {
  const { document } = cut(
    t,
    { attributes: { 'http.url': `http://a/${large(90_000)}`, a: 1 } },
    { indexedAttributes: ['a'] },
  )
  t.ok(document.http.request.url.startsWith('http://a/ü"\n'))
  t.ok(Buffer.byteLength(document.http.request.url) <= 4096)
  t.strictSame(document.annotations, { a: 1 })
})

test('resource, namespaces, links, log groups, names and messages are cut like the rest', async (t) => {
  const many = (prefix: string, count: number): Values =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, 'x'.repeat(100)]))
  const link = { traceId: TRACE_ID, spanId: SPAN_ID, attributes: { a: 'x'.repeat(1000) } }
  const cases: Record<string, readonly [TestSpan, Values?]> = {
    'a large resource': [{}, { text: large(100_000) }],
    'a resource of many attributes': [{}, many('r', 2000)],
    'a span of many attributes': [{ attributes: many('k', 2000) }],
    'a large key': [{ attributes: { [large(70_000)]: 1 } }],
    'a large namespace': [{ attributes: { 'aws.xray.metadata.x': JSON.stringify({ a: large(80_000) }) } }],
    'a large default namespace': [
      { attributes: { 'aws.xray.metadata.default': JSON.stringify({ a: large(80_000) }) } },
    ],
    'many links': [{ links: Array.from({ length: 300 }, () => link) }],
    'many log groups': [
      {},
      { 'aws.log.group.names': Array.from({ length: 3000 }, (_, i) => `group-${i}-${'x'.repeat(20)}`) },
    ],
    'many tables': [
      {
        kind: 'client',
        attributes: {
          'aws.dynamodb.table_names': Array.from({ length: 3000 }, (_, i) => `table-${i}-${'x'.repeat(20)}`),
        },
      },
    ],
    'a large pod': [
      {},
      { 'k8s.cluster.name': large(70_000), 'service.version': large(70_000), 'cloud.account.id': large(70_000) },
    ],
    'a large message': [{ status: { code: 2, message: large(90_000) } }],
    'a large name': [{ name: large(90_000), kind: 'client', attributes: { 'db.system': 'mysql' } }],
    'a large user': [{ attributes: { 'enduser.id': large(90_000) } }],
    'large events': [{ events: Array.from({ length: 100 }, () => ({ name: large(2000), attributes: many('e', 10) })) }],
    'many exceptions': [
      {
        events: Array.from({ length: 500 }, () => ({
          name: 'exception',
          attributes: { 'exception.message': large(400) },
        })),
      },
    ],
    'control characters': [
      {
        kind: 'client',
        attributes: {
          'http.url': '\u0001'.repeat(20_000),
          'http.user_agent': '\u0001'.repeat(20_000),
          'aws.region': '\u0001'.repeat(20_000),
        },
      },
    ],
  }
  for (const [name, [span, resource = {}]] of Object.entries(cases)) {
    t.comment(name)
    cut(t, span, { resource })
    cut(t, span, { resource, indexAllAttributes: true })
  }
})

test('everything at once still becomes a document', async (t) => {
  const hostile = '\u0001\uffff"'.repeat(20_000)
  const keys = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(3, '0')}${'k'.repeat(480)}`)
  cut(
    t,
    {
      kind: 'client',
      name: hostile,
      attributes: {
        ...Object.fromEntries(keys.map((key) => [key, hostile])),
        'http.url': hostile,
        'http.method': hostile,
        'http.user_agent': hostile,
        'http.client_ip': hostile,
        'db.system': 'mysql',
        'db.statement': hostile,
        'db.user': hostile,
        'db.name': hostile,
        'enduser.id': hostile,
        'aws.operation': hostile,
        'aws.account_id': hostile,
        'aws.region': hostile,
        'aws.request_id': hostile,
        'aws.queue_url': hostile,
        'aws.dynamodb.table_names': Array.from({ length: 50 }, () => hostile),
      },
      status: { code: 2, message: hostile },
      events: Array.from({ length: 20 }, () => ({
        name: 'exception',
        attributes: {
          'exception.type': hostile,
          'exception.message': hostile,
          'exception.stacktrace': `E\n\tat ${hostile}(${hostile}:1)`,
        },
      })),
      links: Array.from({ length: 100 }, () => ({ traceId: TRACE_ID, spanId: SPAN_ID, attributes: { a: hostile } })),
    },
    { resource: Object.fromEntries(keys.map((key) => [`r${key}`, hostile])), indexAllAttributes: true },
  )
})

test('of two documents of a span each is cut by itself', async (t) => {
  const { cut, places } = encoderOf().encode(
    spansOf([{ kind: 'client', attributes: { 'aws.span.kind': 'LOCAL_ROOT', text: 'x'.repeat(70_000) } }, {}]),
  )
  t.equal(cut.length, 1)
  t.strictSame(
    places.map(({ span }) => span),
    [0, 0, 1],
  )
})
