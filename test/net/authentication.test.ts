// Who sends is found out before the body is read, over HTTP and over gRPC, at once or after a while.
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Test, test } from 'tap'
import { RetryableError } from '../../src/contract/index.ts'
import { STREAM_WINDOW } from '../../src/net/http2/receive-windows.ts'
import { decodeStatus } from '../../src/net/status.ts'
import { Doorkeeper, guardedHost, WORD } from '../kit/doorkeeper.ts'
import { grpcSender } from '../kit/grpc.ts'
import { items } from '../kit/otlp.ts'
import { callHeaders, message, RawHttp2 } from '../kit/raw-http2.ts'
import { bytesOf, type StartedReceiver, send, startReceiver } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const auth = { authenticator: 'door' }
const good = bytesOf(items.traces(3))
const known = { headers: { authorization: WORD } }

async function guarded(
  t: Test,
  protocols: { http?: object; grpc?: object },
): Promise<StartedReceiver & { readonly keeper: Doorkeeper }> {
  const keeper = new Doorkeeper()
  return { ...(await startReceiver(t, protocols, { host: guardedHost(keeper) })), keeper }
}

/** Resolved by the test. */
function gate(): { readonly closed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { closed: promise, open: resolve }
}

test('who is known goes on with the batch, as its auth', async (t) => {
  const { url, sinks, urls } = await guarded(t, { grpc: { auth }, http: { auth } })
  const [grpc, http] = urls as [string, string]
  t.ok(url)
  t.equal((await send(`${http}/v1/traces`, good, known)).status, 200)
  await grpcSender(t, Number(new URL(grpc).port)).export('traces', good, { metadata: { authorization: WORD } })
  t.equal(sinks.traces.items, 6)
  for (const { auth: who, metadata } of sinks.traces.contexts) {
    t.same([...who!], [['subject', ['somebody']]])
    t.equal(metadata.size, 0, 'headers are handed on by include_metadata only')
  }
})

test('who is refused is told so in OTLP, and counted', async (t) => {
  const { url, refused, sinks } = await guarded(t, { http: { auth } })
  const answer = await send(`${url}/v1/traces`, good)
  t.equal(answer.status, 401)
  t.equal(answer.headers['content-type'], 'application/x-protobuf')
  t.match(decodeStatus(answer.body), { code: 16, message: 'no word was said' })
  t.same([...refused], [['unauthenticated', 1]])
  t.equal(sinks.traces.items, 0)
})

test('a body is not waited for', async (t) => {
  const { port, host } = await guarded(t, { http: { auth } })
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(
    'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n',
  )
  const [first] = (await once(socket, 'data')) as [Buffer]
  t.match(first.toString(), /^HTTP\/1.1 401 /)
  t.match(first.toString(), /www-authenticate: Word realm="test"/i)
  t.equal(host.admittedBytes, 0)
})

test('what cannot be checked now may be sent again', async (t) => {
  const { urls, keeper, sinks } = await guarded(t, { grpc: { auth }, http: { auth } })
  const [grpc, http] = urls as [string, string]
  keeper.fault = new RetryableError('the issuer is down', { waitMs: 7000 })
  const answer = await send(`${http}/v1/traces`, good, known)
  t.equal(answer.status, 503)
  t.equal(answer.headers['retry-after'], '7')
  const error = await grpcSender(t, Number(new URL(grpc).port)).failing('traces', good)
  t.equal(error.code, 14)
  t.equal(sinks.traces.items, 0)
})

test('an answer that takes its time holds up nobody else, and nothing is lost by it', async (t) => {
  const { url, keeper, sinks, host, stop } = await guarded(t, { http: { auth } })
  const { closed, open } = gate()
  keeper.until = closed
  const waiting = [send(`${url}/v1/traces`, good, known), send(`${url}/v1/traces`, good)]
  await until(() => keeper.asked.length === 2)
  keeper.until = undefined
  t.equal((await send(`${url}/v1/traces`, good, known)).status, 200)
  t.equal(sinks.traces.items, 3)
  const stopped = stop()
  open()
  t.same((await Promise.all(waiting)).map(({ status }) => status).toSorted(), [200, 401])
  t.equal(sinks.traces.items, 6)
  await stopped
  t.equal(host.admittedBytes, 0)
})

