import { type Test, test } from 'tap'
import * as v from 'valibot'
import {
  type AwsApi,
  AwsClient,
  type AwsClientOptions,
  type AwsConfig,
  AwsError,
  awsSettings,
  type Credentials,
  deliveryError,
} from '../../src/aws/index.ts'
import { section } from '../../src/config/schema.ts'
import { PermanentError, RetryableError, TooLargeError } from '../../src/contract/index.ts'
import { type TestSettings, testSettings } from '../../src/testing/index.ts'
import { AwsEmulator, EmulatedError, type EmulatorOptions, TEST_KEY, WholeAnswer } from '../emulator/server.ts'
import { until } from '../kit/until.ts'

const api: AwsApi = {
  signingName: 'logs',
  endpointPrefix: 'logs',
  endpointVariable: 'CLOUDWATCH_LOGS',
  protocol: { type: 'json', version: '1.1', targetPrefix: 'Logs_20140328' },
}

const configOf = (input: object): AwsConfig => v.parse(section(awsSettings), input)
const body = (text: string) => ({ chunks: [Buffer.from(text)], sizeBytes: Buffer.byteLength(text) })
const call = { operation: 'PutLogEvents', ...body('{"logEvents":[]}') }
const never = new AbortController().signal

interface Scene {
  readonly emulator: AwsEmulator
  readonly client: AwsClient
  readonly settings: TestSettings
}

/** `keys`: what the source of credentials gives, one after the other; the last one for ever. */
async function scene(
  t: Test,
  of: {
    readonly keys?: readonly Credentials[]
    readonly config?: object
    readonly api?: AwsApi
    readonly emulator?: Partial<EmulatorOptions>
    readonly options?: AwsClientOptions
    /** How far the clock here is ahead. */
    readonly skewMs?: number
  } = {},
): Promise<Scene> {
  const settings = testSettings()
  const emulator = await AwsEmulator.start(t, {
    service: 'logs',
    operations: { PutLogEvents: () => ({ nextSequenceToken: '1' }) },
    now: () => settings.clock.now() - (of.skewMs ?? 0),
    ...of.emulator,
  })
  const keys = [...(of.keys ?? [TEST_KEY])]
  const load = async (): Promise<Credentials> => (keys.length > 1 ? keys.shift()! : keys[0]!)
  const config = configOf({ ...emulator.config, ...of.config })
  const client = new AwsClient(of.api ?? api, config, settings, { environment: {}, load, ...of.options })
  await client.start()
  t.teardown(() => client.close())
  return { emulator, client, settings }
}

async function errorOf(promise: Promise<unknown>): Promise<AwsError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof AwsError) return error
  throw new Error(`no AwsError: ${error instanceof Error ? error.stack : error}`)
}

test('a call is signed, sent as it is, and answered with parsed JSON', async (t) => {
  const { client, emulator } = await scene(t)
  t.same(await client.call(call, never), { nextSequenceToken: '1' })
  const [request] = emulator.requests
  t.equal(request?.headers['x-amz-target'], 'Logs_20140328.PutLogEvents')
  t.equal(request?.headers['content-type'], 'application/x-amz-json-1.1')
  t.equal(request?.body.toString(), '{"logEvents":[]}')
  t.equal(client.region, 'eu-west-1')
})

test('chunks, headers of the call and session tokens are signed too', async (t) => {
  const sessionToken = 'token/with+signs='
  const { client, emulator } = await scene(t, { keys: [{ ...TEST_KEY, sessionToken }] })
  emulator.keys.set(TEST_KEY.accessKeyId, { ...TEST_KEY, sessionToken })
  const chunks = ['{"logEvents":', '[]', '}'].map((text) => Buffer.from(text))
  await client.call(
    { operation: 'PutLogEvents', chunks, sizeBytes: 16, headers: { 'x-amzn-logs-format': 'json/emf' } },
    never,
  )
  t.equal(emulator.requests[0]?.body.toString(), '{"logEvents":[]}')
  t.match(emulator.requests[0]?.headers.authorization, /SignedHeaders=[^,]*x-amzn-logs-format/)
})

test('each protocol has its paths and types', async (t) => {
  const rest = await scene(t, {
    api: { ...api, protocol: { type: 'rest-json' } },
    emulator: { operations: { '/TraceSegments': () => ({ UnprocessedTraceSegments: [] }) } },
  })
  t.same(await rest.client.call({ operation: '/TraceSegments', ...body('{}') }, never), {
    UnprocessedTraceSegments: [],
  })
  const xml = '<R><Result><Id>a&amp;b</Id></Result></R>'
  const query = await scene(t, {
    api: { ...api, protocol: { type: 'query', version: '2011-06-15' } },
    emulator: { operations: { GetIt: () => new WholeAnswer({ status: 200, body: xml }) } },
  })
  const answer = await query.client.call({ operation: 'GetIt', ...body('Name=x') }, never)
  t.equal(query.emulator.requests[0]?.body.toString(), 'Action=GetIt&Version=2011-06-15&Name=x')
  t.same(JSON.parse(JSON.stringify(answer)), { R: { Result: { Id: 'a&b' } } })
  const put = await scene(t, {
    api: { ...api, signingName: 's3', protocol: { type: 'rest-xml' } },
    emulator: { service: 's3', operations: { '*': () => undefined } },
  })
  t.same(
    await put.client.call({ operation: '/bucket/a%20b/c%2Bd?x-id=PutObject', method: 'PUT', ...body('!') }, never),
    {},
  )
  t.equal(put.emulator.requests[0]?.path, '/bucket/a%20b/c%2Bd?x-id=PutObject')
  t.equal(put.emulator.requests[0]?.method, 'PUT')
})

