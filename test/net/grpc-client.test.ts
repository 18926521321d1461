import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { constants } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { RetryableError } from '../../src/contract/index.ts'
import { grpcClientSettings } from '../../src/net/client-config.ts'
import { GrpcClient } from '../../src/net/grpc-client.ts'
import { otlpNames } from '../../src/net/otlp.ts'
import { type TestSettings, testSettings } from '../../src/testing/index.ts'
import { authority } from '../kit/certificates.ts'
import { FakeOtlpGrpc, type GrpcAnswer, replyTo } from '../kit/fake-otlp-grpc.ts'
import { lookupTo } from '../kit/name-server.ts'
import { items } from '../kit/otlp.ts'
import { until } from '../kit/until.ts'

const schema = section(grpcClientSettings({ compression: '' }))
const never = new AbortController().signal
const chunks = items.traces(3).chunks
const sizeBytes = items.traces(3).sizeBytes
const insecure = { tls: { insecure: true } }

interface Opened {
  readonly client: GrpcClient
  readonly settings: TestSettings
  call(abort?: AbortSignal): ReturnType<GrpcClient['unary']>
}

async function open(
  t: Test,
  config: object,
  { addresses, environment = {} }: { addresses?: () => readonly string[]; environment?: Record<string, string> } = {},
): Promise<Opened> {
  const settings = testSettings()
  const client = new GrpcClient(v.parse(schema, config), 5000, settings, {
    environment,
    lookup: lookupTo(addresses ?? (() => ['127.0.0.1'])),
  })
  await client.open()
  t.teardown(() => client.close())
  return {
    client,
    settings,
    call: (abort = never) => client.unary(client.method(otlpNames.traces.grpcPath), chunks, sizeBytes, abort),
  }
}

async function server(t: Test, fake = new FakeOtlpGrpc(), port = 0, host = '127.0.0.1'): Promise<FakeOtlpGrpc> {
  await fake.start(port, host)
  t.teardown(() => fake.stop())
  return fake
}

async function listen(t: Test, bare: Server): Promise<number> {
  bare.listen(0, '127.0.0.1')
  await once(bare, 'listening')
  t.teardown(() => bare.close())
  return (bare.address() as AddressInfo).port
}

test('calls share one connection, also more of them than the server takes at a time', async (t) => {
  const fake = await server(t)
  const { call } = await open(t, { endpoint: fake.endpoint, ...insecure })
  await call()
  for (const session of fake.sessions) session.settings({ maxConcurrentStreams: 2 })
  const replies = await Promise.all(Array.from({ length: 30 }, () => call()))
  t.ok(replies.every(({ status }) => status.code === 0))
  t.equal(fake.calls.length, 31)
  t.equal(fake.connections, 1)
  t.same(fake.violations, [])
})

test('headers of the config are sent; metadata in bytes is base64; authority and user agent can be replaced', async (t) => {
  const fake = await server(t)
  const { call } = await open(t, {
    endpoint: fake.endpoint,
    ...insecure,
    headers: { 'X-Tenant': 'a', 'trace-bin': 'bytes' },
    authority: 'otlp.example.com:443',
    user_agent: 'mine/1',
  })
  await call()
  t.match(fake.calls[0]!.headers, {
    'x-tenant': 'a',
    'trace-bin': Buffer.from('bytes').toString('base64'),
    ':authority': 'otlp.example.com:443',
    'user-agent': 'mine/1',
  })
})

test('round_robin uses every address of the name in turn, those that come later too', async (t) => {
  const one = await server(t)
  const two = await server(t, new FakeOtlpGrpc(), one.port, '127.0.0.2')
  let addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
  const { call, settings } = await open(
    t,
    { endpoint: `collector:${one.port}`, ...insecure },
    { addresses: () => addresses },
  )
  await call()
  await until(() => two.connections === 1 && one.connections === 1)
  for (let i = 0; i < 5; i++) await call()
  t.same([one.calls.length + two.calls.length, Math.abs(one.calls.length - two.calls.length)], [6, 0])

  // 127.0.0.3 answers after a while, 127.0.0.1 is taken out of the name.
  const three = await server(t, new FakeOtlpGrpc(), one.port, '127.0.0.3')
  addresses = ['127.0.0.2', '127.0.0.3']
  await settings.clock.advance(2000)
  await call()
  await until(() => three.connections === 1 && one.sessions.size === 0)
  const before = one.calls.length
  for (let i = 0; i < 4; i++) await call()
  t.equal(one.calls.length, before)
  t.ok(three.calls.length >= 2)
})

