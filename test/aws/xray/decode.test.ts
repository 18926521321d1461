import { test } from 'tap'
import { SegmentDecoder } from '../../../src/aws/xray/decode.ts'
import { Builder } from '../../../src/data/index.ts'
import { decode, plainSpans } from './spans.ts'

const segment = {
  name: 'order-service',
  id: '70de5b6f19ff9a0a',
  trace_id: '1-581cf771-a006649127e371903a2de979',
  start_time: 1478293361.271449,
  end_time: 1478293361.449,
}
const rest = (attributes: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(String(attributes['aws.xray.rest'] ?? '{}'))

test('a segment is a server span of the service that it names', async (t) => {
  const [span, ...more] = decode(segment)
  t.strictSame(more, [])
  t.strictSame(span, {
    resource: { 'service.name': 'order-service', 'cloud.provider': 'unknown' },
    traceId: '581cf771a006649127e371903a2de979',
    spanId: '70de5b6f19ff9a0a',
    parentSpanId: '',
    name: 'order-service',
    kind: 2,
    start: '1478293361271449000',
    end: '1478293361449000000',
    status: [0, ''],
    attributes: { 'aws.xray.name': 'order-service' },
    events: [],
    links: [],
  })
})

test('what describes the sender is the resource; what it does not hold stays with the span', async (t) => {
  const [span] = decode({
    ...segment,
    origin: 'AWS::ECS::Container',
    resource_arn: 'arn:aws:ecs:eu-west-1:1:x',
    service: { version: '1.2.3', compiler: 'gc', compiler_version: 'go1.22' },
    aws: {
      account_id: '123456789012',
      ecs: {
        container: 'app',
        container_id: 'c0ffee',
        task_arn: 'arn:task',
        availability_zone: 'eu-west-1a',
        cpu: 256,
      },
      ec2: { instance_id: 'i-1', availability_zone: 'eu-west-1b', instance_size: 'm5', ami_id: 'ami-1' },
      eks: { cluster_name: 'c', pod: 'p', container_id: 'c0ffee' },
      elastic_beanstalk: { environment_name: 'prod', version_label: '1.2.3', deployment_id: 32 },
      xray: { sdk: 'X-Ray for Node.js', sdk_version: '3.5.0', package: 'aws-xray-sdk', auto_instrumentation: false },
      cloudwatch_logs: [{ log_group: '/ecs/app', arn: 'arn:logs' }, { log_group: '/other' }],
    },
  })
  t.strictSame(span!.resource, {
    'service.name': 'order-service',
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_ecs',
    'aws.xray.resource_arn': 'arn:aws:ecs:eu-west-1:1:x',
    'service.version': '1.2.3',
    'cloud.account.id': '123456789012',
    'container.name': 'app',
    'container.id': 'c0ffee',
    'aws.ecs.task.arn': 'arn:task',
    'cloud.availability_zone': 'eu-west-1a',
    'host.id': 'i-1',
    'host.type': 'm5',
    'host.image.id': 'ami-1',
    'k8s.cluster.name': 'c',
    'k8s.pod.name': 'p',
    'service.namespace': 'prod',
    'service.instance.id': '32',
    'telemetry.sdk.name': 'X-Ray for Node.js',
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': '3.5.0',
    'aws.log.group.arns': ['arn:logs', ''],
    'aws.log.group.names': ['/ecs/app', '/other'],
  })
  t.equal(span!.attributes['aws.xray.origin'], 'AWS::ECS::Container')
  t.strictSame(rest(span!.attributes), {
    service: { compiler: 'gc', compiler_version: 'go1.22' },
    aws: {
      ecs: { cpu: 256 },
      ec2: { availability_zone: 'eu-west-1b' },
      eks: {},
      elastic_beanstalk: {},
      xray: { package: 'aws-xray-sdk', auto_instrumentation: false },
      cloudwatch_logs: [],
    },
  })
})

test('what one block says of the resource, and another one that could does not, is known', async (t) => {
  const [span] = decode({
    ...segment,
    service: { compiler: 'gc' },
    aws: {
      ec2: { instance_id: 'i-1' },
      ecs: { container_id: 'c', availability_zone: 'eu-west-1a' },
      eks: { pod: 'p', container_id: null },
      elastic_beanstalk: { version_label: '7', deployment_id: 'x' },
    },
  })
  t.strictSame(rest(span!.attributes), {
    service: { compiler: 'gc', version: null },
    aws: {
      ec2: { availability_zone: null },
      ecs: {},
      eks: { container_id: null },
      elastic_beanstalk: { deployment_id: 'x' },
    },
  })
})

test('the platform is that of the origin, else of the innermost block', async (t) => {
  const platform = (more: object): unknown => decode({ ...segment, ...more })[0]!.resource['cloud.platform']
  t.equal(platform({ origin: 'AWS::EC2::Instance', aws: { ecs: {} } }), 'aws_ec2')
  t.equal(platform({ origin: 'AWS::ECS::Fargate' }), 'aws_ecs')
  t.equal(platform({ aws: { ec2: {}, ecs: {} } }), 'aws_ecs')
  t.equal(platform({ aws: { ec2: {}, eks: {} } }), 'aws_eks')
  t.equal(platform({ aws: { ec2: {} } }), 'aws_ec2')
  t.equal(platform({ origin: 'AWS::ApiGateway::Stage' }), undefined)
})

test('an HTTP request has the names of the collector', async (t) => {
  const [span] = decode({
    ...segment,
    user: 'user-123',
    http: {
      request: {
        method: 'POST',
        url: 'http://shop/orders',
        user_agent: 'curl',
        client_ip: '10.0.0.1',
        x_forwarded_for: true,
        traced: true,
      },
      response: { status: 429, content_length: 5120 },
    },
    error: true,
    throttle: true,
  })
  t.strictSame(span!.attributes, {
    'aws.xray.name': 'order-service',
    'enduser.id': 'user-123',
    'http.method': 'POST',
    'http.url': 'http://shop/orders',
    'http.user_agent': 'curl',
    'http.client_ip': '10.0.0.1',
    'aws.xray.x_forwarded_for': true,
    'http.status_code': 429,
    'http.response_content_length': 5120,
    'aws.xray.error': true,
    'aws.xray.throttle': true,
    'aws.xray.rest': '{"http":{"request":{"traced":true}}}',
  })
  t.strictSame(span!.status, [2, ''])
})

test('a span has failed by its flags, its cause and its HTTP status', async (t) => {
  const status = (more: object): unknown => decode({ ...segment, ...more })[0]!.status
  t.strictSame(status({ fault: true }), [2, ''])
  t.strictSame(status({ error: true }), [2, ''])
  t.strictSame(status({ throttle: true }), [2, ''])
  t.strictSame(status({ fault: false, error: false }), [0, ''])
  t.strictSame(status({ cause: { exceptions: [] } }), [2, ''])
  t.strictSame(status({ cause: '1234567890abcdef' }), [2, '1234567890abcdef'])
  for (const [code, expected] of [
    [200, 0],
    [304, 0],
    [404, 2],
    [503, 2],
  ])
    t.strictSame(status({ http: { response: { status: code } } }), [expected, ''], String(code))
})

test('subsegments are spans below the one that they are in', async (t) => {
  const spans = decode({
    ...segment,
    subsegments: [
      {
        name: 'DynamoDB',
        id: '53995c3f42cd8ad8',
        start_time: 1478293361.3,
        end_time: 1478293361.4,
        namespace: 'aws',
        precursor_ids: ['1111111111111111'],
        aws: {
          operation: 'PutItem',
          region: 'eu-west-1',
          request_id: 'R',
          table_name: 'orders',
          retries: 2,
          id_2: 'Z',
        },
        subsegments: [
          {
            name: 'connect',
            id: '1907c61ed0fe8aaa',
            start_time: 1478293361.31,
            end_time: 1478293361.32,
            traced: false,
          },
        ],
      },
      {
        name: 'orders@db',
        id: '99995c3f42cd8ad8',
        start_time: 1478293361.41,
        in_progress: true,
        namespace: 'remote',
        sql: {
          url: 'jdbc:pg://db/orders?x=1',
          sanitized_query: 'SELECT ?',
          database_type: 'PostgreSQL',
          preparation: 'call',
        },
      },
    ],
  })
  t.strictSame(
    spans.map(({ name, spanId, parentSpanId, kind, end }) => [name, spanId, parentSpanId, kind, end]),
    [
      ['order-service', '70de5b6f19ff9a0a', '', 2, '1478293361449000000'],
      ['DynamoDB', '53995c3f42cd8ad8', '70de5b6f19ff9a0a', 3, '1478293361400000000'],
      ['connect', '1907c61ed0fe8aaa', '53995c3f42cd8ad8', 1, '1478293361320000000'],
      ['orders@db', '99995c3f42cd8ad8', '70de5b6f19ff9a0a', 3, '0'],
    ],
  )
  t.ok(spans.every(({ traceId }) => traceId === '581cf771a006649127e371903a2de979'))
  t.strictSame(spans[1]!.attributes, {
    'aws.xray.name': 'DynamoDB',
    'aws.xray.type': 'embedded',
    'aws.service': 'DynamoDB',
    'aws.xray.namespace': 'aws',
    'aws.xray.precursor_ids': ['1111111111111111'],
    'aws.operation': 'PutItem',
    'aws.region': 'eu-west-1',
    'aws.request_id': 'R',
    'aws.table_name': 'orders',
    'aws.xray.retries': 2,
    'aws.xray.rest': '{"aws":{"id_2":"Z"}}',
  })
  t.equal(spans[2]!.attributes['aws.xray.traced'], false)
  t.strictSame(spans[3]!.attributes, {
    'aws.xray.name': 'orders@db',
    'aws.xray.type': 'embedded',
    'aws.xray.inprogress': true,
    'aws.xray.namespace': 'remote',
    'aws.xray.sql.url': 'jdbc:pg://db/orders?x=1',
    'db.statement': 'SELECT ?',
    'db.system': 'PostgreSQL',
    'aws.xray.rest': '{"sql":{"preparation":"call"}}',
  })
})

test('a subsegment that comes alone knows its parent; a segment may have one too', async (t) => {
  const alone = { ...segment, parent_id: '1111111111111111' }
  const [subsegment] = decode({ ...alone, type: 'subsegment', namespace: 'remote', resource_arn: 'arn:x' })
  t.equal(subsegment!.kind, 3)
  t.equal(subsegment!.parentSpanId, '1111111111111111')
  t.equal(subsegment!.attributes['aws.xray.type'], 'subsegment')
  t.notOk('aws.xray.resource_arn' in subsegment!.resource)
  t.strictSame(rest(subsegment!.attributes), { resource_arn: 'arn:x' })
  const [downstream] = decode({ ...alone, namespace: 'remote' })
  t.equal(downstream!.kind, 2)
  t.equal(downstream!.parentSpanId, '1111111111111111')
})

test('each exception of a cause is an event, with its stack as text', async (t) => {
  const [span] = decode({
    ...segment,
    cause: {
      working_directory: '/app',
      paths: ['lib/a', 'lib/b'],
      id: '2222222222222222',
      exceptions: [
        {
          id: '3333333333333333',
          type: 'OutOfStock',
          message: 'none left',
          remote: true,
          truncated: 3,
          skipped: 1,
          cause: '4444444444444444',
          stack: [
            { path: 'saga.js', line: 12, label: 'reserve' },
            { path: 'native', line: null },
          ],
          extra: [1.5],
        },
        { message: 'no id' },
        { id: '5555555555555555', stack: [{ path: 'a', label: 'f', column: 3 }] },
      ],
    },
  })
  t.equal(span!.attributes['aws.xray.cause.working_directory'], '/app')
  t.strictSame(span!.attributes['aws.xray.cause.paths'], ['lib/a', 'lib/b'])
  t.strictSame(rest(span!.attributes), { cause: { id: '2222222222222222' } })
  t.strictSame(
    span!.events.map(({ name, time }) => [name, time]),
    Array(3).fill(['exception', '1478293361449000000']),
  )
  t.strictSame(
    span!.events.map(({ attributes }) => attributes),
    [
      {
        'aws.xray.exception.id': '3333333333333333',
        'exception.type': 'OutOfStock',
        'exception.message': 'none left',
        'aws.xray.exception.remote': true,
        'aws.xray.exception.truncated': 3,
        'aws.xray.exception.skipped': 1,
        'aws.xray.exception.cause': '4444444444444444',
        'exception.stacktrace': 'OutOfStock: none left\n\tat reserve(saga.js:12)\n\tat (native)',
        'aws.xray.exception.rest': '{"extra":[1.5]}',
      },
      { 'exception.message': 'no id' },
      {
        'aws.xray.exception.id': '5555555555555555',
        'exception.stacktrace': ': \n\tat f(a)',
        'aws.xray.exception.stack': '[{"path":"a","label":"f","column":3}]',
      },
    ],
  )
})

test('annotations are attributes, metadata is the JSON that was sent', async (t) => {
  const [span] = decode(
    `{"name":"s","id":"70de5b6f19ff9a0a","trace_id":"${segment.trace_id}","start_time":1,"end_time":2,` +
      '"annotations":{"sagaId":"a-1","amount":12,"big":9223372036854775807,"huge":1e300,"ratio":0.50,"ok":true,' +
      '"list":[1],"none":null,"http.method":"mine","aws.xray.name":"mine","sagaId":"again"},' +
      '"metadata":{"default":{"query":"SELECT  1", "n":9007199254740993},"odd":"text"}}',
  )
  t.strictSame(span!.attributes, {
    'aws.xray.name': 's',
    sagaId: 'a-1',
    amount: 12,
    big: 9223372036854775807n,
    huge: 1e300,
    ratio: 0.5,
    ok: true,
    'aws.xray.annotations': ['sagaId', 'amount', 'big', 'huge', 'ratio', 'ok'],
    'aws.xray.metadata.default': '{"query":"SELECT  1", "n":9007199254740993}',
    'aws.xray.rest':
      '{"annotations":{"list":[1],"http.method":"mine","aws.xray.name":"mine"},"metadata":{"odd":"text"}}',
  })
})

test('links are links, or kept whole when one is none', async (t) => {
  const link = { trace_id: segment.trace_id, id: '1111111111111111', attributes: { a: 1, b: { c: [true, null, 1.5] } } }
  const [span] = decode({ ...segment, links: [link, { trace_id: 'ab'.repeat(16), id: '2222222222222222' }] })
  t.strictSame(span!.links, [
    {
      traceId: '581cf771a006649127e371903a2de979',
      spanId: '1111111111111111',
      attributes: { a: 1, b: new Map([['c', [true, null, 1.5]]]) },
    },
    { traceId: 'ab'.repeat(16), spanId: '2222222222222222', attributes: {} },
  ])
  for (const bad of [{ id: '1111111111111111' }, { ...link, extra: 1 }, { ...link, id: 'x' }, 'text']) {
    const [kept] = decode({ ...segment, links: [link, bad] })
    t.strictSame(kept!.links, [])
    t.strictSame(rest(kept!.attributes), { links: [link, bad] })
  }
})

test('what is unknown or of another type is kept as it was written', async (t) => {
  const odd = {
    http: 'text',
    sql: [1],
    aws: 5,
    service: 'x',
    cause: 7,
    annotations: [],
    metadata: 'm',
    user: 12,
    namespace: 3,
    fault: 'yes',
    precursor_ids: [1],
    future: { deep: [{ a: 'ü"\\' }] },
  }
  const [span] = decode({ ...segment, ...odd, traced: null })
  t.strictSame(rest(span!.attributes), odd)
  t.strictSame(Object.keys(span!.attributes), ['aws.xray.name', 'aws.xray.rest'])
  const [http] = decode({ ...segment, http: { request: { method: 5 }, response: 'x', other: 1 } })
  t.strictSame(rest(http!.attributes), { http: { request: { method: 5 }, response: 'x', other: 1 } })
})

test('times are exact', async (t) => {
  for (const [text, nanos] of [
    ['1478293361', '1478293361000000000'],
    ['1478293361.271449', '1478293361271449000'],
    ['1478293361.271449123', '1478293361271449123'],
    ['1478293361.2714490890502930', '1478293361271449000'],
    ['1.478293361271449e9', '1478293361271449000'],
    ['1478293361.9999999999', '1478293362000000000'],
    ['0.000001', '1000'],
    ['18446744072.5', '18446744072500000000'],
  ] as const)
    t.equal(decode(JSON.stringify(segment).replace(String(segment.start_time), text))[0]!.start, nanos, text)
})

test('what is no document is refused whole, saying what is wrong and where', async (t) => {
  const decoder = new SegmentDecoder()
  const builder = new Builder('traces')
  const sub = { name: 'x', id: '1111111111111111', start_time: 1 }
  const without = (key: string): object => Object.fromEntries(Object.entries(segment).filter(([name]) => name !== key))
  for (const [document, message] of [
    ['', /ends where/],
    ['{', /ends where a string should be/],
    ['[]', /a segment must be an object/],
    ['"text"', /a segment must be an object/],
    ['{}', /name is missing/],
    [without('name'), /name is missing/],
    [without('id'), /id is missing/],
    [without('trace_id'), /trace_id is missing/],
    [without('start_time'), /start_time is missing/],
    [{ ...segment, name: 5 }, /^name: must be a text/],
    [{ ...segment, id: '70de' }, /^id: must be 16 hexadecimal digits, not all zero; got "70de"/],
    [{ ...segment, id: '0000000000000000' }, /not all zero/],
    [{ ...segment, id: '70de5b6f19ff9a0g' }, /must be 16 hexadecimal digits/],
    [{ ...segment, parent_id: 'x' }, /^parent_id: must be 16/],
    [{ ...segment, trace_id: '1-581cf771-a006' }, /^trace_id: must look like 1-58406520-/],
    [{ ...segment, trace_id: '2-581cf771-a006649127e371903a2de979' }, /must look like/],
    [{ ...segment, trace_id: '1-00000000-000000000000000000000000' }, /must look like/],
    [{ ...segment, trace_id: 'z'.repeat(100_000) }, /got "z{59}…/],
    [{ ...segment, start_time: '1' }, /^start_time: must be a number of seconds/],
    [{ ...segment, start_time: -1 }, /between 1970 and 2554, got -1/],
    [{ ...segment, end_time: 1e300 }, /^end_time: .*between 1970 and 2554/],
    [{ ...segment, subsegments: {} }, /^subsegments: must be a list/],
    [{ ...segment, subsegments: [sub, 5] }, /^subsegments\[1]: a subsegment must be an object/],
    [{ ...segment, subsegments: [sub, { ...sub, id: 1 }] }, /^subsegments\[1]\.id: must be 16/],
    [
      { ...segment, subsegments: [{ ...sub, subsegments: [{ name: 'y' }] }] },
      /^subsegments\[0]\.subsegments\[0]: id is missing/,
    ],
  ] as const) {
    const text = typeof document === 'string' ? document : JSON.stringify(document)
    t.throws(() => decoder.decode(Buffer.from(text), builder), { name: 'MalformedError', message }, text.slice(0, 80))
  }
  t.equal(builder.items, 0)
  t.equal(builder.sizeBytes, 0)
  decoder.decode(Buffer.from(JSON.stringify(segment)), builder)
  t.equal(plainSpans(builder.build()).length, 1)
})

test('a document cut anywhere is refused', async (t) => {
  const whole = Buffer.from(JSON.stringify({ ...segment, annotations: { a: 'b' }, subsegments: [] }))
  const decoder = new SegmentDecoder()
  const builder = new Builder('traces')
  for (let size = 0; size < whole.length; size++)
    t.throws(() => decoder.decode(whole.subarray(0, size), builder), { name: 'MalformedError' })
  t.equal(decoder.decode(whole, builder), 1)
})

test('a document nested too deep is refused, a deep one is read', async (t) => {
  const nested = (depth: number): object => {
    let inner: object = { name: 'x', id: '1111111111111111', start_time: 1 }
    for (let i = 1; i < depth; i++) inner = { name: 'x', id: '1111111111111111', start_time: 1, subsegments: [inner] }
    return { ...segment, subsegments: [inner] }
  }
  t.equal(decode(nested(100)).length, 101)
  t.throws(() => decode(nested(200)), { message: /nests deeper than 256/ })
  t.throws(() => decode('{"a":'.repeat(13_000)), { message: /nests deeper than 256/ })
})

test('segments of one id are spans of one id: whoever stores them decides', async (t) => {
  const twin = { name: 'x', id: segment.id, start_time: 1, end_time: 2 }
  t.strictSame(
    decode({ ...segment, subsegments: [twin, twin] }).map(({ spanId }) => spanId),
    Array(3).fill(segment.id),
  )
})

test('of a member given twice the first one counts', async (t) => {
  const [span] = decode(
    `{"name":"s","name":"t","id":"70de5b6f19ff9a0a","trace_id":"${segment.trace_id}","start_time":1,"user":"a","user":"b",` +
      '"http":{"request":{"url":"a","url":"b"}},"http":{"request":{"url":"c"}}}',
  )
  t.strictSame(span!.attributes, { 'aws.xray.name': 's', 'enduser.id': 'a', 'http.url': 'a' })
})
