import { test } from 'tap'
import { documentOf, documentsOf, encoderOf, PARENT_ID, SPAN_ID, spansOf, textsOf } from './segments.ts'

test('a server span is a segment, with its ids, times, name and resource', async (t) => {
  t.strictSame(
    documentOf(
      { attributes: { 'app.order': 42, 'app.kind': 'gift' } },
      {
        'service.name': 'checkout',
        'service.version': '1.2',
        'telemetry.sdk.name': 'opentelemetry',
        'telemetry.sdk.language': 'nodejs',
        'telemetry.sdk.version': '2.1',
      },
    ),
    {
      id: SPAN_ID,
      trace_id: '1-58406520-a006649127e371903a2de979',
      parent_id: PARENT_ID,
      name: 'checkout',
      start_time: Number('1720000000.123456789'),
      end_time: 1720000001.5,
      aws: { xray: { sdk: 'opentelemetry for nodejs', sdk_version: '2.1', auto_instrumentation: false } },
      service: { version: '1.2' },
      metadata: {
        default: {
          'otel.resource.service.name': 'checkout',
          'otel.resource.service.version': '1.2',
          'otel.resource.telemetry.sdk.name': 'opentelemetry',
          'otel.resource.telemetry.sdk.language': 'nodejs',
          'otel.resource.telemetry.sdk.version': '2.1',
          'app.order': 42,
          'app.kind': 'gift',
        },
      },
    },
  )
})

test('times have every digit that the span has', async (t) => {
  const [text] = textsOf(
    encoderOf().encode(spansOf([{ start: 1_720_000_000_000_000_001n, end: 1_720_000_000_120_000_000n }])),
  )
  t.match(text, '"start_time":1720000000.000000001,"end_time":1720000000.12,')
  t.match(
    textsOf(encoderOf().encode(spansOf([{ start: 5n, end: 3_000_000_000n }])))[0],
    '"start_time":0.000000005,"end_time":3,',
  )
})

test('kind and parent say what is a segment, what a subsegment, and its namespace', async (t) => {
  for (const [kind, parentId, type, namespace] of [
    ['server', PARENT_ID, undefined, undefined],
    ['server', '', undefined, undefined],
    ['consumer', PARENT_ID, undefined, undefined],
    ['client', PARENT_ID, 'subsegment', 'remote'],
    ['client', '', undefined, 'remote'],
    ['producer', PARENT_ID, 'subsegment', 'remote'],
    ['internal', PARENT_ID, 'subsegment', undefined],
    ['internal', '', undefined, undefined],
    ['unspecified', PARENT_ID, 'subsegment', undefined],
  ] as const) {
    const document = documentOf({ kind, parentId }, { a: 'b' })
    t.equal(document.type, type, `${kind} ${parentId}`)
    t.equal(document.namespace, namespace, `${kind} ${parentId}`)
    t.equal(document.parent_id, parentId || undefined)
    t.equal(
      document.metadata?.default['otel.resource.a'],
      type === undefined ? 'b' : undefined,
      'only a segment has the resource',
    )
  }
})

test('the name is that of the service that runs, or of what is called', async (t) => {
  const resource = { 'service.name': 'checkout' }
  const cases = [
    ['server', {}, 'checkout'],
    ['server', { 'aws.local.service': 'local', 'peer.service': 'peer' }, 'local'],
    ['server', { 'peer.service': 'peer' }, 'peer'],
    ['internal', { 'aws.local.service': 'local' }, 'work'],
    ['internal', { 'aws.local.service': 'local', 'aws.span.kind': 'LOCAL_ROOT' }, 'local'],
    ['client', { 'aws.remote.service': 'remote', 'peer.service': 'peer' }, 'remote'],
    ['consumer', { 'aws.remote.service': 'remote' }, 'remote'],
    ['internal', { 'aws.remote.service': 'remote' }, 'work'],
    ['client', { 'aws.remote.service': 'AWS.SDK.DynamoDB', 'rpc.system': 'aws-api' }, 'DynamoDB'],
    ['client', { 'aws.remote.service': 'AWS::S3', 'rpc.system': 'aws-api' }, 'S3'],
    ['client', { 'aws.remote.service': 'AWS.SDK.mine' }, 'AWS.SDK.mine'],
    ['client', { 'peer.service': 'peer', 'aws.service': 'DynamoDB' }, 'peer'],
    ['client', { 'aws.service': 'DynamoDB', 'db.name': 'orders' }, 'DynamoDB'],
    [
      'client',
      { 'db.name': 'orders', 'db.connection_string': 'jdbc:mysql://u:p@db.example.com:3306/x' },
      'orders@db.example.com',
    ],
    ['client', { 'db.name': 'orders', 'db.connection_string': 'mysql://[::1]:3306' }, 'orders@::1'],
    ['client', { 'db.name': 'orders', 'db.connection_string': 'no url' }, 'orders'],
    ['client', { 'db.namespace': 'orders', 'server.address': 'db.example.com' }, 'orders@db.example.com'],
    ['client', { 'rpc.service': 'S3', 'http.host': 'h', 'net.peer.name': 'n' }, 'S3'],
    ['client', { 'http.host': 'example.com', 'net.peer.name': 'n' }, 'example.com'],
    ['client', { 'net.peer.name': 'peer.example.com' }, 'peer.example.com'],
    ['client', { 'peer.service': 'cart <script>"ü" (1)' }, 'cart scriptü 1'],
    ['client', {}, 'work'],
  ] as const
  for (const [kind, attributes, name] of cases)
    t.equal(documentOf({ kind, name: 'work', attributes }, resource).name, name, JSON.stringify(attributes))
  t.equal(documentOf({ name: 'GET /' }).name, 'GET /', 'no service name')
})