test('a server that goes away leaves its calls to the others', async (t) => {
  const one = await server(t)
  const two = await server(t, new FakeOtlpGrpc(), one.port, '127.0.0.2')
  const addresses = () => ['127.0.0.1', '127.0.0.2']
  const { call } = await open(t, { endpoint: `collector:${one.port}`, ...insecure }, { addresses })
  await call()
  await until(() => two.sessions.size === 1 && one.sessions.size === 1)
  await one.stop()
  await until(() => one.sessions.size === 0)
  const total = two.calls.length
  for (let i = 0; i < 6; i++) await call().catch(() => {})
  t.ok(two.calls.length - total >= 5)
})

test('pick_first uses the first address that answers, and only that', async (t) => {
  const two = await server(t, new FakeOtlpGrpc(), 0, '127.0.0.2')
  const three = await server(t, new FakeOtlpGrpc(), two.port, '127.0.0.3')
  const { call } = await open(
    t,
    { endpoint: `dns:///collector:${two.port}`, balancer_name: 'pick_first', ...insecure },
    { addresses: () => ['127.0.0.1', '127.0.0.2', '127.0.0.3'] },
  )
  for (let i = 0; i < 4; i++) await call()
  t.same([two.calls.length, three.connections], [4, 0])
})

test('while nobody answers calls fail at once, and connecting is tried again after a growing while', async (t) => {
  const fake = await server(t)
  const { port } = fake
  await fake.stop()
  const { call, settings } = await open(t, { endpoint: `127.0.0.1:${port}`, ...insecure })
  await t.rejects(call(), { name: 'RetryableError', reason: 'connection_error', message: /nothing listens there/ })
  const again = await server(t, new FakeOtlpGrpc(), port)
  await t.rejects(call(), { message: /nothing listens there/ }, 'not yet')
  t.equal(again.connections, 0)
  await settings.clock.advance(1200)
  t.equal((await call()).status.code, 0)
})

test('with wait_for_ready a call waits for a server, as long as it may', async (t) => {
  const fake = await server(t)
  const { port } = fake
  await fake.stop()
  const { call, settings } = await open(t, { endpoint: `127.0.0.1:${port}`, wait_for_ready: true, ...insecure })
  const controller = new AbortController()
  const leaving = call(controller.signal)
  const waiting = call()
  await until(() => settings.clock.pending > 0)
  controller.abort(new RetryableError('too long', { reason: 'timeout' }))
  await t.rejects(leaving, { name: 'RetryableError', reason: 'timeout' })
  const later = await server(t, new FakeOtlpGrpc(), port)
  await settings.clock.advance(1200)
  t.equal((await waiting).status.code, 0)
  t.equal(later.calls.length, 1)
})

test('a server that refuses every stream is given up for now', async (t) => {
  const fake = await server(t)
  const refuse: GrpcAnswer = { rst: constants.NGHTTP2_REFUSED_STREAM }
  fake.answers.push(refuse, refuse)
  const { call } = await open(t, { endpoint: fake.endpoint, ...insecure })
  t.equal((await call()).status.code, 0, 'twice is well')
  fake.answers.push(refuse, refuse, refuse)
  await t.rejects(call(), { name: 'RetryableError', message: /refuses every stream/ })
})

test('closing ends what waits and what is under way', async (t) => {
  const fake = await server(t)
  fake.answers.push('hang')
  const { call, client } = await open(t, { endpoint: fake.endpoint, ...insecure })
  const hanging = call()
  await until(() => fake.calls.length === 1)
  client.close()
  await t.rejects(hanging, { name: 'RetryableError' })
  await t.rejects(call(), { name: 'ShutdownError' })
  await until(() => fake.sessions.size === 0)
})

const ca = await authority()
const pair = await ca.issue('otlp.test')
const mine = await ca.issue('client.test')
const trusting = { ca_pem: ca.cert }

