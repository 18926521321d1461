// Every setting does what it says.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import * as v from 'valibot'
import { CODE, FRAME } from '../../../src/net/http2/frames.ts'
import otlp from '../../../src/receivers/otlp/index.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { authority, writePair } from '../../kit/certificates.ts'
import { grpcSender } from '../../kit/grpc.ts'
import { items } from '../../kit/otlp.ts'
import { callHeaders, message, RawHttp2 } from '../../kit/raw-http2.ts'
import { bytesOf, send, startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

const good = bytesOf(items.traces(1))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const problemsOf = (protocols: unknown) =>
  (v.safeParse(otlp.config, { protocols }).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)

test('what cannot be is an error of the config, by its place', async (t) => {
  t.match(problemsOf(undefined), [/protocols: must name at least one of grpc and http/])
  t.match(problemsOf({}), [/must name at least one/])
  t.same(problemsOf({ grpc: null }), [])
  t.same(problemsOf({ grpc: null, http: null }), [])
  const table: [protocols: object, problem: RegExp][] = [
    [{ http: { auth: {} } }, /protocols\.http\.auth\.authenticator: /],
    [{ grpc: { auth: { authenticator: '/' } } }, /protocols\.grpc\.auth\.authenticator: /],
    [{ http: { middlewares: [{ id: 'x' }] } }, /http\.middlewares: middlewares are not supported/],
    [{ grpc: { middlewares: [{ id: 'x' }] } }, /grpc\.middlewares: middlewares are not supported/],
    [{ http: { endpoint: 'nowhere' } }, /http\.endpoint: must be host:port/],
    [{ grpc: { transport: 'udp' } }, /grpc\.transport: must be one of/],
    [{ http: { traces_url_path: '/v1 traces' } }, /traces_url_path: must be a path/],
    [{ http: { compression_algorithms: ['lzma'] } }, /compression_algorithms\.0: must be one of/],
    [{ http: { response_headers: { 'Content-Length': '1' } } }, /response_headers: .*set by the server itself/],
    [{ http: { response_headers: { 'X-A': 'a\r\nX-B: b' } } }, /line break/],
    [{ http: { idle_timeout: '-1s' } }, /idle_timeout: must not be negative/],
    [{ http: { idel_timeout: '1s' } }, /idel_timeout/],
    [{ grpc: { max_recv_msg_size_mib: -1 } }, /max_recv_msg_size_mib: must be at least 0/],
    [{ grpc: { tls: {} } }, /grpc\.tls: a server needs a certificate/],
  ]
  for (const [protocols, problem] of table)
    t.match(problemsOf(protocols).join('\n'), problem, JSON.stringify(protocols))
})

test('settings without an effect are said once', async (t) => {
  const { settings } = await startReceiver(t, {
    grpc: { read_buffer_size: 524_288, write_buffer_size: 1, dialer: { timeout: '1s' } },
  })
  const said = settings.lines.map(({ level, message, fields }) => [
    level,
    message,
    (fields as { setting?: string }).setting,
  ])
  t.same(said, [
    ['info', 'a setting has no effect here', 'protocols::grpc::dialer'],
    ['info', 'a setting has no effect here', 'protocols::grpc::read_buffer_size'],
    ['info', 'a setting has no effect here', 'protocols::grpc::write_buffer_size'],
  ])
})

test('a port that is taken fails the start of the whole receiver', async (t) => {
  const first = await startReceiver(t)
  const where = first.url.replace('http://', '')
  const config = v.parse(otlp.config, { protocols: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: where } } })
  const second = otlp.create(config, testSettings(), {})
  await t.rejects(second.start!(testHost()), { message: new RegExp(`^${where} is in use`) })
  t.same(second.endpoints, [])
  await second.stop!(AbortSignal.timeout(1000))
})

test('a receiver that never started stops', async (t) => {
  const config = v.parse(otlp.config, { protocols: { http: {} } })
  await otlp.create(config, testSettings(), {}).stop!(AbortSignal.timeout(1000))
  t.pass()
})

test('both protocols at once', async (t) => {
  const receiver = await startReceiver(t, { grpc: {}, http: {} })
  t.equal(receiver.urls.length, 2)
  await grpcSender(t, receiver.port).export('traces', good)
  await send(`${receiver.urls[1]}/v1/traces`, good)
  t.equal(receiver.sinks.traces.items, 2)
})