test('names have the characters that X-Ray takes, and at most 200', async (t) => {
  const named = (name: string): string => documentOf({ kind: 'internal', name }).name
  t.equal(named('EXAMPLE @ example.com - 20% & 30 + 1/2 =ok: Ünï'), 'EXAMPLE @ example.com - 20% & 30 + 1/2 =ok: Ünï')
  t.equal(named('a(b)[c]{d}"e"\\f\n*'), 'abcdef')
  t.equal(named('()'), 'span')
  t.equal(named(' '), 'span')
  t.equal(named(''), 'span')
  t.equal(named('x'.repeat(300)), 'x'.repeat(200))
  t.equal(named(`${'x'.repeat(199)}𝒜y`), 'x'.repeat(199), 'no half of a character')
})

test('the namespace of a call of AWS is aws', async (t) => {
  t.equal(documentOf({ kind: 'client', attributes: { 'rpc.system': 'aws-api' } }).namespace, 'aws')
  t.equal(documentOf({ kind: 'client', attributes: { 'aws.service': 'S3' } }).namespace, 'aws')
  t.equal(documentOf({ kind: 'client', attributes: { 'aws.service': 'S3', 'peer.service': 'x' } }).namespace, 'remote')
  t.equal(documentOf({ kind: 'client', attributes: { 'rpc.system': 'grpc' } }).namespace, 'remote')
})

test('a call of AWS by its SDK is named after the service, and says what was called', async (t) => {
  const document = documentOf({
    kind: 'client',
    attributes: {
      'http.method': 'POST',
      'http.scheme': 'https',
      'http.host': 'dynamodb.us-east-1.amazonaws.com',
      'http.target': '/',
      'rpc.service': 'DynamoDB',
      'rpc.method': 'GetItem',
      'rpc.system': 'aws-api',
      'aws.request_id': '18BO1FEPJSSAOGNJEDPTPCMIU7VV4KQNSO5AEMVJF66Q9ASUAAJG',
      'aws.table_name': 'otel-dev-Testing',
    },
  })
  t.match(document, {
    name: 'DynamoDB',
    namespace: 'aws',
    type: 'subsegment',
    http: { request: { method: 'POST', url: 'https://dynamodb.us-east-1.amazonaws.com/' } },
    aws: { operation: 'GetItem', table_name: 'otel-dev-Testing', request_id: /^18BO/ },
    metadata: { default: { 'rpc.service': 'DynamoDB', 'rpc.system': 'aws-api' } },
  })
})

test('an unfinished span is in progress', async (t) => {
  const told = documentOf({ attributes: { 'aws.xray.inprogress': true } })
  t.equal(told.in_progress, true)
  t.notOk('end_time' in told)
  t.notOk(told.metadata)
  const finished = documentOf({ attributes: { 'aws.xray.inprogress': false } })
  t.notOk('in_progress' in finished)
  t.equal(finished.end_time, 1720000001.5)
  t.equal(documentOf({ end: 0n }).in_progress, true, 'a span without an end')
})

test('a span does not end before it starts', async (t) => {
  const document = documentOf({ start: 1_720_000_001_000_000_001n, end: 1_720_000_001_000_000_000n })
  t.equal(document.end_time, document.start_time)
})

test('spans without ids are no documents, and are told', async (t) => {
  const { places, dropped } = encoderOf().encode(
    spansOf([{}, { spanId: '0000000000000000' }, { traceId: '00000000000000000000000000000000' }, { spanId: '' }]),
  )
  t.equal(places.length, 1)
  t.strictSame(
    dropped,
    [1, 2, 3].map((span) => ({ span, reason: 'no_id' })),
  )
})

