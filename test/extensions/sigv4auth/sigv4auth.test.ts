import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { HttpAttempt, HttpAuthenticator } from '../../../src/contract/index.ts'
import otlpHttp from '../../../src/exporters/otlp_http/index.ts'
import remoteWrite from '../../../src/exporters/prometheusremotewrite/index.ts'
import { destinationOf } from '../../../src/extensions/sigv4auth/destination.ts'
import sigv4auth from '../../../src/extensions/sigv4auth/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { AwsEmulator, type EmulatorOptions, TEST_KEY, WholeAnswer, withTestKeys } from '../../emulator/server.ts'
import { items } from '../../kit/otlp.ts'

const never = new AbortController().signal
const taken = (): WholeAnswer => new WholeAnswer({ status: 200, headers: { 'content-type': 'application/x-protobuf' } })

interface Scene {
  readonly emulator: AwsEmulator
  readonly settings: TestSettings
  /** A batch of spans through otlp_http; resolves when it is delivered, rejects when it is refused. */
  send(count?: number): Promise<void>
}

/** An agent's otlp_http with the extension, against what verifies every signature. */
async function scene(
  t: Test,
  of: {
    readonly auth?: object
    readonly exporter?: object
    readonly emulator?: Partial<EmulatorOptions>
    readonly skewMs?: number
  } = {},
): Promise<Scene> {
  withTestKeys(t)
  const settings = testSettings({ id: 'otlp_http' })
  const emulator = await AwsEmulator.start(t, {
    service: 'xray',
    operations: { '/v1/traces': taken },
    now: () => settings.clock.now() - (of.skewMs ?? 0),
    ...of.emulator,
  })
  const auth = await authenticator(t, { service: 'xray', region: 'eu-west-1', ...of.auth }, settings)
  const host = testHost({ extensions: new Map([['sigv4auth', auth]]) })
  const config = v.parse(otlpHttp.config, {
    endpoint: emulator.url,
    auth: { authenticator: 'sigv4auth' },
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    ...of.exporter,
  })
  const exporter = otlpHttp.create(config, settings)
  await exporter.start!(host)
  t.teardown(() => exporter.stop!(never))
  return { emulator, settings, send: (count = 3) => exporter.consumers.traces!(items.traces(count), testContext()) }
}

async function authenticator(t: Test, input: object, settings = testSettings()): Promise<HttpAuthenticator> {
  const auth = sigv4auth.create(v.parse(sigv4auth.config, input), settings) as HttpAuthenticator
  await auth.start!(testHost())
  t.teardown(() => auth.stop!(never))
  return auth
}

test('what otlp_http sends is signed: the compressed body, its type, the headers', async (t) => {
  const { emulator, send } = await scene(t, { exporter: { headers: { 'x-aws-log-group': 'shop' } } })
  await send(500)
  const [request] = emulator.requests
  t.equal(request?.headers['content-encoding'], 'gzip')
  t.match(
    request?.headers.authorization,
    /SignedHeaders=content-encoding;content-type;host;x-amz-date;x-aws-log-group,/,
  )
})

for (const compression of ['none', 'zstd'])
  test(`with compression ${compression} too`, async (t) => {
    const { send, emulator } = await scene(t, { exporter: { compression } })
    await send(50)
    t.equal(emulator.requests.length, 1)
  })

test('a URL with a query and escapes is signed as it goes out', async (t) => {
  const { send, emulator } = await scene(t, {
    exporter: { traces_endpoint: undefined },
    emulator: { operations: { '*': taken } },
  })
  const settings = testSettings()
  const auth = await authenticator(t, { service: 'xray', region: 'eu-west-1' }, settings)
  const config = v.parse(otlpHttp.config, {
    traces_endpoint: `${emulator.url}/a%20b/v1?x=%2F&b=1`,
    auth: { authenticator: 'a' },
    sending_queue: { enabled: false },
  })
  const exporter = otlpHttp.create(config, settings)
  await exporter.start!(testHost({ extensions: new Map([['a', auth]]) }))
  t.teardown(() => exporter.stop!(never))
  await send()
  t.equal(emulator.requests.length, 1)
})

