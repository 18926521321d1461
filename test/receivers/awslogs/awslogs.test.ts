import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { RetryableError } from '../../../src/contract/index.ts'
import { base64, document, event, packed, recordsIn, start } from './kit.ts'

const lambda = (data: unknown) => ({ awslogs: { data } })

test('a payload becomes records: time, message, id, group and stream', async (t) => {
  const { post, sink } = await start(t)
  t.equal((await post(packed(document()))).status, 200)
  const [first, second] = recordsIn(sink.batches)
  t.same(first, {
    resource: {
      'cloud.provider': 'aws',
      'cloud.account.id': '123456789012',
      'aws.log.group.names': ['/ecs/order-service'],
      'aws.log.stream.names': ['production-2024-01-15'],
      'cloudwatch.log.group.name': '/ecs/order-service',
      'cloudwatch.log.stream': 'production-2024-01-15',
    },
    time: '2024-01-15T10:00:00.123Z',
    id: '1',
    body: '{"level":"info","message":"created","orderId":9007199254740993}',
  })
  t.match(second, { id: '2', body: 'plain' })
})

test('it may come as gzip, as base64, as JSON, as a Lambda event, alone or compressed once more', async (t) => {
  const { post, sink } = await start(t)
  const payload = packed(document())
  const forms: (Buffer | string)[] = [
    payload,
    base64(payload),
    JSON.stringify(document()),
    JSON.stringify(lambda(base64(payload))),
  ]
  for (const form of forms) {
    t.equal((await post(form)).status, 200)
    t.equal((await post(gzipSync(form), { 'content-encoding': 'gzip' })).status, 200)
  }
  t.equal(sink.items, forms.length * 2 * 2)
})

test('message_format json makes a map of a message that is an object, exactly, and keeps the others', async (t) => {
  const { post, sink } = await start(t, { message_format: 'json' })
  const messages = ['{"a":{"b":9007199254740993},"@timestamp":"x"}', '[1]', '"text"', '{"cut":', ' {"ok":true}', '']
  await post(packed(document({ logEvents: messages.map((message, i) => event(String(i), message)) })))
  t.same(
    recordsIn(sink.batches).map(({ body }) => body),
    [{ a: new Map([['b', 9007199254740993n]]), '@timestamp': 'x' }, '[1]', '"text"', '{"cut":', { ok: true }, ''],
  )
})

test('CONTROL_MESSAGE is acknowledged and makes nothing', async (t) => {
  const { post, firehose, sink } = await start(t)
  const control = document({ messageType: 'CONTROL_MESSAGE', logEvents: [event('', 'CWL CONTROL MESSAGE')] })
  t.equal((await post(packed(control))).status, 200)
  t.equal((await firehose([base64(packed(control, document()))])).status, 200)
  t.equal(sink.items, 2)
})

test('Firehose is answered in its form, whatever its records are packed in', async (t) => {
  const { firehose, sink, settings } = await start(t)
  const answer = await firehose(
    [base64(packed(document())), base64(JSON.stringify(document()) + JSON.stringify(document()))],
    { 'x-amz-firehose-common-attributes': '{"commonAttributes":{"deployment.environment.name":"prod"}}' },
  )
  t.equal(answer.status, 200)
  t.equal(answer.headers['content-type'], 'application/json')
  t.same(answer.json, { requestId: 'r-1', timestamp: settings.clock.now() })
  t.equal(sink.items, 6)
  t.match(recordsIn(sink.batches)[0], { resource: { 'deployment.environment.name': 'prod' } })
})

test('bare messages of a Firehose stream that extracts them are a record a line', async (t) => {
  const { firehose, sink } = await start(t)
  t.equal((await firehose([base64('one\ntwo\n'), base64('{"level":"info"}')])).status, 200)
  t.same(
    recordsIn(sink.batches).map(({ body }) => body),
    ['one', 'two', '{"level":"info"}'],
  )
})

test('a damaged record of Firehose does not take the others with it, and is counted', async (t) => {
  const { firehose, sink, refused, settings } = await start(t)
  const cut = packed(document()).subarray(0, 40)
  t.equal(
    (await firehose(['%%%', base64(packed(document())), base64(cut), base64(Buffer.from([255, 254]))])).status,
    200,
  )
  t.equal(sink.items, 2)
  t.equal(refused.get('malformed_record'), 3)
  t.match(settings.lines.at(-1), { level: 'error', fields: { records: 3, of: 4 } })

  const none = await firehose(['%%%'])
  t.equal(none.status, 400)
  t.match(none.json, { requestId: 'r-1', errorMessage: /records\[0\]\.data: must be base64/ })
})

test('the access key is asked for before anything is read', async (t) => {
  const { post, firehose, sink, refused } = await start(t, { access_key: 'open sesame', path: '/firehose' })
  for (const given of [undefined, 'wrong', 'open sesame!']) {
    t.equal((await firehose(['%'], given === undefined ? {} : { 'x-amz-firehose-access-key': given })).status, 401)
  }
  t.equal(refused.get('bad_access_key'), 3)
  const key = { 'x-amz-firehose-access-key': 'open sesame' }
  t.equal((await firehose([base64(packed(document()))], key)).status, 200)
  t.equal((await post(packed(document()), key)).status, 200)
  t.equal(sink.items, 4)
})