test('a custom endpoint keeps its path', async (t) => {
  const { emulator } = await scene(t)
  const settings = testSettings()
  const config = configOf({ region: 'eu-west-1', endpoint: `${emulator.url}/below/` })
  const client = new AwsClient(api, config, settings, { environment: {}, load: async () => TEST_KEY })
  await client.start()
  t.teardown(() => client.close())
  emulator.fault = { status: 200, body: '{}' }
  await client.call(call, never)
  t.equal(emulator.requests[0]?.path, '/below/')
})

for (const [name, skewMs] of [
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
  ['a year ahead', 365 * 86_400_000],
] as const)
  test(`a clock that is ${name} costs one request, then all are signed for AWS's time`, async (t) => {
    const { client, emulator, settings } = await scene(t, { skewMs })
    await client.call(call, never)
    t.equal(emulator.requests.length, 2)
    await client.call(call, never)
    t.equal(emulator.requests.length, 3)
    t.match(settings.lines, [
      { level: 'warn', message: /clock of this machine is wrong/, fields: { offByS: skewMs / 1000 } },
    ])
  })

test('a clock that jumps is followed', async (t) => {
  const settings = testSettings()
  let theirs = settings.clock.now()
  const emulator = await AwsEmulator.start(t, { service: 'logs', operations: { '*': () => ({}) }, now: () => theirs })
  const load = async () => TEST_KEY
  const client = new AwsClient(api, configOf(emulator.config), settings, { environment: {}, load })
  await client.start()
  t.teardown(() => client.close())
  for (const jump of [0, 3_600_000, -7_200_000, 0]) {
    theirs += jump
    await client.call(call, never)
  }
  t.equal(emulator.requests.length, 6)
})

test('expired credentials are renewed and the request is sent again, once', async (t) => {
  const fresh = { accessKeyId: 'AKIAFRESH', secretAccessKey: 'other' }
  const { client, emulator, settings } = await scene(t, { keys: [TEST_KEY, fresh] })
  emulator.keys.set(TEST_KEY.accessKeyId, { ...TEST_KEY, expiresAt: settings.clock.now() + 1000 })
  emulator.keys.set(fresh.accessKeyId, fresh)
  await client.call(call, never)
  await settings.clock.advance(5000)
  t.same(await client.call(call, never), { nextSequenceToken: '1' })
  t.same(
    emulator.requests.map(({ accessKeyId }) => accessKeyId),
    [TEST_KEY.accessKeyId, TEST_KEY.accessKeyId, 'AKIAFRESH'],
  )
})

test('credentials that the service does not know, with no others to be had, are the callers to hear of', async (t) => {
  const { client, emulator } = await scene(t, { keys: [{ accessKeyId: 'AKIAWRONG', secretAccessKey: 'x' }] })
  const error = await errorOf(client.call(call, never))
  t.equal(error.refusal, 'credentials')
  t.equal(error.code, 'UnrecognizedClientException')
  t.match(error.message, /127.0.0.1:\d+ answers 403 UnrecognizedClientException: The security token/)
  t.equal(emulator.requests.length, 1)
  t.match(deliveryError(error), { name: 'RetryableError', reason: 'credentials' })
})

test('no answer, half an answer, too much of an answer', async (t) => {
  const { client, emulator } = await scene(t)
  emulator.faults.push('reset')
  t.match(await errorOf(client.call(call, never)), { refusal: 'transient', status: 0, code: 'ConnectionError' })
  emulator.faults.push('garbage')
  t.match(await errorOf(client.call(call, never)), { refusal: 'transient', code: 'UnreadableAnswer', status: 200 })
  emulator.faults.push('flood')
  t.match(await errorOf(client.call(call, never)), { refusal: 'invalid', message: /larger than 4194304 bytes/ })
})

test('a call that hangs ends after request_timeout_seconds, or when its sender leaves', async (t) => {
  const { client, emulator, settings } = await scene(t, { config: { request_timeout_seconds: 7 } })
  emulator.fault = 'hang'
  const late = errorOf(client.call(call, never))
  await until(() => emulator.requests.length === 1)
  await settings.clock.advance(7000)
  t.match(await late, { refusal: 'transient', status: 0, code: 'RequestTimeout', message: 'no answer within 7 s' })
  const controller = new AbortController()
  const left = client.call(call, controller.signal)
  await until(() => emulator.requests.length === 2)
  controller.abort(new RetryableError('gone', { reason: 'timeout' }))
  await t.rejects(left, { message: 'gone' })
  t.equal(settings.clock.pending, 0)
  await t.rejects(client.call(call, AbortSignal.abort(new Error('before'))), { message: 'before' })
})