test('a clock that is an hour behind costs one request', async (t) => {
  const { send, emulator, settings } = await scene(t, { skewMs: -3_600_000 })
  await send()
  await send()
  t.equal(emulator.requests.length, 3)
  t.equal(settings.ledger('traces').droppedItems, 0)
})

test('credentials that are not taken any more are renewed, and the request is sent again at once', async (t) => {
  const { send, emulator, settings } = await scene(t)
  await send()
  emulator.keys.delete(TEST_KEY.accessKeyId)
  emulator.keys.set('AKIAFRESH', { secretAccessKey: 'fresh' })
  await settings.clock.advance(3000)
  await t.rejects(send(), { name: 'RetryableError', message: /403 UnrecognizedClientException/ })
  process.env.AWS_ACCESS_KEY_ID = 'AKIAFRESH'
  process.env.AWS_SECRET_ACCESS_KEY = 'fresh'
  await settings.clock.advance(3000)
  await send()
  const [old, fresh] = [TEST_KEY.accessKeyId, 'AKIAFRESH']
  t.same(
    emulator.requests.map(({ accessKeyId }) => accessKeyId),
    [old, old, old, fresh],
  )
})

test('a refusal that a person can end is tried again later, another one is final', async (t) => {
  const { send, emulator } = await scene(t)
  emulator.faults.push('denied')
  await t.rejects(send(), { name: 'RetryableError', message: /403 AccessDeniedException/ })
  emulator.faults.push({ status: 400, body: 'no' })
  await t.rejects(send(), { name: 'PermanentError', message: /HTTP 400/ })
})

test('without service or region it says which is missing', async (t) => {
  withTestKeys(t)
  const attempt: HttpAttempt = {
    method: 'POST',
    url: new URL('https://telemetry.example.com/v1/traces'),
    headers: { host: 'telemetry.example.com' },
    chunks: [],
  }
  const auth = await authenticator(t, {})
  await t.rejects(async () => auth.authenticate(attempt, never), {
    message: /does not say for which service to sign: set service/,
  })
  const other = await authenticator(t, { service: 'logs' })
  await t.rejects(async () => other.authenticate(attempt, never), {
    message: /does not say for which region to sign: set region/,
  })
  process.env.AWS_REGION = 'eu-west-3'
  const third = await authenticator(t, { service: 'logs' })
  const { authorization } = await third.authenticate(attempt, never)
  t.match(authorization, /\/eu-west-3\/logs\/aws4_request/)
})

test('the settings come before what the name of the destination says', async (t) => {
  withTestKeys(t)
  const url = new URL('https://aps-workspaces.us-west-2.amazonaws.com/workspaces/ws-1/api/v1/remote_write')
  const attempt: HttpAttempt = { method: 'POST', url, headers: { host: url.host }, chunks: [] }
  const plain = await authenticator(t, {})
  t.match((await plain.authenticate(attempt, never)).authorization, /\/us-west-2\/aps\/aws4_request/)
  const set = await authenticator(t, { region: 'eu-west-1', service: 'other' })
  t.match((await set.authenticate(attempt, never)).authorization, /\/eu-west-1\/other\/aws4_request/)
})

