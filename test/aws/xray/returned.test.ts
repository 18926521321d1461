// Segment -> span -> segment: nothing is lost, and nothing is made up.
import { test } from 'tap'
import { SegmentDecoder } from '../../../src/aws/xray/decode.ts'
import type { SegmentOptions } from '../../../src/aws/xray/segment.ts'
import { MAX_DOCUMENT_BYTES } from '../../../src/aws/xray/segment-limits.ts'
import { type Batch, Builder } from '../../../src/data/index.ts'
import { testContext } from '../../../src/testing/index.ts'
import { type Document, encoderOf, textsOf } from './segments.ts'

const decoder = new SegmentDecoder()

function spansOf(...documents: readonly object[]): Batch<'traces'> {
  const builder = new Builder('traces')
  for (const document of documents) decoder.decode(Buffer.from(JSON.stringify(document)), builder)
  return builder.build()
}

const returned = (batch: Batch<'traces'>, options: Partial<SegmentOptions> = {}): Document[] =>
  textsOf(encoderOf(options).encode(batch)).map((text) => JSON.parse(text))

/** Each subsegment as a document of its own. */
function flat({ subsegments = [], ...segment }: Document, root = segment): Document[] {
  return [
    segment,
    ...subsegments.flatMap((child: Document) =>
      flat({ ...child, trace_id: root.trace_id, parent_id: segment.id, type: 'subsegment' }, root),
    ),
  ]
}

/** As it stands inside its parent. */
const inside = ({ trace_id: _trace, parent_id: _parent, type: _type, ...rest }: Document): Document => rest

const order = {
  id: '194fcc8747581230',
  trace_id: '1-5e2a4c11-3f2b9e3c1c6d4b7a8f9e0d1c',
  name: 'order-service',
  start_time: 1579830289.123456,
  end_time: 1579830290.5,
  origin: 'AWS::ECS::Container',
  user: 'u-17',
  resource_arn: 'arn:aws:ecs:eu-west-1:123456789012:task/abc',
  service: { version: '1.4.2', runtime: 'node', runtime_version: 'v22.1.0', name: 'order-service' },
  http: {
    request: {
      method: 'POST',
      url: 'https://shop.example.com/orders',
      user_agent: 'curl/8',
      client_ip: '203.0.113.9',
      x_forwarded_for: true,
    },
    response: { status: 500, content_length: '1024' },
  },
  fault: true,
  error: false,
  aws: {
    account_id: '123456789012',
    ecs: { container: 'ip-10-0-0-1', container_id: 'abc', task_arn: 'arn:t' },
    ec2: { instance_id: 'i-1', availability_zone: 'eu-west-1a' },
    cloudwatch_logs: [{ log_group: '/ecs/order' }, { log_group: 'g', arn: 'arn:aws:logs:x' }],
    xray: {
      sdk: 'X-Ray for Node.js',
      sdk_version: '3.10.1',
      package: 'aws-xray-sdk',
      rule_name: 'Default',
      auto_instrumentation: false,
    },
  },
  annotations: { order_id: 'o-1', amount: 12.5, items: 3, vip: true, 'dotted.key': 'x' },
  metadata: {
    default: { payload: { items: [{ sku: 'a', n: 1 }], nothing: null }, text: 'ü "x"' },
    saga: { steps: ['reserve', 'charge'], large: 12 },
    empty: {},
  },
  cause: {
    working_directory: '/app',
    paths: ['a.js', 'b.js'],
    exceptions: [
      {
        id: '6a1f0d2b3c4e5f60',
        type: 'PaymentError',
        message: 'card declined: "no funds"',
        remote: true,
        truncated: 3,
        skipped: 1,
        cause: '1234567890abcdef',
        stack: [
          { path: '/app/pay.js', line: 12, label: 'charge' },
          { path: '/app/(odd).js', line: 3, label: 'odd (name)' },
          { label: 'native' },
        ],
      },
      { id: '1234567890abcdef', message: 'timeout', stack: [{ path: 'x.js', line: 1, label: 'f' }] },
    ],
  },
  links: [
    { trace_id: '1-5e2a4c11-aaaaaaaaaaaaaaaaaaaaaaaa', id: '00000000000000ab', attributes: { kind: 'retry', n: 2 } },
  ],
  subsegments: [
    {
      id: '2222222222222222',
      name: 'DynamoDB',
      namespace: 'aws',
      start_time: 1579830289.2,
      end_time: 1579830289.3,
      http: { response: { status: 400, content_length: 120 } },
      error: true,
      throttle: true,
      aws: {
        operation: 'TransactWriteItems',
        region: 'eu-west-1',
        request_id: 'R1',
        retries: 2,
        table_names: ['orders', 'stock'],
        consumed_capacity: [{ CapacityUnits: 1.5 }],
      },
      cause: '6a1f0d2b3c4e5f60',
      precursor_ids: ['3333333333333333'],
      subsegments: [
        {
          id: '3333333333333333',
          name: 'orders@db.example.com',
          namespace: 'remote',
          start_time: 1579830289.21,
          in_progress: true,
          traced: true,
          sql: {
            url: 'jdbc:postgresql://db.example.com:5432/orders',
            connection_string: 'secret-free',
            preparation: 'statement',
            database_type: 'PostgreSQL',
            database_version: '9.5.4',
            driver_version: 'PostgreSQL 9.4',
            user: 'dbuser',
            sanitized_query: 'SELECT * FROM orders WHERE id = ?',
          },
          custom_field: { kept: [1, 2, 12345678901] },
        },
      ],
    },
    {
      id: '4444444444444444',
      name: 'compensate',
      start_time: 1579830289.4,
      end_time: 1579830289.5,
      metadata: { default: { a: 1 } },
    },
  ],
}