test('a refusal is known by its name wherever it stands', async (t) => {
  const { client, emulator } = await scene(t)
  const refused = async (answer: { status: number; headers?: Record<string, string>; body?: string }) => {
    emulator.faults.push(answer)
    const { refusal, code, waitMs, status } = await errorOf(client.call(call, never))
    return { refusal, code, ...(waitMs !== undefined && { waitMs }), status }
  }
  const json = { 'content-type': 'application/x-amz-json-1.1' }
  t.same(
    await refused({
      status: 400,
      headers: json,
      body: '{"__type":"com.amazon.coral#ThrottlingException","message":"m"}',
    }),
    {
      refusal: 'throttled',
      code: 'ThrottlingException',
      status: 400,
    },
  )
  t.same(
    await refused({
      status: 400,
      headers: { ...json, 'x-amzn-errortype': 'ResourceNotFoundException:http://x/y' },
      body: '',
    }),
    {
      refusal: 'missing',
      code: 'ResourceNotFoundException',
      status: 400,
    },
  )
  t.same(
    await refused({ status: 400, headers: { 'x-amzn-query-error': 'Throttling;Sender', 'x-amzn-errortype': 'Other' } }),
    {
      refusal: 'throttled',
      code: 'Throttling',
      status: 400,
    },
  )
  t.same(await refused({ status: 503, headers: { 'retry-after': '7' }, body: '<html>no</html>' }), {
    refusal: 'transient',
    code: 'HTTP503',
    waitMs: 7000,
    status: 503,
  })
  t.same(
    await refused({
      status: 403,
      body: '<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>',
    }),
    { refusal: 'denied', code: 'AccessDenied', status: 403 },
  )
  t.same(await refused({ status: 503, body: '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>' }), {
    refusal: 'throttled',
    code: 'SlowDown',
    status: 503,
  })
  t.same(await refused({ status: 413 }), { refusal: 'too_large', code: 'HTTP413', status: 413 })
  t.same(await refused({ status: 429 }), { refusal: 'throttled', code: 'HTTP429', status: 429 })
  t.same(await refused({ status: 400, headers: json, body: '{"__type":"SerializationException"}' }), {
    refusal: 'invalid',
    code: 'SerializationException',
    status: 400,
  })
  t.same(await refused({ status: 400, headers: json, body: '{"__type":"ResourceAlreadyExistsException"}' }), {
    refusal: 'exists',
    code: 'ResourceAlreadyExistsException',
    status: 400,
  })
})

test('what a refusal means for delivery', async (t) => {
  const error = (refusal: AwsError['refusal'], status = 400, waitMs?: number) =>
    deliveryError(new AwsError(refusal, 'Code', 'text', { status, waitMs }))
  t.match(error('throttled', 400, 5000), new RetryableError('text', { reason: 'throttled', waitMs: 5000 }))
  t.match(error('transient', 0), { reason: 'connection_error', waitMs: undefined })
  t.match(error('transient', 500), { reason: 'aws_unavailable' })
  t.match(error('denied'), { name: 'RetryableError', reason: 'access_denied', waitMs: 30_000 })
  t.match(error('missing'), { name: 'RetryableError', reason: 'resource_not_found', waitMs: 30_000 })
  t.match(error('exists'), { name: 'RetryableError', reason: 'resource_conflict' })
  t.ok(error('too_large') instanceof TooLargeError)
  t.match(error('invalid'), new PermanentError('text', { reason: 'invalid_request' }))
  const own = new RetryableError('x')
  t.equal(deliveryError(own), own)
  t.match(deliveryError(new Error('x')), { name: 'RetryableError', reason: 'error' })
})

test('calls go through the proxy that is configured', async (t) => {
  const { emulator } = await scene(t)
  const settings = testSettings()
  // A proxy sees the whole URL; the emulator stands for it.
  emulator.fault = { status: 200, body: '{}' }
  const config = configOf({ region: 'eu-west-1', endpoint: 'http://logs.test', proxy_address: emulator.url })
  const client = new AwsClient(api, config, settings, { environment: {}, load: async () => TEST_KEY })
  await client.start()
  t.teardown(() => client.close())
  await client.call(call, never)
  t.equal(emulator.requests[0]?.path, 'http://logs.test/')
})

test('settings without effect are named once', async (t) => {
  const { settings } = await scene(t, { config: { max_retries: 3, resource_arn: 'arn:aws:ec2:::instance/i-1' } })
  t.same(
    settings.lines.map(({ fields }) => fields).map((fields) => (fields as { setting: string }).setting),
    ['max_retries', 'resource_arn'],
  )
})

test('an operation that the service refuses is what its handler says', async (t) => {
  const { client } = await scene(t, {
    emulator: {
      operations: {
        PutLogEvents() {
          throw new EmulatedError('DataAlreadyAcceptedException', 'twice')
        },
      },
    },
  })
  t.match(await errorOf(client.call(call, never)), { refusal: 'invalid', code: 'DataAlreadyAcceptedException' })
})
