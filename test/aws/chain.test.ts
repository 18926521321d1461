// The chain of credentials, against the real SDK providers, and what stands in for ECS and STS.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { fromHttp } from '@aws-sdk/credential-providers'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { containerCredentials } from '../../src/aws/container.ts'
import { AwsSession, awsSettings, type Credentials, type RoleOptions } from '../../src/aws/index.ts'
import { section } from '../../src/config/schema.ts'
import { testSettings } from '../../src/testing/index.ts'
import { AwsEmulator, TEST_KEY, WholeAnswer, withTestKeys } from '../emulator/server.ts'
import { authority, writePair } from '../kit/certificates.ts'
import { startHttpProxy } from '../kit/http-proxy.ts'

const never = new AbortController().signal

async function credentialsOf(
  t: Test,
  config: object,
  role?: RoleOptions,
  settings = testSettings(),
): Promise<Credentials> {
  const session = new AwsSession(
    v.parse(section(awsSettings), { region: 'eu-west-1', ...config }),
    settings,
    role === undefined ? {} : { role },
  )
  await session.start()
  t.teardown(() => session.close())
  return session.credentials(never)
}

/** The environment of the process without anything of AWS, for the length of a test. */
function environment(t: Test, of: Readonly<Record<string, string>>): void {
  withTestKeys(t)
  delete process.env.AWS_ACCESS_KEY_ID
  delete process.env.AWS_SECRET_ACCESS_KEY
  const home = process.env.HOME
  t.teardown(() => {
    if (home !== undefined) process.env.HOME = home
  })
  Object.assign(process.env, { HOME: t.testdirName, AWS_EC2_METADATA_DISABLED: 'true' }, of)
}

interface Endpoint {
  readonly url: string
  readonly asked: IncomingMessage[]
  answer: { status: number; body: string }
}