test('links are links, with their attributes', async (t) => {
  const link = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  t.strictSame(
    documentOf({
      links: [
        link,
        { ...link, attributes: { a: 'x', b: [1, null, { double: 1.5 }] } },
        { traceId: '', spanId: 'b7ad6b7169203331' },
      ],
    }).links,
    [
      { trace_id: '1-0af76519-16cd43dd8448eb211c80319c', id: 'b7ad6b7169203331' },
      {
        trace_id: '1-0af76519-16cd43dd8448eb211c80319c',
        id: 'b7ad6b7169203331',
        attributes: { a: 'x', b: [1, null, 1.5] },
      },
    ],
  )
})

const localRoot = {
  'http.method': 'POST',
  'messaging.operation': 'receive',
  'aws.span.kind': 'LOCAL_ROOT',
  'aws.remote.service': 'myRemoteService',
  'aws.remote.operation': 'myRemoteOperation',
  remoteTarget: 'myTarget',
  'K8s.RemoteNamespace': 'k8sRemoteNamespace',
  'aws.local.service': 'myLocalService',
  myAnnotationKey: 'myAnnotationValue',
  'aws.operation': 'UpdateItem',
  'aws.account_id': '123456789012',
  'aws.region': 'eu-west-1',
  'aws.table_name': 'TableName',
}
const indexed = { indexedAttributes: ['aws.remote.service', 'myAnnotationKey'] }

test('a local root that calls something is two documents: the call, inside the segment of its service', async (t) => {
  const links = [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }]
  const resource = { 'service.name': 'shop', 'cloud.account.id': '999999999999' }
  for (const kind of ['client', 'producer', 'consumer', 'unspecified'] as const) {
    const [call, service] = documentsOf([{ kind, attributes: localRoot, links }], resource, indexed)
    t.match(call, {
      id: SPAN_ID,
      parent_id: service.id,
      name: 'myRemoteService',
      type: 'subsegment',
      namespace: 'remote',
      http: { request: { method: 'POST' } },
      aws: { operation: 'UpdateItem', account_id: '123456789012', region: 'eu-west-1', table_name: 'TableName' },
      annotations: { 'aws.remote.service': 'myRemoteService', myAnnotationKey: 'myAnnotationValue' },
      metadata: { default: { 'messaging.operation': 'receive', remoteTarget: 'myTarget' } },
    })
    t.notOk('otel.resource.service.name' in call.metadata.default, kind)
    t.equal(service.parent_id, PARENT_ID)
    t.match(service.id, /^[0-9a-f]{16}$/)
    t.equal(service.name, 'myLocalService')
    t.strictSame(Object.keys(service.aws), ['xray'])
    t.strictSame(service.annotations, { myAnnotationKey: 'myAnnotationValue' })
    t.strictSame(Object.keys(service.metadata.default), [
      'otel.resource.service.name',
      'otel.resource.cloud.account.id',
    ])
    for (const absent of ['type', 'namespace', 'http']) t.notOk(absent in service, `${kind} ${absent}`)
    t.equal((kind === 'consumer' ? service : call).links.length, 1)
    t.notOk('links' in (kind === 'consumer' ? call : service))
    t.equal(call.start_time, service.start_time)
    t.equal(call.end_time, service.end_time)
  }
  const [, unnamed] = documentsOf([{ kind: 'consumer', attributes: { 'aws.span.kind': 'LOCAL_ROOT' } }], resource)
  t.equal(unnamed.name, 'shop')
  const again = documentsOf([{ kind: 'client', attributes: localRoot }])
  t.equal(
    again[1].id,
    documentsOf([{ kind: 'client', attributes: localRoot }])[1].id,
    'the same id when it is sent again',
  )
})

test('a local root that serves or works is one segment', async (t) => {
  for (const kind of ['server', 'internal'] as const) {
    const documents = documentsOf([{ kind, attributes: localRoot }], { a: 'b' }, indexed)
    t.equal(documents.length, 1)
    t.equal(documents[0].name, 'myLocalService')
    t.notOk('type' in documents[0])
    t.notOk('namespace' in documents[0])
    t.equal(documents[0].metadata.default['otel.resource.a'], 'b')
  }
})

test('spans of one batch with several resources each have their own', async (t) => {
  const encoder = encoderOf()
  for (let i = 0; i < 600; i++)
    t.equal(
      JSON.parse(textsOf(encoder.encode(spansOf([{}], { 'service.name': `s${i % 300}` })))[0]!).name,
      `s${i % 300}`,
    )
})