test('paths, encodings, headers and connections over HTTP', async (t) => {
  const receiver = await startReceiver(t, {
    http: {
      traces_url_path: 'spans',
      metrics_url_path: '/m',
      logs_url_path: '/l',
      compression_algorithms: ['gzip'],
      response_headers: [{ name: 'X-Agent', value: 'sluice' }],
      keep_alives_enabled: false,
    },
  })
  for (const [path, signal] of [
    ['spans', 'traces'],
    ['m', 'metrics'],
    ['l', 'logs'],
  ] as const) {
    const body = gzipSync(bytesOf(items[signal](1)))
    const answer = await send(`${receiver.url}/${path}`, body, { headers: { 'content-encoding': 'gzip' } })
    t.equal(answer.status, 200)
    t.match(answer.headers, { 'x-agent': 'sluice', connection: 'close' })
    t.equal(receiver.sinks[signal].items, 1)
  }
  t.equal((await send(`${receiver.url}/spans`, good)).status, 415, 'not compressed')
  t.equal((await send(`${receiver.url}/spans`, good, { headers: { 'content-encoding': 'zstd' } })).status, 415)
  t.equal((await send(`${receiver.url}/v1/traces`, good)).status, 404)
})

test('a connection that waits too long for its next request is closed', async (t) => {
  // Read without node:http, and (as headers are handed on) with it.
  const plain = await startReceiver(t, { http: { idle_timeout: '5s' } })
  const node = await startReceiver(t, { http: { idle_timeout: '50ms', include_metadata: true } })
  for (const receiver of [plain, node]) {
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => agent.destroy())
    const closed = new Promise<void>((resolve) => agent.on('free', (socket) => socket.once('close', resolve)))
    t.equal((await send(`${receiver.url}/v1/traces`, good, { agent })).status, 200)
    await receiver.settings.clock.advance(4000)
    if (receiver === plain) t.equal(Object.keys(agent.freeSockets).length, 1, 'not yet')
    await receiver.settings.clock.advance(3000)
    await closed
  }
})

test('HTTPS reads its certificate again', async (t) => {
  const ca = await authority()
  const folder = t.testdir()
  const files = writePair(folder, 'server', await ca.issue('first.test'))
  const receiver = await startReceiver(t, { http: { tls: { ...files, reload_interval: '1m' } } })
  const post = async (): Promise<string> => {
    const outgoing = request(`${receiver.url}/v1/traces`, {
      method: 'POST',
      ca: ca.cert,
      agent: false,
      headers: { 'content-type': 'application/x-protobuf' },
    })
    outgoing.end(good)
    const [incoming] = await once(outgoing, 'response')
    const { subject } = incoming.socket.getPeerCertificate()
    incoming.resume()
    await once(incoming, 'end')
    return `${incoming.statusCode} ${subject.CN}`
  }
  t.equal(await post(), '200 first.test')
  writePair(folder, 'server', await ca.issue('second.test'))
  await receiver.settings.clock.advance(60_000)
  await until(async () => (await post()) === '200 second.test')
  writeFileSync(files.cert_file, 'broken')
  await receiver.settings.clock.advance(60_000)
  await until(() => receiver.settings.lines.length !== 0)
  t.match(receiver.settings.lines, [{ level: 'warn', message: 'tls files cannot be read, what was read before stays' }])
  t.equal(await post(), '200 second.test')
  const plain = connect(receiver.port, '127.0.0.1').on('error', () => {})
  plain.write('POST / HTTP/1.1\r\n\r\n')
  await once(plain.resume(), 'close')
  t.equal(receiver.refused.get('tls_handshake'), 1)
  await receiver.stop()
  t.equal(receiver.settings.clock.pending, 0)
})

test('gRPC reads its certificate again', async (t) => {
  const ca = await authority()
  const folder = t.testdir()
  const files = writePair(folder, 'server', await ca.issue('first.test'))
  const receiver = await startReceiver(t, { grpc: { tls: { ...files, reload_interval: '1m' } } })
  const nameOf = async (): Promise<string> => {
    const socket = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.cert, ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    t.equal(socket.alpnProtocol, 'h2')
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return String(subject.CN)
  }
  t.equal(await nameOf(), 'first.test')
  writePair(folder, 'server', await ca.issue('second.test'))
  await receiver.settings.clock.advance(60_000)
  await until(async () => (await nameOf()) === 'second.test')
})