async function credentialEndpoint(t: Test): Promise<Endpoint> {
  const asked: IncomingMessage[] = []
  const endpoint: Endpoint = { url: '', asked, answer: { status: 200, body: JSON.stringify(OF_TASK) } }
  const server = createServer((request, response) => {
    asked.push(request)
    response.statusCode = endpoint.answer.status
    response.end(endpoint.answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(endpoint, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/creds` })
}
const OF_TASK = {
  RoleArn: 'arn:aws:iam::111122223333:role/task',
  AccessKeyId: 'ASIATASK',
  SecretAccessKey: 'task-secret',
  Token: 'task-token',
  Expiration: '2026-01-01T06:00:00Z',
}
const TASK = {
  accessKeyId: 'ASIATASK',
  secretAccessKey: 'task-secret',
  sessionToken: 'task-token',
  expiresAt: Date.UTC(2026, 0, 1, 6),
}

test('keys in the environment', async (t) => {
  environment(t, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'x', AWS_SESSION_TOKEN: 'y' })
  t.same(await credentialsOf(t, {}), { accessKeyId: 'AKIAENV', secretAccessKey: 'x', sessionToken: 'y' })
})

test('the endpoint of an ECS task or an EKS pod, as the SDK’s own provider has it', async (t) => {
  const endpoint = await credentialEndpoint(t)
  const token = join(t.testdir({ token: 'from-file' }), 'token')
  environment(t, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
  })
  t.same(await credentialsOf(t, {}), TASK)
  t.equal(endpoint.asked[0]?.headers.authorization, 'from-file')
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await fromHttp({})()
  t.same({ accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() }, TASK)
  delete process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN = 'plain'
  await credentialsOf(t, {})
  t.equal(endpoint.asked.at(-1)?.headers.authorization, 'plain')
})

test('an endpoint that is not beside us is not asked, and what it says is never shown', async (t) => {
  await t.rejects(containerCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://example.com/x' }), {
    message: /example.com must be https, this machine, or the endpoint of ECS or EKS/,
  })
  const endpoint = await credentialEndpoint(t)
  for (const [body, message] of [
    ['{"AccessKeyId": "SECRET', /: the answer has no JSON$/],
    ['{"AccessKeyId":"SECRET","Expiration":"2026-01-01T00:00:00Z"}', /: the answer has no SecretAccessKey$/],
    [JSON.stringify({ ...OF_TASK, Expiration: 'soon' }), /: the answer has no time in Expiration$/],
  ] as const) {
    endpoint.answer = { status: 200, body }
    await t.rejects(containerCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url }), { message })
  }
  endpoint.answer = { status: 500, body: 'SECRET' }
  endpoint.asked.length = 0
  await t.rejects(containerCredentials({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url }), {
    message: /answers 500$/,
  })
  t.equal(endpoint.asked.length, 3)
})

test('profile and shared_credentials_file, a later file over an earlier one, and what was changed in them', async (t) => {
  const folder = t.testdir({
    one: '[default]\naws_access_key_id=A1\naws_secret_access_key=s\n[both]\naws_access_key_id=B1\naws_secret_access_key=s\n',
    two: '[both]\naws_access_key_id=B2\naws_secret_access_key=s\n',
  })
  environment(t, { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'x' })
  const files = [join(folder, 'one'), join(folder, 'two')]
  const config = { shared_credentials_file: files }
  t.equal((await credentialsOf(t, config)).accessKeyId, 'A1')
  t.equal((await credentialsOf(t, { ...config, profile: 'both' })).accessKeyId, 'B2')
  process.env.AWS_SHARED_CREDENTIALS_FILE = files[0]!
  t.equal((await credentialsOf(t, { profile: 'both' })).accessKeyId, 'B1')
  writeFileSync(files[0]!, '[both]\naws_access_key_id=B3\naws_secret_access_key=s\n')
  t.equal((await credentialsOf(t, { profile: 'both' })).accessKeyId, 'B3')
  await t.rejects(credentialsOf(t, { ...config, profile: 'nobody' }), { message: /^no AWS credentials: .*nobody/ })
})

test('without anything the message says where they were looked for', async (t) => {
  environment(t, {})
  await t.rejects(credentialsOf(t, {}), {
    message:
      /^no AWS credentials: Could not load credentials from any providers \(.*environment.*; .*profile: \[default\].*; EC2 Instance Metadata Service access disabled\)$/,
  })
})

test('a profile that is nowhere is said to be, and nobody else is taken for it', async (t) => {
  const endpoint = await credentialEndpoint(t)
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'x' }
  environment(t, { ...keys, AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url })
  const isNowhere = { message: /^no AWS credentials: profile nosuch: it is in none of the shared files of AWS/ }
  await t.rejects(credentialsOf(t, { profile: 'nosuch' }), isNowhere)
  process.env.AWS_PROFILE = 'nosuch'
  await t.rejects(credentialsOf(t, {}), isNowhere)
  t.equal(endpoint.asked.length, 0)
  process.env.AWS_CONFIG_FILE = join(t.testdir({ config: '[profile nosuch]\nregion = eu-west-1\n' }), 'config')
  t.same(await credentialsOf(t, {}), TASK, 'one without credentials of its own takes those of the machine')
})

test('what the SDK says on the way is for debugging, in lines', async (t) => {
  const emulator = await sts(t)
  const keys = { AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey }
  environment(t, { ...keys, AWS_ENDPOINT_URL_STS: emulator.url })
  const settings = testSettings()
  await credentialsOf(t, { role_arn }, undefined, settings)
  await t.rejects(credentialsOf(t, { role_arn, external_id: 'wrong' }, undefined, settings))
  const files = join(
    t.testdir({ credentials: '[both]\naws_access_key_id=B1\naws_secret_access_key=s\n' }),
    'credentials',
  )
  process.env.AWS_SHARED_CREDENTIALS_FILE = files
  await credentialsOf(t, { profile: 'both' }, undefined, settings)
  t.ok(settings.lines.length > 0)
  for (const { level, message, fields } of settings.lines) {
    t.equal(level, 'debug')
    t.equal(message, 'the AWS SDK looks for credentials')
    t.match(fields, { says: /^[^\n]+$/ })
  }
})

/** STS; what it is asked stands in `requests`. */
async function sts(t: Test): Promise<AwsEmulator> {
  const answer = (operation: string) => () =>
    new WholeAnswer({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>
        <Expiration>2026-01-01T01:00:00Z</Expiration></Credentials></${operation}Result></${operation}Response>`,
    })
  return AwsEmulator.start(t, {
    service: 'sts',
    protocol: 'xml',
    operations: {
      AssumeRole: (request) => {
        if (request.body.includes('ExternalId=wrong')) return new WholeAnswer({ status: 403, body: DENIED })
        return answer('AssumeRole')()
      },
    },
  })
}

const DENIED = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
  <Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`

const ROLE = {
  accessKeyId: 'ASIAROLE',
  secretAccessKey: 'role-secret',
  sessionToken: 'role-token',
  expiresAt: Date.UTC(2026, 0, 1, 1),
}
const role_arn = 'arn:aws:iam::123456789012:role/telemetry'

test('role_arn and external_id', async (t) => {
  const emulator = await sts(t)
  environment(t, {
    AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
    AWS_ENDPOINT_URL_STS: emulator.url,
  })
  t.same(await credentialsOf(t, { role_arn, external_id: 'shop' }), ROLE)
  const asked = new URLSearchParams(emulator.requests[0]?.body.toString())
  t.equal(asked.get('RoleArn'), role_arn)
  t.equal(asked.get('ExternalId'), 'shop')
  t.equal(asked.get('RoleSessionName'), 'sluice')
  await t.rejects(credentialsOf(t, { role_arn, external_id: 'wrong' }), {
    message: `no AWS credentials: role ${role_arn}: AccessDenied: no`,
  })
})

test('STS is reached through proxy_address', async (t) => {
  const emulator = await sts(t)
  environment(t, {
    AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
    AWS_ENDPOINT_URL_STS: 'http://sts.test',
  })
  t.same(await credentialsOf(t, { role_arn, proxy_address: emulator.url }), ROLE)
  t.equal(emulator.requests[0]?.path, 'http://sts.test/')
})

test('STS is reached through a proxy that has TLS, trusted by certificate_file_path as STS is', async (t) => {
  const emulator = await sts(t)
  const ca = await authority()
  const front = createTlsServer(await ca.issue('sts.test'), (socket) => {
    const inside = connect(emulator.port, '127.0.0.1')
    for (const one of [socket, inside]) one.on('error', () => {})
    inside.pipe(socket).pipe(inside)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.teardown(() => front.close())
  const proxy = await startHttpProxy(t, (front.address() as AddressInfo).port, await ca.issue('proxy.test'))
  const { cert_file } = writePair(t.testdir(), 'ca', ca)
  environment(t, {
    AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
    AWS_ENDPOINT_URL_STS: 'https://sts.test',
  })
  const proxy_address = `https://127.0.0.1:${proxy.port}`
  t.same(await credentialsOf(t, { role_arn, proxy_address, certificate_file_path: cert_file }), ROLE)
  t.match(proxy.asked, [{ line: 'CONNECT sts.test:443' }])
  await t.rejects(credentialsOf(t, { role_arn, proxy_address }), { message: /proxy 127\.0\.0\.1:\d+: .*certificate/ })
})