test('a refusal of the pipelines is one that Firehose sends again', async (t) => {
  const { firehose, post, sink } = await start(t)
  sink.refuseWith = new RetryableError('the queue is full', { waitMs: 3000 })
  for (const answer of [await firehose([base64(packed(document()))]), await post(packed(document()))]) {
    t.equal(answer.status, 503)
    t.equal(answer.headers['retry-after'], '3')
    t.match(answer.json, { errorMessage: 'the queue is full' })
  }
})

test('what is wrong with a payload is said, and the next one is served', async (t) => {
  const { post, sink, refused, host } = await start(t, { max_request_body_size: 100_000 })
  const rows: readonly [body: Buffer | string, status: number, problem: RegExp][] = [
    ['', 400, /must be a payload of CloudWatch Logs/],
    ['{"some": "thing"}', 400, /must be a payload of CloudWatch Logs/],
    ['{"messageType":"DATA_MESSAGE","owner"', 400, /whole JSON documents/],
    ['{"messageType":"OTHER"}', 400, /messageType: must be DATA_MESSAGE or CONTROL_MESSAGE, got "OTHER"/],
    [packed(document({ logEvents: 5 })), 400, /logEvents: must be a list/],
    [packed(document({ owner: undefined })), 400, /owner: must be a text/],
    [packed(document({ logEvents: [event('1', 'a', -1)] })), 400, /logEvents\[0\]\.timestamp: must be milliseconds/],
    [packed(document({ logEvents: [{ id: 1 }] })), 400, /logEvents\[0\]\.id: must be a text/],
    [packed(document({ logEvents: [{ id: '1', timestamp: 1 }] })), 400, /logEvents\[0\]\.message: must be a text/],
    [packed(document()).subarray(0, 50), 400, /gzip/],
    [JSON.stringify(lambda('%')), 400, /awslogs\.data: must be base64/],
    [JSON.stringify(lambda(7)), 400, /awslogs\.data: must be base64 text/],
    [gzipSync(Buffer.alloc(10 * 2 ** 20, ' ')), 413, /larger|limit/],
    [Buffer.alloc(100_001), 413, /larger than the limit/],
  ]
  for (const [body, status, problem] of rows) {
    const answer = await post(body)
    t.equal(answer.status, status, String(problem))
    t.match(answer.json?.errorMessage, problem)
    t.equal((await post(packed(document()))).status, 200)
  }
  t.equal(sink.items, rows.length * 2)
  t.ok([...refused.values()].reduce((sum, count) => sum + count, 0) >= rows.length)
  t.equal(host.admittedBytes, 0)
})

test('another path and another method are told which ones it takes', async (t) => {
  const { receiver } = await start(t, { path: '/logs' })
  const url = receiver.endpoints![0]!
  t.equal((await fetch(url)).status, 405)
  const wrong = await fetch(url.replace('/logs', '/other'), { method: 'POST', body: 'x' })
  t.equal(wrong.status, 404)
  t.match(await wrong.text(), /payloads are taken at \/logs/)
})

test('in a Lambda function it takes events of subscriptions and leaves the others', async (t) => {
  const { receiver, sink } = await start(t)
  t.equal(await receiver.invoke!(lambda(base64(packed(document())))), true)
  t.equal(sink.items, 2)
  t.equal(sink.contexts[0]!.transport, 'lambda')
  for (const event of [undefined, {}, { Records: [] }, 'text']) t.equal(await receiver.invoke!(event), false)
  await t.rejects(receiver.invoke!(lambda(base64('{}'))), /must be a document of CloudWatch Logs/)
  sink.refuse()
  await t.rejects(receiver.invoke!(lambda(base64(packed(document())))), /sink refuses/)
})

test('system fields say whose event it was', async (t) => {
  const { post, sink } = await start(t)
  const of = (account: string, region: string) => ({
    ...event(account, 'm'),
    extractedFields: { '@aws.account': account, '@aws.region': region },
  })
  await post(packed(document({ logEvents: [of('111', 'eu-west-1'), of('111', 'eu-west-1'), of('222', 'us-east-1')] })))
  t.same(
    recordsIn(sink.batches).map(({ resource }) => resource),
    [
      { 'cloud.account.id': '111', 'cloud.region': 'eu-west-1' },
      { 'cloud.account.id': '111', 'cloud.region': 'eu-west-1' },
      { 'cloud.account.id': '222', 'cloud.region': 'us-east-1' },
    ].map((own) => ({
      'cloud.provider': 'aws',
      ...own,
      'aws.log.group.names': ['/ecs/order-service'],
      'aws.log.stream.names': ['production-2024-01-15'],
      'cloudwatch.log.group.name': '/ecs/order-service',
      'cloudwatch.log.stream': 'production-2024-01-15',
    })),
  )
})