test('TLS: who is trusted, which name, a certificate of our own (F27)', async (t) => {
  const demanding = { ...pair, ca: ca.cert, requestCert: true, rejectUnauthorized: true }
  const fake = await server(t, new FakeOtlpGrpc(demanding))
  const { endpoint } = fake
  const own = { cert_pem: mine.cert, key_pem: mine.key }
  for (const config of [
    { endpoint, tls: { ...trusting, ...own } },
    { endpoint: `https://${endpoint}`, tls: { ...trusting, ...own, insecure: true } },
    { endpoint, tls: { ...trusting, ...own }, authority: 'otlp.test:4317' },
    { endpoint, tls: { ...trusting, ...own, server_name_override: 'otlp.test' } },
    { endpoint, tls: { ...own, insecure_skip_verify: true } },
  ])
    t.equal((await (await open(t, config)).call()).status.code, 0, JSON.stringify(config).replace(/-----.*-----/g, ''))
  t.equal(fake.calls[0]!.headers[':scheme'], 'https')
  for (const [config, message] of [
    [{ endpoint, tls: own }, /tls::ca_file/],
    [{ endpoint, tls: { ...trusting, ...own, server_name_override: 'other.test' } }, /server_name_override/],
    [{ endpoint, tls: trusting }, /wants a certificate.*tls::cert_file/],
    [{ endpoint, ...insecure }, /is it a port for TLS/],
  ] as const) {
    const { call } = await open(t, config)
    await t.rejects(call(), { name: 'RetryableError', message }, String(message))
  }
})

test('certificates in files are read again every reload_interval', async (t) => {
  const fake = await server(t, new FakeOtlpGrpc({ ...pair }))
  const ca_file = join(t.testdir({ 'ca.pem': (await authority('another')).cert }), 'ca.pem')
  const { call, settings } = await open(t, { endpoint: fake.endpoint, tls: { ca_file, reload_interval: '1m' } })
  await t.rejects(call(), { message: /tls::ca_file/ })
  writeFileSync(ca_file, ca.cert)
  for (let isTrusted = false; !isTrusted; ) {
    await settings.clock.advance(60_000)
    isTrusted = await call().then(
      () => true,
      () => false,
    )
  }
  t.equal(fake.calls.length, 1)
})

test('an http endpoint does not switch TLS off, and that is said', async (t) => {
  const fake = await server(t, new FakeOtlpGrpc({ ...pair }))
  const { call, settings } = await open(t, { endpoint: `http://${fake.endpoint}`, tls: trusting })
  t.equal((await call()).status.code, 0)
  t.match(settings.lines, [{ level: 'warn', message: /although the endpoint begins with http/ }])
})

test('a server of something else is told apart', async (t) => {
  const http = createHttpServer()
  const httpPort = await listen(t, http)
  const plain = await open(t, { endpoint: `127.0.0.1:${httpPort}`, ...insecure })
  await t.rejects(plain.call(), { name: 'RetryableError', message: /does not speak HTTP\/2/ })
  const http1 = createTlsServer({ ...pair, ALPNProtocols: ['http/1.1'] })
  http1.on('tlsClientError', () => {})
  const tlsPort = await listen(t, http1)
  const secure = await open(t, { endpoint: `127.0.0.1:${tlsPort}`, tls: trusting })
  await t.rejects(secure.call(), { name: 'RetryableError' })
  const noTls = await open(t, { endpoint: `127.0.0.1:${httpPort}`, tls: trusting })
  await t.rejects(noTls.call(), { name: 'RetryableError', message: /does not speak TLS/ })
})

test('a server that accepts and says nothing is given up after 20 seconds', async (t) => {
  const sockets: Socket[] = []
  const port = await listen(
    t,
    createServer((socket) => void sockets.push(socket)),
  )
  const { call, settings } = await open(t, { endpoint: `127.0.0.1:${port}`, ...insecure })
  const waiting = call()
  waiting.catch(() => {})
  await until(() => sockets.length === 1)
  await settings.clock.advance(20_000)
  await t.rejects(waiting, { name: 'RetryableError', message: /no HTTP\/2 within 20000 ms/ })
  for (const socket of sockets) socket.destroy()
})

test('a Unix socket is an endpoint', async (t) => {
  const path = join(t.testdir(), 'otlp.sock')
  const fake = await new FakeOtlpGrpc().listen(path)
  t.teardown(() => fake.stop())
  const { call } = await open(t, { endpoint: `unix://${path}`, ...insecure })
  t.equal((await call()).status.code, 0)
  t.equal(fake.calls[0]!.headers[':authority'], 'localhost')
})