test('a role is taken on in the region and under the name that the extension says', async (t) => {
  const emulator = await AwsEmulator.start(t, {
    service: 'sts',
    region: 'us-east-1',
    protocol: 'xml',
    operations: { AssumeRole: () => new WholeAnswer({ status: 400, body: '' }) },
  })
  environment(t, {
    AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
    AWS_ENDPOINT_URL_STS: emulator.url,
  })
  await t.rejects(credentialsOf(t, { role_arn }, { stsRegion: 'us-east-1', sessionName: 'me' }))
  t.equal(new URLSearchParams(emulator.requests[0]?.body.toString()).get('RoleSessionName'), 'me')
})

test('a role by the token of a file, read each time', async (t) => {
  const { url } = await webIdentityServer(t)
  const file = join(t.testdir({ token: 'a-token' }), 'token')
  environment(t, { AWS_ENDPOINT_URL_STS: url })
  const credentials = await credentialsOf(t, { role_arn }, { webIdentityTokenFile: file })
  t.same(credentials, { ...ROLE, accessKeyId: 'for a-token' })
})

test('the token of EKS in the environment', async (t) => {
  const { url } = await webIdentityServer(t)
  const file = join(t.testdir({ token: 'pod-token' }), 'token')
  environment(t, { AWS_ENDPOINT_URL_STS: url, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role_arn })
  t.same(await credentialsOf(t, {}), { ...ROLE, accessKeyId: 'for pod-token' })
})

/** AssumeRoleWithWebIdentity is not signed. */
async function webIdentityServer(t: Test): Promise<{ readonly url: string }> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const asked = new URLSearchParams(body)
    response.setHeader('content-type', 'text/xml')
    response.end(`<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
      <AccessKeyId>for ${asked.get('WebIdentityToken')}</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>
      <SessionToken>role-token</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration></Credentials>
      </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