test('messages of gRPC may be as large as the setting says', async (t) => {
  const receiver = await startReceiver(t, { grpc: { max_recv_msg_size_mib: 8 } })
  const body = bytesOf(items.traces(130_000))
  t.ok(body.length > 4 * 2 ** 20 && body.length < 8 * 2 ** 20)
  await grpcSender(t, receiver.port).export('traces', body)
  t.equal(receiver.sinks.traces.items, 130_000)
  const byDefault = await startReceiver(t, { grpc: {} })
  t.match(await grpcSender(t, byDefault.port).failing('traces', body), { code: 8 })
})

test('connections without calls, and old ones, are closed', async (t) => {
  const server_parameters = { max_connection_idle: '10s', max_connection_age: '60s', max_connection_age_grace: '60s' }
  const receiver = await startReceiver(t, { grpc: { keepalive: { server_parameters } } })
  const { clock } = receiver.settings
  const idle = await RawHttp2.open(t, receiver.port)
  t.ok(await idle.next(FRAME.SETTINGS))
  await clock.advance(11_000)
  t.equal(await idle.code(FRAME.GOAWAY), CODE.NO_ERROR)
  await idle.closed
  receiver.sinks.traces.gate = new Promise(() => {})
  const old = await RawHttp2.open(t, receiver.port)
  old.headers(1, callHeaders())
  old.data(1, message(good))
  await until(() => receiver.host.admittedBytes !== 0)
  await clock.advance(50_000)
  t.notOk(
    old.frames.some(({ type }) => type === FRAME.GOAWAY),
    'not yet, whatever the tenth',
  )
  const told = old.code(FRAME.GOAWAY)
  let isTold = false
  void told.then(() => (isTold = true))
  for (let second = 50; !isTold; second++) {
    t.ok(second < 68)
    await clock.advance(1000)
    for (let i = 0; i < 20; i++) await turn()
  }
  t.equal(await told, CODE.NO_ERROR)
  t.notOk(old.socket.destroyed)
  await clock.advance(61_000)
  await old.closed
})

test('a client that says nothing is asked, and closed when it does not answer', async (t) => {
  const server_parameters = { time: '30s', timeout: '5s' }
  const receiver = await startReceiver(t, { grpc: { keepalive: { server_parameters } } })
  const { clock } = receiver.settings
  const dead = await RawHttp2.open(t, receiver.port)
  const alive = await RawHttp2.open(t, receiver.port)
  t.ok((await dead.next(FRAME.SETTINGS)) && (await alive.next(FRAME.SETTINGS)))
  await clock.advance(31_000)
  for (const client of [dead, alive]) t.ok(await client.next(FRAME.PING))
  alive.send(FRAME.PING, 1, 0, Buffer.alloc(8))
  alive.send(FRAME.PING, 0, 0, Buffer.alloc(8))
  t.ok(await alive.next(FRAME.PING), 'the answer has been read')
  await clock.advance(6000)
  await dead.closed
  t.equal(receiver.refused.get('keepalive_timeout'), 1)
  t.notOk(alive.socket.destroyed)
})

test('a client may ask as often as the settings say', async (t) => {
  const ping = (client: RawHttp2) => client.send(FRAME.PING, 0, 0, Buffer.alloc(8))
  const enforcement_policy = { min_time: '10s', permit_without_stream: true }
  const strict = await startReceiver(t, { grpc: {} })
  const lenient = await startReceiver(t, { grpc: { keepalive: { enforcement_policy } } })
  for (const [receiver, isAllowed] of [
    [strict, false],
    [lenient, true],
  ] as const) {
    const client = await RawHttp2.open(t, receiver.port)
    for (let i = 0; i < 5; i++) {
      ping(client)
      if ((await Promise.race([client.next(FRAME.PING), client.closed])) === undefined) break
      await receiver.settings.clock.advance(11_000)
    }
    t.equal(client.socket.destroyed, !isAllowed)
    t.equal(receiver.refused.get('flood'), isAllowed ? undefined : 1)
  }
  const busy = await RawHttp2.open(t, strict.port)
  for (let stream = 1; stream < 20; stream += 2) {
    busy.headers(stream, callHeaders())
    busy.data(stream, message(good))
    t.match(await busy.answer(stream), { 'grpc-status': '0' })
    ping(busy)
    t.ok(await busy.next(FRAME.PING), 'after an answer it is free')
  }
})
