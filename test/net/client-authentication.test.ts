// What authenticators do to what clients send: over gRPC, and with what is known about who sent the batch.
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { type Extension, type GrpcAttempt, type GrpcAuthenticator, RetryableError } from '../../src/contract/index.ts'
import otlpGrpc from '../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../src/exporters/otlp_http/index.ts'
import { grpcClientSettings } from '../../src/net/client-config.ts'
import { GrpcClient } from '../../src/net/grpc-client.ts'
import { otlpNames } from '../../src/net/otlp.ts'
import { testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { FakeOtlpGrpc, type GrpcAnswer } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { lookupTo } from '../kit/name-server.ts'
import { items } from '../kit/otlp.ts'
import { until } from '../kit/until.ts'

const schema = section(grpcClientSettings({ compression: '' }))
const { chunks, sizeBytes } = items.traces(3)
const hostWith = (who: object) => testHost({ extensions: new Map<string, Extension>([['who', who as Extension]]) })
const auth = { authenticator: 'who' }
const UNAUTHENTICATED: GrpcAnswer = { code: 16, message: 'who?' }

async function open(t: Test, who: Partial<GrpcAuthenticator>, config: object = {}) {
  const fake = new FakeOtlpGrpc()
  await fake.start(0, '127.0.0.1')
  const parsed = v.parse(schema, { endpoint: fake.endpoint, tls: { insecure: true }, auth, ...config })
  const client = new GrpcClient(parsed, 5000, testSettings(), { environment: {}, lookup: lookupTo(() => []) })
  t.teardown(async () => {
    client.close()
    await fake.stop()
  })
  client.start(hostWith(who))
  await client.open()
  const call = (abort = new AbortController().signal) =>
    client.unary(client.method(otlpNames.traces.grpcPath), chunks, sizeBytes, abort)
  return { fake, call }
}

test('each call has metadata of its own, in place of that of the config', async (t) => {
  const attempts: GrpcAttempt[] = []
  const who: GrpcAuthenticator = {
    needsTls: false,
    authenticateCall(attempt) {
      attempts.push(attempt)
      return { authorization: `token ${attempts.length}`, 'x-gone': undefined, 'x-raw-bin': 'hello' }
    },
  }
  const { fake, call } = await open(t, who, { headers: { Authorization: 'Basic x', 'X-Gone': 'a', 'X-Kept': 'b' } })
  await call()
  await call()
  t.same(
    fake.calls.map(({ headers }) => headers.authorization),
    ['token 1', 'token 2'],
  )
  t.match(fake.calls[0]!.headers, { 'x-kept': 'b', 'x-raw-bin': Buffer.from('hello').toString('base64') })
  t.notOk('x-gone' in fake.calls[0]!.headers)
  t.equal(attempts[0]!.path, otlpNames.traces.grpcPath)
  t.match(attempts[0]!.metadata, { authorization: 'Basic x', 'x-kept': 'b' })
  t.notOk(':path' in attempts[0]!.metadata)
  t.same(fake.violations, [])
})

test('a refused call goes out once more when there is another proof', async (t) => {
  let tokens = 0
  const who = { needsTls: false, authenticateCall: async () => ({ authorization: `token ${++tokens}` }) }
  const mending = await open(t, { ...who, mendCall: ({ authorization }) => authorization !== undefined })
  mending.fake.answers.push(UNAUTHENTICATED)
  t.equal((await mending.call()).status.code, 0)
  t.equal(mending.fake.calls.length, 2)
  mending.fake.answers.push(UNAUTHENTICATED, UNAUTHENTICATED, UNAUTHENTICATED)
  t.equal((await mending.call()).status.code, 16)
  t.equal(mending.fake.calls.length, 4)
  const plain = await open(t, who)
  plain.fake.answers.push(UNAUTHENTICATED)
  t.equal((await plain.call()).status.code, 16)
  t.equal(plain.fake.calls.length, 1)
})

test('without a proof now nothing is sent', async (t) => {
  const { fake, call } = await open(t, {
    needsTls: false,
    async authenticateCall() {
      throw new RetryableError('the issuer is down', { reason: 'no_token' })
    },
  })
  await t.rejects(call(), { name: 'RetryableError', message: 'the issuer is down' })
  t.equal(fake.calls.length, 0)
})

test('secrets do not go over connections without TLS, and an extension that is none is told', async (t) => {
  const secret = { needsTls: true, authenticateCall: () => ({}) }
  await t.rejects(open(t, secret), { message: /auth::authenticator: .* needs TLS: remove tls::insecure/ })
  await t.rejects(open(t, {}), { message: /auth::authenticator: who is no authenticator of gRPC clients/ })
})

test('authenticators see who sent the batch, behind a queue as well', async (t) => {
  const seen: (readonly [tenant: unknown, subject: unknown])[] = []
  const look = ({ context }: { context?: GrpcAttempt['context'] }) => {
    seen.push([context?.metadata.get('tenant'), context?.auth?.get('subject')])
    return { 'x-tenant': context?.metadata.get('tenant')?.[0] }
  }
  const who = { needsTls: false, authenticateCall: look, authenticate: look }
  const grpc = new FakeOtlpGrpc()
  await grpc.start(0, '127.0.0.1')
  const http = new FakeOtlpHttp()
  await http.start()
  t.teardown(() => Promise.all([grpc.stop(), http.stop()]))
  const common = { auth, tls: { insecure: true } }
  for (const sending_queue of [{ enabled: true }, { enabled: false }])
    for (const exporter of [
      otlpGrpc.create(v.parse(otlpGrpc.config, { endpoint: grpc.endpoint, sending_queue, ...common }), testSettings()),
      otlpHttp.create(v.parse(otlpHttp.config, { endpoint: http.url, sending_queue, ...common }), testSettings()),
    ]) {
      await exporter.start!(hostWith(who))
      const before = seen.length
      const context = { ...testContext({ tenant: ['a'] }), auth: new Map([['subject', ['somebody']]]) }
      await exporter.consumers.traces!(items.traces(2), context)
      await until(() => seen.length > before)
      await exporter.stop!(AbortSignal.timeout(60_000))
    }
  t.same(
    seen,
    seen.map(() => [['a'], ['somebody']]),
  )
  t.equal(seen.length, 4)
  t.same(
    [
      ...grpc.calls.map(({ headers }) => headers['x-tenant']),
      ...http.requests.map((one) => one.headers.get('x-tenant')),
    ],
    ['a', 'a', 'a', 'a'],
  )
})