test('HTTPS_PROXY makes a tunnel, NO_PROXY and this machine do without', async (t) => {
  const fake = await server(t)
  const seen: string[] = []
  const proxy = createHttpServer()
  proxy.on('connect', (request, socket) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization']}`)
    if (request.url?.startsWith('refused')) return socket.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n')
    const through = connect(fake.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    through.on('error', () => {})
    socket.on('error', () => {})
  })
  const port = await listen(t, proxy)
  const environment = { HTTPS_PROXY: `http://user:pass@127.0.0.1:${port}`, NO_PROXY: 'direct' }
  const through = await open(t, { endpoint: `collector:${fake.port}`, ...insecure }, { environment })
  t.equal((await through.call()).status.code, 0)
  const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`
  t.same(seen, [`collector:${fake.port} ${authorization}`])
  const refused = await open(t, { endpoint: 'refused:1', ...insecure }, { environment })
  await t.rejects(refused.call(), { name: 'RetryableError', message: /answers 403 to CONNECT/ })
  const direct = await open(t, { endpoint: `direct:${fake.port}`, ...insecure }, { environment })
  t.equal((await direct.call()).status.code, 0)
  const here = await open(t, { endpoint: fake.endpoint, ...insecure }, { environment })
  t.equal((await here.call()).status.code, 0)
  t.equal(seen.length, 2)
})

test('a proxy that says nothing is left after a while, its connection closed (F23)', async (t) => {
  const proxy = createHttpServer()
  let tunnels = 0
  proxy.on('connect', (_, socket) => {
    tunnels++
    socket.on('end', () => socket.destroy()).on('close', () => tunnels--)
    socket.on('error', () => {}).resume()
  })
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${await listen(t, proxy)}` }
  const { call, client, settings } = await open(t, { endpoint: 'collector:4317', ...insecure }, { environment })
  const silent = call().catch(() => {})
  await until(() => tunnels === 1)
  await settings.clock.advance(20_000)
  await until(() => tunnels === 0)
  client.close()
  await silent
  t.equal(tunnels, 0)
})

test('keepalive finds a connection that is dead, and leaves one alone that answers', async (t) => {
  const pings = { time: '10s', timeout: '5s' }
  const fake = await server(t)
  const alive = await open(t, {
    endpoint: fake.endpoint,
    keepalive: { ...pings, permit_without_stream: true },
    ...insecure,
  })
  await alive.call()
  let pinged = 0
  for (const session of fake.sessions) session.on('ping', () => pinged++)
  for (let i = 1; i <= 3; i++) {
    await alive.settings.clock.advance(10_000)
    await until(() => pinged === i)
    await alive.call()
  }
  t.equal(fake.connections, 1)

  // SETTINGS, then silence.
  const sockets: Socket[] = []
  const silent = await listen(
    t,
    createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
      socket.resume()
    }),
  )
  const dead = await open(t, { endpoint: `127.0.0.1:${silent}`, keepalive: pings, ...insecure })
  const hanging = dead.call()
  hanging.catch(() => {})
  await until(() => dead.settings.clock.pending > 0 && sockets.length === 1)
  await until(() => sockets[0]!.bytesRead > 100)
  await dead.settings.clock.advance(10_000)
  await dead.settings.clock.advance(5000)
  await t.rejects(hanging, { name: 'RetryableError' })
  t.match(dead.settings.lines, [{ level: 'warn', message: /does not answer pings/ }])
  for (const socket of sockets) socket.destroy()
})

test('without a call there is no ping unless permitted', async (t) => {
  const fake = await server(t)
  const { call, settings } = await open(t, { endpoint: fake.endpoint, keepalive: { time: '10s' }, ...insecure })
  await call()
  let pinged = 0
  for (const session of fake.sessions) session.on('ping', () => pinged++)
  for (let i = 0; i < 5; i++) await settings.clock.advance(10_000)
  await call()
  t.equal(pinged, 0)
})

test('a server that is pinged too often is pinged half as often', async (t) => {
  const fake = await server(t)
  const { call, settings } = await open(t, {
    endpoint: fake.endpoint,
    keepalive: { time: '10s', permit_without_stream: true },
    ...insecure,
  })
  fake.answers.push(({ session, stream }) => {
    replyTo(stream, { reply: Buffer.alloc(0) })
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'))
  })
  await call().catch(() => {})
  await until(() => settings.lines.length > 0)
  t.match(settings.lines, [{ level: 'warn', fields: { everyMs: 20_000 } }])
  t.equal((await call()).status.code, 0)
  t.equal(fake.connections, 2)
  let pinged = 0
  for (const session of fake.sessions) session.on('ping', () => pinged++)
  await settings.clock.advance(10_000)
  await call()
  t.equal(pinged, 0)
  await settings.clock.advance(20_000)
  await until(() => pinged === 1)
})