test('service and region of the names that AWS gives', async (t) => {
  for (const [host, service, region] of [
    ['aps-workspaces.us-west-2.amazonaws.com', 'aps', 'us-west-2'],
    ['aps-workspaces-fips.us-gov-west-1.amazonaws.com', 'aps', 'us-gov-west-1'],
    ['xray.eu-west-1.amazonaws.com', 'xray', 'eu-west-1'],
    ['logs-fips.us-east-1.amazonaws.com', 'logs', 'us-east-1'],
    ['logs.eu-central-1.api.aws', 'logs', 'eu-central-1'],
    ['monitoring.cn-north-1.amazonaws.com.cn', 'monitoring', 'cn-north-1'],
    ['vpce-0a1-b2c.logs.eu-west-1.vpce.amazonaws.com', 'logs', 'eu-west-1'],
    ['search-shop-abc123.eu-west-1.es.amazonaws.com', 'es', 'eu-west-1'],
    ['vpc-shop-abc123.eu-west-1.es.amazonaws.com', 'es', 'eu-west-1'],
    ['abc123.us-east-1.aoss.amazonaws.com', 'aoss', 'us-east-1'],
    ['pipe-abc.eu-west-1.osis.amazonaws.com', 'osis', 'eu-west-1'],
    ['search-shop-abc.aos.us-east-1.on.aws', 'es', 'us-east-1'],
    ['localhost', undefined, undefined],
    ['xray.example.com', undefined, undefined],
  ] as const)
    t.same(destinationOf(host), { service, region }, host)
})

test('assume_role: arn, session_name, sts_region, external_id', async (t) => {
  withTestKeys(t)
  const sts = await AwsEmulator.start(t, {
    service: 'sts',
    region: 'eu-west-2',
    protocol: 'xml',
    now: Date.now,
    operations: {
      AssumeRole: () =>
        new WholeAnswer({
          status: 200,
          headers: { 'content-type': 'text/xml' },
          body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
            <SessionToken>role-token</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        }),
    },
  })
  process.env.AWS_ENDPOINT_URL_STS = sts.url
  const assume_role = {
    arn: 'arn:aws:iam::123456789012:role/telemetry',
    session_name: 'shop-agent',
    sts_region: 'eu-west-2',
    external_id: 'shop',
  }
  const auth = await authenticator(t, { region: 'eu-west-1', service: 'xray', assume_role })
  const url = new URL('https://x.test/')
  const proof = await auth.authenticate({ method: 'POST', url, headers: { host: 'x.test' }, chunks: [] }, never)
  t.match(proof.authorization, /Credential=ASIAROLE\/\d+\/eu-west-1\/xray\//)
  t.equal(proof['x-amz-security-token'], 'role-token')
  const asked = new URLSearchParams(sts.requests[0]?.body.toString())
  t.match(
    { arn: asked.get('RoleArn'), name: asked.get('RoleSessionName'), id: asked.get('ExternalId') },
    { arn: assume_role.arn, name: 'shop-agent', id: 'shop' },
  )
})

test('settings of a role without the role are refused', async (t) => {
  const web_identity_token_file = join(t.testdir({}), 'token')
  for (const assume_role of [{ session_name: 'me' }, { external_id: 'x' }, { web_identity_token_file }])
    t.throws(() => v.parse(sigv4auth.config, { assume_role }), { message: /needs arn/ })
})

test('what prometheusremotewrite sends is signed too, for Managed Prometheus', async (t) => {
  withTestKeys(t)
  const settings = testSettings({ id: 'prometheusremotewrite' })
  const path = '/workspaces/ws-1/api/v1/remote_write'
  const emulator = await AwsEmulator.start(t, {
    service: 'aps',
    operations: { [path]: () => new WholeAnswer({ status: 200 }) },
    now: () => settings.clock.now(),
  })
  const auth = await authenticator(t, { service: 'aps', region: 'eu-west-1' }, settings)
  const config = v.parse(remoteWrite.config, { endpoint: emulator.url + path, auth: { authenticator: 'sigv4auth' } })
  const exporter = remoteWrite.create(config, settings)
  await exporter.start!(testHost({ extensions: new Map([['sigv4auth', auth]]) }))
  await exporter.consumers.metrics!(items.metrics(3), testContext())
  await exporter.stop!(never)
  t.equal(emulator.requests.length, 1)
  t.equal(emulator.requests[0]?.headers['content-encoding'], 'snappy')
  t.equal(settings.ledger('metrics').outItems, 3)
})
