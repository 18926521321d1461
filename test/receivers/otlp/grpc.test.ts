import { once } from 'node:events'
import { join } from 'node:path'
import { credentials } from '@grpc/grpc-js'
import { test } from 'tap'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import type { Context, Signal } from '../../../src/data/index.ts'
import { FLAG, FRAME } from '../../../src/net/http2/frames.ts'
import { statusOfTrailers } from '../../../src/net/status.ts'
import { testHost } from '../../../src/testing/index.ts'
import { authority, writePair } from '../../kit/certificates.ts'
import { grpcSender } from '../../kit/grpc.ts'
import { items } from '../../kit/otlp.ts'
import { callHeaders, message, RawHttp2 } from '../../kit/raw-http2.ts'
import { bytesOf, startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']
const grpc = { grpc: {} }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('every signal has its method, and the answer is empty', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const sender = grpcSender(t, receiver.port)
  for (const signal of signals) {
    const body = bytesOf(items[signal](3))
    for (const gzip of [false, true]) t.equal((await sender.export(signal, body, { gzip })).length, 0)
    t.equal(receiver.sinks[signal].items, 6)
    t.ok(receiver.sinks[signal].batches.every((batch) => bytesOf(batch).equals(body)))
    t.match(receiver.sinks[signal].contexts[0], { transport: 'grpc' })
  }
  t.equal(receiver.host.admittedBytes, 0)
  t.equal(receiver.refused.size, 0)
})

test('messages of any size arrive, in memory of their own', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const sender = grpcSender(t, receiver.port)
  const bodies = [1, 200, 2000, 20_000, 60_000].map((count) => bytesOf(items.traces(count)))
  await Promise.all(bodies.map((body) => sender.export('traces', body)))
  const kept = receiver.sinks.traces.batches.flatMap((batch) => batch.chunks).sort((a, b) => a.length - b.length)
  for (const [i, body] of bodies.entries()) {
    t.ok(body.equals(kept[i]!), `${body.length} bytes`)
    t.ok(kept[i]!.buffer.byteLength <= body.length * 1.125 + 64, `pins ${kept[i]!.buffer.byteLength}`)
  }
})

test('many calls at once share a connection', async (t) => {
  const receiver = await startReceiver(t, { grpc: { max_concurrent_streams: 30 } })
  const sender = grpcSender(t, receiver.port)
  const body = bytesOf(items.logs(5))
  await Promise.all(Array.from({ length: 300 }, () => sender.export('logs', body)))
  t.equal(receiver.sinks.logs.items, 1500)
  t.equal(receiver.refused.size, 0)
})

test('a refusal says when to come back', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const sender = grpcSender(t, receiver.port)
  receiver.sinks.traces.refuseWith = new RetryableError('die Warteschlange ist voll: 100 % “voll”', { waitMs: 2500 })
  const error = await sender.failing('traces', bytesOf(items.traces(1)))
  t.match(error, { code: 14, details: 'die Warteschlange ist voll: 100 % “voll”' })
  const [details] = error.metadata.get('grpc-status-details-bin')
  const trailers = { 'grpc-status': '14', 'grpc-status-details-bin': (details as Buffer).toString('base64') }
  t.equal(statusOfTrailers(trailers).retryDelayMs, 2500)
  t.equal(receiver.refused.get('unavailable'), 1)
  receiver.sinks.traces.refuseWith = undefined
  await sender.export('traces', bytesOf(items.traces(1)))
  t.equal(receiver.sinks.traces.items, 1)
})

test('what will never work is said to be final, and a rejected part by number', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const sender = grpcSender(t, receiver.port)
  receiver.sinks.traces.refuseWith = new PermanentError('no')
  t.match(await sender.failing('traces', bytesOf(items.traces(1))), { code: 13, details: 'no' })
  receiver.sinks.traces.refuseWith = new PermanentError('too old', { rejectedItems: 2 })
  const answer = await sender.export('traces', bytesOf(items.traces(5)))
  t.equal(answer.toString('latin1'), '\x0a\x0b\x08\x02\x12\x07too old')
})