test('a document with everything comes back whole', async (t) => {
  t.strictSame(returned(spansOf(order)), [order])
})

test('a subsegment whose parent is not there any more is a document of its own, with what is in it', async (t) => {
  const [segment, call, query, compensation] = flat(order)
  const without = (...names: readonly string[]) =>
    spansOf(order).rewrite([{ onSpan: ({ name }) => !names.includes(name) }], testContext())
  t.strictSame(returned(without('order-service')), [{ ...call, subsegments: [inside(query)] }, compensation])
  t.strictSame(returned(without('DynamoDB')), [{ ...segment, subsegments: [inside(compensation)] }, query])
  t.strictSame(returned(without('order-service', 'DynamoDB')), [query, compensation])
})

test('what came alone goes alone, though its parent is beside it', async (t) => {
  const documents = flat(order)
  t.strictSame(returned(spansOf(...documents)), documents)
})

test('a subsegment goes into the segment before it that has the id, of its own trace', async (t) => {
  const child = { id: '2222222222222222', name: 'c', start_time: 1, end_time: 2 }
  const one = { id: '194fcc8747581230', trace_id: order.trace_id, name: 'n', start_time: 1, end_time: 2 }
  const documents = [
    { ...one, subsegments: [child] },
    {
      ...one,
      trace_id: '1-5e2a4c11-aaaaaaaaaaaaaaaaaaaaaaaa',
      subsegments: [child, { ...child, id: '2222222222222223' }],
    },
    { ...one, subsegments: [child, child] },
    one,
  ]
  t.strictSame(returned(spansOf(...documents)), documents)
  t.strictSame(
    encoderOf()
      .encode(spansOf(...documents))
      .places.map(({ span, spans }) => [span, spans]),
    [
      [0, 2],
      [2, 3],
      [5, 3],
      [8, 1],
    ],
  )
  const others = spansOf(...documents).rewrite(
    [{ onSpan: ({ attributes }) => void attributes.set('x', 'é"') }],
    testContext(),
  )
  const [first] = returned(others)
  t.strictSame(first.subsegments[0].metadata, { default: { x: 'é"' } })
})

test('a segment takes back what X-Ray has room for; the others are documents of their own', async (t) => {
  for (const [text, room] of [
    ['x'.repeat(10_000), 6],
    ['"'.repeat(4_900), 6],
  ] as const) {
    const child = (i: number) => ({
      id: `222222222222222${i}`,
      name: 'c',
      start_time: 1,
      end_time: 2,
      metadata: { default: { text } },
    })
    const segment = { id: '194fcc8747581230', trace_id: order.trace_id, name: 'n', start_time: 1, end_time: 2 }
    const children = Array.from({ length: room + 2 }, (_, i) => child(i))
    const documents = encoderOf().encode(spansOf({ ...segment, subsegments: children }))
    const [whole, ...alone] = textsOf(documents)
    t.strictSame(documents.cut, [])
    t.strictSame(
      JSON.parse(whole!).subsegments.map(({ id }: Document) => id),
      children.slice(0, room).map(({ id }) => id),
    )
    t.ok(Buffer.byteLength(whole!) <= MAX_DOCUMENT_BYTES)
    t.strictSame(
      alone.map((one) => JSON.parse(one)),
      flat({ ...segment, subsegments: children.slice(room) }).slice(1),
    )
  }
})

