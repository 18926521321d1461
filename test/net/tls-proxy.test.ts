// Proxies that are spoken to under TLS: `https://` in proxy_url and in the environment.
import { setDefaultCACertificates } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { grpcClientSettings, httpClientSettings } from '../../src/net/client-config.ts'
import { GrpcClient } from '../../src/net/grpc-client.ts'
import { HttpClient } from '../../src/net/http-client.ts'
import type { HttpReply } from '../../src/net/http-reply.ts'
import { otlpNames } from '../../src/net/otlp.ts'
import { testSettings } from '../../src/testing/index.ts'
import { authority } from '../kit/certificates.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { startHttpProxy } from '../kit/http-proxy.ts'
import { lookupTo } from '../kit/name-server.ts'
import { items } from '../kit/otlp.ts'

const [mine, theirs] = [await authority('mine'), await authority('theirs')]
const [proxyPair, otlpPair] = [await mine.issue('proxy.test'), await mine.issue('otlp.test')]
/** Whom this machine trusts. */
setDefaultCACertificates([theirs.cert])
const never = new AbortController().signal
const { chunks, sizeBytes } = items.traces(3)
/** Names that nobody else knows; those of destinations only the proxy. */
const lookup = lookupTo(() => ['127.0.0.1'])

async function httpThrough(t: Test, url: string, config: object, environment = {}): Promise<() => Promise<HttpReply>> {
  const schema = section(httpClientSettings({ compression: '' }))
  const client = new HttpClient(v.parse(schema, config), testSettings(), environment, lookup)
  t.teardown(() => client.close())
  const target = await client.target(url, { 'content-type': 'application/x-protobuf', 'user-agent': 'test/1' })
  return () => client.post(target, chunks, sizeBytes, never)
}

async function grpcThrough(t: Test, config: object, port: number, host = 'proxy.test') {
  const schema = section(grpcClientSettings({ compression: '' }))
  const environment = { HTTPS_PROXY: `https://user:pass@${host}:${port}` }
  const client = new GrpcClient(v.parse(schema, config), 5000, testSettings(), { environment, lookup })
  await client.open()
  t.teardown(() => client.close())
  return () => client.unary(client.method(otlpNames.traces.grpcPath), chunks, sizeBytes, never)
}

const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`

test('HTTP: requests for http are forwarded, those for https go through a tunnel; connections stay open', async (t) => {
  for (const [scheme, of, line] of [
    ['http', undefined, 'POST http://otlp.test:4318/v1/traces'],
    ['https', otlpPair, 'CONNECT otlp.test:4318'],
  ] as const) {
    const fake = await new FakeOtlpHttp(of).start()
    t.teardown(() => fake.stop())
    const proxy = await startHttpProxy(t, fake.port, proxyPair)
    const tls = { ca_pem: mine.cert }
    const proxy_url = `https://user:pass@proxy.test:${proxy.port}`
    const url = `${scheme}://otlp.test:4318/v1/traces`
    for (const [config, environment] of [
      [{ proxy_url, tls }, {}],
      [{ tls }, { [`${scheme}_proxy`]: proxy_url }],
    ]) {
      const post = await httpThrough(t, url, config!, environment)
      t.equal((await post()).status, 200)
      t.equal((await post()).status, 200)
    }
    t.equal(fake.items, 12)
    t.same(fake.violations, [])
    t.equal(proxy.connections, 2, scheme)
    t.same(new Set(proxy.asked.map((one) => JSON.stringify(one))), new Set([JSON.stringify({ line, authorization })]))
  }
})

test('HTTP: the certificate of the proxy is checked, as that of the destination, each for its own name', async (t) => {
  const fake = await new FakeOtlpHttp(otlpPair).start()
  t.teardown(() => fake.stop())
  const proxy = await startHttpProxy(t, fake.port, proxyPair)
  const proxy_url = `https://proxy.test:${proxy.port}`
  const ca_pem = mine.cert
  for (const scheme of ['http', 'https']) {
    const url = `${scheme}://otlp.test/v1/traces`
    const untrusted = await httpThrough(t, url, { proxy_url })
    await t.rejects(untrusted(), {
      name: 'RetryableError',
      message:
        /^otlp\.test: proxy proxy\.test:\d+: .*not signed by an authority that is trusted: give it in tls::ca_file/,
    })
    const elsewhere = await httpThrough(t, url, { proxy_url: `https://other.test:${proxy.port}`, tls: { ca_pem } })
    await t.rejects(elsewhere(), { message: /proxy other\.test:\d+: .*(altnames|another name)/ })
  }
  t.same(proxy.asked, [], 'nothing was said to whom nobody trusts')
  const other = await httpThrough(t, 'https://other.test/v1/traces', { proxy_url, tls: { ca_pem } })
  await t.rejects(other(), { message: /^other\.test: .*another name/ })
  const named = { ca_pem, server_name_override: 'otlp.test' }
  t.equal((await (await httpThrough(t, 'https://other.test/v1/traces', { proxy_url, tls: named }))()).status, 200)
  const unchecked = { insecure_skip_verify: true }
  t.equal((await (await httpThrough(t, 'https://any.test/v1/traces', { proxy_url, tls: unchecked }))()).status, 200)
})

test('HTTP: a proxy that speaks no TLS is told', async (t) => {
  const plain = await startHttpProxy(t, 9)
  for (const scheme of ['http', 'https']) {
    const post = await httpThrough(t, `${scheme}://otlp.test/`, { proxy_url: `https://proxy.test:${plain.port}` })
    await t.rejects(post(), { message: /proxy proxy\.test:\d+: .*does not speak TLS/ })
  }
})

test('gRPC goes through a tunnel of it, under TLS and plain; whom this machine trusts is trusted without settings', async (t) => {
  const secure = new FakeOtlpGrpc(otlpPair)
  const plain = new FakeOtlpGrpc()
  const local = await theirs.issue('proxy.test')
  for (const [fake, pair, tls] of [
    [secure, proxyPair, { ca_pem: mine.cert }],
    [plain, local, { insecure: true }],
  ] as const) {
    await fake.start()
    t.teardown(() => fake.stop())
    const proxy = await startHttpProxy(t, fake.port, pair)
    const call = await grpcThrough(t, { endpoint: 'otlp.test:4317', tls }, proxy.port)
    t.equal((await call()).status.code, 0)
    t.equal((await call()).status.code, 0)
    t.same(proxy.asked, [{ line: 'CONNECT otlp.test:4317', authorization }])
    const elsewhere = await grpcThrough(t, { endpoint: 'otlp.test:4317', tls }, proxy.port, 'other.test')
    await t.rejects(elsewhere(), { name: 'RetryableError', message: /proxy other\.test:\d+: .*another name/ })
  }
  const untrusted = await startHttpProxy(t, plain.port, proxyPair)
  const call = await grpcThrough(t, { endpoint: 'otlp.test:4317', tls: { insecure: true } }, untrusted.port)
  await t.rejects(call(), { message: /proxy proxy\.test:\d+: .*not signed by an authority/ })
  t.same(untrusted.asked, [])
})