test('a limiter refuses before anything is decoded, and what was let in is given back', async (t) => {
  let room = 100
  const host = testHost({
    admit(sizeBytes) {
      if (sizeBytes > room) throw new RetryableError('no memory')
    },
  })
  const receiver = await startReceiver(t, grpc, { host })
  const sender = grpcSender(t, receiver.port)
  t.match(await sender.failing('traces', Buffer.alloc(101, 0xff)), { code: 14 }, 'not INVALID_ARGUMENT: not looked at')
  t.match(await sender.failing('traces', bytesOf(items.traces(500)), { gzip: true }), { code: 14 })
  t.equal(host.admittedBytes, 0)
  room = Infinity
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const body = bytesOf(items.traces(10))
  const waiting = sender.export('traces', body, { gzip: true })
  await until(() => host.admittedBytes >= body.length)
  acknowledge()
  await waiting
  t.equal(host.admittedBytes, 0)
})

test('an empty request is taken without a pipeline seeing it', async (t) => {
  const receiver = await startReceiver(t, grpc)
  await grpcSender(t, receiver.port).export('traces', Buffer.alloc(0))
  t.equal(receiver.sinks.traces.batches.length, 0)
})

test('a signal without a pipeline is UNIMPLEMENTED, and the answer says which have one', async (t) => {
  const receiver = await startReceiver(t, grpc, { signals: ['logs'] })
  const error = await grpcSender(t, receiver.port).failing('traces', bytesOf(items.traces(1)))
  t.match(error, { code: 12, details: /pipelines for \/opentelemetry\.proto\.collector\.logs/ })
})

test('a bug behind the receiver hurts one call', async (t) => {
  const receiver = await startReceiver(t, grpc, {
    consume() {
      throw new TypeError('a bug')
    },
  })
  t.match(await grpcSender(t, receiver.port).failing('traces', bytesOf(items.traces(1))), { code: 14 })
  t.equal(receiver.host.admittedBytes, 0)
})

test('metadata is handed on when the settings say so', async (t) => {
  const plain = await startReceiver(t, grpc)
  const including = await startReceiver(t, { grpc: { include_metadata: true } })
  for (const { port } of [plain, including])
    await grpcSender(t, port).export('traces', bytesOf(items.traces(1)), { metadata: { 'X-Tenant': 'acme' } })
  t.equal(plain.sinks.traces.contexts[0]!.metadata.size, 0)
  t.same(including.sinks.traces.contexts[0]!.metadata.get('x-tenant'), ['acme'])
})

test('the context is aborted when the sender gives up or its time is over', async (t) => {
  const contexts: Context[] = []
  const acknowledge: (() => void)[] = []
  let entered: () => void = () => {}
  const receiver = await startReceiver(t, grpc, {
    consume(_batch, context) {
      contexts.push(context)
      void context.abort
      entered()
      return new Promise((resolve) => acknowledge.push(resolve))
    },
  })
  const client = await RawHttp2.open(t, receiver.port)
  const body = message(bytesOf(items.traces(1)))
  const call = async (stream: number, timeout: string): Promise<AbortSignal> => {
    const inside = new Promise<void>((resolve) => (entered = resolve))
    client.headers(stream, callHeaders(['grpc-timeout', timeout]))
    client.data(stream, body)
    await inside
    return contexts.at(-1)!.abort
  }
  const cancelled = await call(1, '1H')
  client.send(FRAME.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, 8]))
  await once(cancelled, 'abort')
  t.match(cancelled.reason, { message: 'the sender has gone' })
  const late = await call(3, '250m')
  await receiver.settings.clock.advance(250)
  t.match(late.reason, { message: 'the time that the sender set is over' })
  t.match(await client.answer(3), { 'grpc-status': '4' })
  const later = await call(5, '20S')
  await receiver.settings.clock.advance(21_000)
  t.ok(later.aborted)
  t.match(await client.answer(5), { 'grpc-status': '4' })
  t.ok(receiver.host.admittedBytes > 0, 'the pipeline still has the batches')
  for (const done of acknowledge) done()
  await turn()
  t.equal(receiver.host.admittedBytes, 0)
})