test('a document of exactly the size that X-Ray takes comes back whole', async (t) => {
  const sized = (length: number) => ({
    id: '194fcc8747581230',
    trace_id: order.trace_id,
    name: 'n',
    start_time: 1,
    end_time: 2,
    subsegments: ['2', '3'].map((digit) => ({
      id: digit.repeat(16),
      name: 'c',
      start_time: 1,
      end_time: 2,
      metadata: { default: { text: digit === '2' ? '"'.repeat(1000) : 'x'.repeat(length) } },
    })),
  })
  const room = MAX_DOCUMENT_BYTES - JSON.stringify(sized(0)).length
  for (const [length, documents] of [
    [room, 1],
    [room + 1, 2],
  ] as const) {
    const found = returned(spansOf(sized(length)))
    t.equal(found.length, documents, `${length}`)
    if (documents === 1) t.strictSame(found, [sized(length)])
  }
})

test('small ones come back as small as they were', async (t) => {
  const least = {
    id: '194fcc8747581230',
    trace_id: '1-5e2a4c11-3f2b9e3c1c6d4b7a8f9e0d1c',
    name: 'n',
    start_time: 1,
    end_time: 2.000000001,
  }
  const documents = [
    least,
    { ...least, end_time: undefined, in_progress: true },
    { ...least, in_progress: false },
    { ...least, parent_id: '53995c3f42cd8ad8', type: 'subsegment', namespace: 'remote' },
    { ...least, http: { response: { status: 200 } } },
    { ...least, aws: { xray: {} }, service: {} },
    { ...least, aws: { ec2: {}, ecs: { container_id: 'c' }, eks: { pod: 'p' } } },
    { ...least, cause: { exceptions: [{ id: 'ffffffffffffffff' }] } },
    { ...least, annotations: { user_id: 'x' }, metadata: {} },
    { ...least, annotations: {}, metadata: { default: {} } },
    { ...least, annotations: {} },
    { ...least, metadata: {} },
    { ...least, user: '' },
    { ...least, http: 'odd', sql: [1], aws: 7, cause: 5, service: 'x', annotations: [], metadata: 'y' },
    { ...least, http: [], sql: [], aws: [], cause: [], service: [], metadata: [] },
    { ...least, aws: { ec2: [], ecs: 'odd', cloudwatch_logs: [] } },
    { ...least, aws: { cloudwatch_logs: {} } },
  ]
  for (const document of documents)
    t.strictSame(returned(spansOf(document)), [JSON.parse(JSON.stringify(document))], JSON.stringify(document))
})

test('numbers keep every digit', async (t) => {
  const text =
    '{"id":"194fcc8747581230","trace_id":"1-5e2a4c11-3f2b9e3c1c6d4b7a8f9e0d1c","name":"n","start_time":1579830289.123456789,"end_time":1579830290,"metadata":{"default":{"big":12345678901234567890,"precise":1.00000000000000000001}},"other":{"big":98765432109876543210}}'
  const builder = new Builder('traces')
  decoder.decode(Buffer.from(text), builder)
  const [back] = textsOf(encoderOf().encode(builder.build()))
  for (const number of [
    '1579830289.123456789',
    '12345678901234567890',
    '1.00000000000000000001',
    '98765432109876543210',
  ])
    t.ok(back?.includes(number), `${number} in ${back}`)
})

test('what processors change or add on the way is respected', async (t) => {
  const batch = spansOf(order).rewrite(
    [
      { onResource: ({ attributes }) => attributes.set('deployment.environment.name', 'production') },
      {
        onSpan({ attributes }) {
          attributes.set('http.url', 'https://shop.example.com/redacted')
          attributes.set('team', 'orders')
          attributes.delete('db.statement')
          attributes.delete('enduser.id')
        },
      },
    ],
    testContext(),
  )
  const [segment] = returned(batch, { indexedAttributes: ['team'] })
  const [call] = segment.subsegments
  const [query] = call.subsegments
  t.equal(segment.http.request.url, 'https://shop.example.com/redacted')
  t.strictSame(segment.annotations, { ...order.annotations, team: 'orders' })
  t.notOk('user' in segment)
  t.equal(segment.metadata.default['otel.resource.deployment.environment.name'], 'production')
  t.strictSame(segment.metadata.saga, order.metadata.saga)
  t.notOk('sanitized_query' in query.sql)
  t.strictSame(call.annotations, { team: 'orders' })
  t.notOk('metadata' in call)
})