test('who leaves while it is asked about is forgotten', async (t) => {
  const { port, keeper, sinks, refused, stop } = await guarded(t, { http: { auth } })
  const { closed, open } = gate()
  keeper.until = closed
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST /v1/traces HTTP/1.1\r\nHost: x\r\nAuthorization: ${WORD}\r\nContent-Length: 900\r\n\r\n`)
  await until(() => keeper.asked.length === 1)
  socket.resetAndDestroy()
  await new Promise((resolve) => setImmediate(resolve))
  open()
  await until(() => refused.get('aborted') === 1)
  await stop()
  t.equal(sinks.traces.items, 0)
})

test('a preflight needs no word, and a page may read why it was refused', async (t) => {
  const { url, keeper } = await guarded(t, { http: { auth, cors: { allowed_origins: ['https://app.test'] } } })
  const origin = { origin: 'https://app.test' }
  const asked = { ...origin, 'access-control-request-method': 'POST' }
  const preflight = await send(`${url}/v1/traces`, '', { method: 'OPTIONS', headers: asked })
  t.equal(preflight.status, 204)
  t.equal(keeper.asked.length, 0)
  const answer = await send(`${url}/v1/traces`, good, { headers: origin })
  t.equal(answer.status, 401)
  t.equal(answer.headers['access-control-allow-origin'], 'https://app.test')
})

test('parameters of the query stand for headers when the config says so', async (t) => {
  const { urls } = await guarded(t, { http: { auth: { ...auth, request_params: ['Authorization'] } } })
  const without = await guarded(t, { http: { auth } })
  const query = `Authorization=${encodeURIComponent(WORD)}`
  t.equal((await send(`${urls[0]}/v1/traces?x=1&${query}`, good)).status, 200)
  t.equal((await send(`${urls[0]}/v1/traces?authorization=x`, good, known)).status, 200, 'names are told apart by case')
  t.equal((await send(`${urls[0]}/v1/traces?Authorization=x`, good, known)).status, 401, 'it comes before the header')
  t.equal((await send(`${without.url}/v1/traces?${query}`, good)).status, 401)
})

test('over gRPC no more than a window comes while somebody is asked about, and it is read afterwards', async (t) => {
  const { port, keeper, sinks } = await guarded(t, { grpc: { auth, max_recv_msg_size_mib: 8 } })
  const { closed, open } = gate()
  keeper.until = closed
  const large = bytesOf(items.traces(60_000))
  t.ok(large.length > 2 * STREAM_WINDOW)
  const sent = grpcSender(t, port).export('traces', large, { metadata: { authorization: WORD } })
  await until(() => keeper.asked.length === 1)
  open()
  await sent
  t.equal(sinks.traces.items, 60_000)
})

test('over gRPC a whole call may wait, and one that is refused leaves the connection in order', async (t) => {
  const { port, keeper, sinks, refused } = await guarded(t, { grpc: { auth } })
  const client = await RawHttp2.open(t, port)
  const { closed, open } = gate()
  keeper.until = closed
  client.headers(1, callHeaders(['authorization', WORD]))
  client.data(1, message(good))
  client.headers(3, callHeaders())
  client.data(3, message(good))
  await until(() => keeper.asked.length === 2)
  open()
  t.match(await client.answer(1), { 'grpc-status': '0' })
  t.match(await client.answer(3), { 'grpc-status': '16', 'www-authenticate': 'Word realm="test"' })
  keeper.until = undefined
  client.headers(5, callHeaders(['authorization', WORD]))
  client.data(5, message(good))
  t.match(await client.answer(5), { 'grpc-status': '0' })
  t.equal(sinks.traces.items, 6)
  t.same([...refused], [['unauthenticated', 1]])
})

test('over gRPC a client that ignores its window is refused', async (t) => {
  const { port, keeper, host, sinks } = await guarded(t, { grpc: { auth } })
  const client = await RawHttp2.open(t, port)
  keeper.until = gate().closed
  client.headers(1, callHeaders(['authorization', WORD]))
  for (let i = 0; i < 70; i++) client.data(1, Buffer.alloc(16_384), 0)
  t.match(await client.answer(1), { 'grpc-status': '8', 'grpc-message': /window/ })
  t.equal(host.admittedBytes, 0)
  t.equal(sinks.traces.items, 0)
})