test('TLS with a client certificate', async (t) => {
  const ca = await authority()
  const folder = t.testdir({ 'ca.crt': ca.cert })
  const pair = await ca.issue('server.test')
  const mine = await ca.issue('client.test')
  const tls = { ...writePair(folder, 'server', pair), client_ca_file: join(folder, 'ca.crt') }
  const receiver = await startReceiver(t, { grpc: { tls } })
  t.match(receiver.url, /^https:/)
  const secure = credentials.createSsl(Buffer.from(ca.cert), Buffer.from(mine.key), Buffer.from(mine.cert))
  await grpcSender(t, receiver.port, secure).export('traces', bytesOf(items.traces(2)))
  t.equal(receiver.sinks.traces.items, 2)
  const stranger = credentials.createSsl(Buffer.from(ca.cert))
  t.match(await grpcSender(t, receiver.port, stranger).failing('traces', bytesOf(items.traces(1))), { code: 14 })
  t.equal(receiver.sinks.traces.items, 2)
})

test('stopping finishes what is under way, and closes every connection', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const sender = grpcSender(t, receiver.port)
  const silent = await RawHttp2.open(t, receiver.port)
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const underWay = sender.export('traces', bytesOf(items.traces(1)))
  await until(() => receiver.host.admittedBytes !== 0)
  const stopped = receiver.stop()
  t.equal(await silent.code(FRAME.GOAWAY), 0)
  await silent.closed
  acknowledge()
  t.equal((await underWay).length, 0)
  await stopped
  t.equal(receiver.sinks.traces.items, 1)
  t.match(await sender.failing('traces', bytesOf(items.traces(1))), { code: 14 })
  await receiver.stop()
})

test('a call that begins while the connection is drained is one to send elsewhere', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const client = await RawHttp2.open(t, receiver.port)
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const body = message(bytesOf(items.traces(1)))
  client.headers(1, callHeaders())
  client.data(1, body)
  await until(() => receiver.host.admittedBytes !== 0)
  const stopped = receiver.stop()
  t.equal(await client.code(FRAME.GOAWAY), 0)
  client.headers(3, callHeaders())
  client.data(3, body)
  t.equal(await client.code(FRAME.RST_STREAM, 3), 7, 'REFUSED_STREAM')
  acknowledge()
  t.match(await client.answer(1), { 'grpc-status': '0' })
  await stopped
  t.equal(receiver.sinks.traces.items, 1)
})

test('stopping does not wait longer than it is told to', async (t) => {
  const receiver = await startReceiver(t, grpc)
  receiver.sinks.traces.gate = new Promise(() => {})
  const lost = grpcSender(t, receiver.port).failing('traces', bytesOf(items.traces(1)))
  await until(() => receiver.host.admittedBytes !== 0)
  const giveUp = new AbortController()
  const stopped = receiver.stop(giveUp.signal)
  giveUp.abort()
  await stopped
  t.match(await lost, { code: 14 })
})

test('answers wait for the window that the client gives', async (t) => {
  const receiver = await startReceiver(t, grpc)
  const client = await RawHttp2.open(t, receiver.port)
  const window = (bytes: number) => Buffer.from([0, 4, 0, 0, bytes >> 8, bytes & 255])
  client.send(FRAME.SETTINGS, 0, 0, window(0))
  client.headers(1, callHeaders())
  client.data(1, message(bytesOf(items.traces(1))))
  t.ok(await client.next(FRAME.HEADERS, 1))
  t.notOk(client.frames.some((frame) => frame.type === FRAME.DATA))
  client.send(FRAME.SETTINGS, 0, 0, window(3))
  t.equal((await client.next(FRAME.DATA, 1))!.payload.length, 3)
  client.send(FRAME.WINDOW_UPDATE, 0, 1, Buffer.from([0, 0, 0, 2]))
  t.equal((await client.next(FRAME.DATA, 1))!.payload.length, 2)
  t.ok((await client.next(FRAME.HEADERS, 1))!.flags & FLAG.END_STREAM)
})
