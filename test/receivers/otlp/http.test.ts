import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { test } from 'tap'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import type { Context, Signal } from '../../../src/data/index.ts'
import { decodeStatus } from '../../../src/net/status.ts'
import { testHost } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { bytesOf, isServed, send, startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']

test('every signal has its path, and the answer is empty', async (t) => {
  const receiver = await startReceiver(t)
  for (const signal of signals) {
    const body = bytesOf(items[signal](3))
    const answer = await send(`${receiver.url}/v1/${signal}`, body)
    t.equal(answer.status, 200)
    t.equal(answer.headers['content-type'], 'application/x-protobuf')
    t.equal(answer.body.length, 0)
    t.equal(receiver.sinks[signal].items, 3)
    t.ok(bytesOf(receiver.sinks[signal].batches[0]!).equals(body))
    t.match(receiver.sinks[signal].contexts[0], { transport: 'http' })
  }
  t.equal(receiver.host.admittedBytes, 0)
  t.equal(receiver.refused.size, 0)
})

test('what is kept has memory of its own, however it came', async (t) => {
  const receiver = await startReceiver(t)
  const small = bytesOf(items.traces(1))
  const large = bytesOf(items.traces(20_000))
  await send(`${receiver.url}/v1/traces`, small)
  await send(`${receiver.url}/v1/traces`, large)
  await send(`${receiver.url}/v1/traces`, gzipSync(small), { headers: { 'content-encoding': 'gzip' } })
  await send(`${receiver.url}/v1/traces`, small, { headers: { 'transfer-encoding': 'chunked' } })
  const kept = receiver.sinks.traces.batches.flatMap((batch) => batch.chunks)
  t.same(
    kept.map((chunk) => chunk.length),
    [small.length, large.length, small.length, small.length],
  )
  for (const chunk of kept) t.ok(chunk.buffer.byteLength <= chunk.length + 64, `pins ${chunk.buffer.byteLength}`)
})

test('compressed bodies are taken in every encoding', async (t) => {
  const receiver = await startReceiver(t)
  const body = bytesOf(items.traces(50))
  const forms = [
    ['gzip', gzipSync(body)],
    ['zstd', zstdCompressSync(body)],
    ['deflate', deflateSync(body)],
    ['zlib', deflateSync(body)],
    ['identity', body],
  ] as const
  for (const [encoding, bytes] of forms) {
    const { status } = await send(`${receiver.url}/v1/traces`, bytes, { headers: { 'content-encoding': encoding } })
    t.equal(status, 200, encoding)
  }
  t.equal(receiver.sinks.traces.items, forms.length * 50)
  t.ok(receiver.sinks.traces.batches.every((batch) => bytesOf(batch).equals(body)))
})

test('a refusal says when to come back, in the type of the request', async (t) => {
  const receiver = await startReceiver(t)
  receiver.sinks.traces.refuseWith = new RetryableError('the queue is full', { waitMs: 2500 })
  const answer = await send(`${receiver.url}/v1/traces`, bytesOf(items.traces(1)))
  t.equal(answer.status, 503)
  t.equal(answer.headers['retry-after'], '3')
  t.equal(answer.headers['content-type'], 'application/x-protobuf')
  t.same(decodeStatus(answer.body), { code: 14, message: 'the queue is full', retryDelayMs: 2500 })
  t.equal(receiver.refused.get('unavailable'), 1)
  receiver.sinks.traces.refuseWith = undefined
  t.ok(await isServed(receiver))
})

test('what will never work is said to be final', async (t) => {
  const receiver = await startReceiver(t)
  receiver.sinks.traces.refuseWith = new PermanentError('the destination does not know the type', {
    reason: 'http_400',
  })
  const answer = await send(`${receiver.url}/v1/traces`, bytesOf(items.traces(1)))
  t.equal(answer.status, 400)
  t.equal(answer.headers['retry-after'], undefined)
  t.match(decodeStatus(answer.body), { code: 3 })
})

test('a part that was rejected is told by number', async (t) => {
  const receiver = await startReceiver(t)
  receiver.sinks.traces.refuseWith = new PermanentError('too old', { rejectedItems: 2 })
  const answer = await send(`${receiver.url}/v1/traces`, bytesOf(items.traces(5)))
  t.equal(answer.status, 200)
  // ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "too old" } }
  t.equal(answer.body.toString('latin1'), '\x0a\x0b\x08\x02\x12\x07too old')
  t.equal(receiver.refused.get('partial_success'), 1)
})

test('a limiter refuses before anything is decoded, and what was let in is given back', async (t) => {
  let room = 100
  const host = testHost({
    admit(sizeBytes) {
      if (sizeBytes > room) throw new RetryableError('no memory', { waitMs: 1000 })
    },
  })
  const receiver = await startReceiver(t, { http: {} }, { host })
  t.equal((await send(`${receiver.url}/v1/traces`, Buffer.alloc(101, 0xff))).status, 503, 'not 400: not looked at')
  t.equal((await send(`${receiver.url}/v1/traces`, gzipSync(bytesOf(items.traces(100))))).status, 503)
  t.equal(host.admittedBytes, 0)
  room = Infinity
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const body = bytesOf(items.traces(10))
  const waiting = send(`${receiver.url}/v1/traces`, gzipSync(body), { headers: { 'content-encoding': 'gzip' } })
  await until(() => host.admittedBytes >= body.length)
  t.equal(host.admittedBytes, body.length, 'as long as nobody has acknowledged')
  acknowledge()
  t.equal((await waiting).status, 200)
  t.equal(host.admittedBytes, 0)
})

test('a body for which there is no more room is refused in the middle, by either reader', async (t) => {
  const body = bytesOf(items.traces(20_000))
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`
  for (const settings of [{}, { include_metadata: true }]) {
    let heldBytes = 0
    const host = testHost({
      admit(sizeBytes) {
        if (heldBytes + sizeBytes > 150_000) throw new RetryableError('no memory')
        heldBytes += sizeBytes
      },
    })
    const receiver = await startReceiver(t, { http: settings }, { host })
    const socket = connect(receiver.port, '127.0.0.1')
    socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, 30_000)]))
    await until(() => host.admittedBytes !== 0)
    t.ok(host.admittedBytes <= 64 * 1024, 'no more than what is believed')
    socket.write(body.subarray(30_000, 200_000))
    const [answer] = await once(socket, 'data')
    t.match(String(answer), /^HTTP\/1.1 503 .*Connection: close/s)
    t.match(String(answer), /Retry-After: 1/)
    socket.destroy()
    t.equal(host.admittedBytes, 0)
    t.equal(receiver.refused.get('unavailable'), 1)
    t.equal(receiver.sinks.traces.items, 0)
  }
})

test('an empty request is taken without a pipeline seeing it', async (t) => {
  const receiver = await startReceiver(t)
  t.equal((await send(`${receiver.url}/v1/traces`, '')).status, 200)
  t.equal((await send(`${receiver.url}/v1/traces`, '', { headers: { 'transfer-encoding': 'chunked' } })).status, 200)
  t.equal((await send(`${receiver.url}/v1/traces`, Buffer.from([0x0a, 0]))).status, 200, 'a resource without spans')
  t.equal(receiver.sinks.traces.batches.length, 0)
})

test('a signal without a pipeline is 404, and the answer says which have one', async (t) => {
  const receiver = await startReceiver(t, { http: { traces_url_path: 'spans' } }, { signals: ['traces', 'logs'] })
  const answer = await send(`${receiver.url}/v1/metrics`, bytesOf(items.metrics(1)))
  t.equal(answer.status, 404)
  t.equal(answer.headers['content-type'], 'text/plain')
  t.match(String(answer.body), /^404 no such path; .*pipelines for traces at \/spans, logs at \/v1\/logs/)
  t.equal((await send(`${receiver.url}/spans?x=1`, bytesOf(items.traces(1)))).status, 200)
})

test('metadata is handed on when the settings say so, by lower-case names', async (t) => {
  const plain = await startReceiver(t)
  const including = await startReceiver(t, { http: { include_metadata: true } })
  for (const { url } of [plain, including])
    await send(`${url}/v1/traces`, bytesOf(items.traces(1)), { headers: { 'X-Tenant': 'acme' } })
  t.equal(plain.sinks.traces.contexts[0]!.metadata.size, 0)
  t.same(including.sinks.traces.contexts[0]!.metadata.get('x-tenant'), ['acme'])
})

test('the context is aborted when the sender goes away before the answer, and only then', async (t) => {
  const contexts: Context[] = []
  let acknowledge: () => void = () => {}
  let entered: () => void = () => {}
  const receiver = await startReceiver(
    t,
    { http: {} },
    {
      consume(_batch, context) {
        contexts.push(context)
        void context.abort
        entered()
        return new Promise((resolve) => (acknowledge = resolve))
      },
    },
  )
  const body = bytesOf(items.traces(1))
  for (const leaves of [false, true]) {
    const inside = new Promise<void>((resolve) => (entered = resolve))
    const outgoing = request(`${receiver.url}/v1/traces`, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/x-protobuf' },
    })
    outgoing.on('error', () => {})
    outgoing.end(body)
    await inside
    const { abort } = contexts.at(-1)!
    if (leaves) {
      outgoing.destroy()
      await once(abort, 'abort')
      t.match(abort.reason, { message: 'the sender has gone' })
      acknowledge()
    } else {
      acknowledge()
      const [incoming] = await once(outgoing, 'response')
      incoming.resume()
      await once(incoming, 'close')
      await new Promise((resolve) => setImmediate(resolve))
      t.notOk(abort.aborted)
    }
  }
})

test('a bug behind the receiver hurts one request', async (t) => {
  const receiver = await startReceiver(
    t,
    { http: {} },
    {
      consume() {
        throw new TypeError('a bug')
      },
    },
  )
  const answer = await send(`${receiver.url}/v1/traces`, bytesOf(items.traces(1)))
  t.equal(answer.status, 503, 'unknown errors are retryable')
  t.equal(receiver.host.admittedBytes, 0)
})

test('stopping finishes what is under way, refuses what comes then, and closes every connection', async (t) => {
  const receiver = await startReceiver(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const body = bytesOf(items.traces(1))
  await send(`${receiver.url}/v1/traces`, body, { agent })
  const silent = connect(receiver.port, '127.0.0.1')
  await once(silent, 'connect')
  const silentClosed = once(silent.resume(), 'close')
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const underWay = send(`${receiver.url}/v1/traces`, body, { agent })
  await until(() => receiver.host.admittedBytes !== 0)
  const stopped = receiver.stop()
  await t.rejects(send(`${receiver.url}/v1/traces`, body), { code: 'ECONNREFUSED' })
  acknowledge()
  t.match(await underWay, { status: 200, headers: { connection: 'close' } })
  await stopped
  await silentClosed
  t.equal(receiver.sinks.traces.items, 2)
  await receiver.stop()
})

test('a request that arrives on an open connection during shutdown is told to try elsewhere', async (t) => {
  const receiver = await startReceiver(t)
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const body = bytesOf(items.traces(1))
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`
  const socket = connect(receiver.port, '127.0.0.1')
  socket.write(Buffer.concat([Buffer.from(head), body]))
  await until(() => receiver.host.admittedBytes !== 0)
  const stopped = receiver.stop()
  // Pipelined behind the one that is under way.
  socket.write(Buffer.concat([Buffer.from(head), body]))
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  acknowledge()
  await stopped
  const answers = String(Buffer.concat(await socket.toArray()))
  t.match(answers, /^HTTP\/1.1 200 OK[\s\S]*Connection: close/)
  t.equal(receiver.refused.get('shutdown'), 1)
  t.equal(receiver.sinks.traces.items, 1)
})

test('stopping does not wait longer than it is told to', async (t) => {
  const receiver = await startReceiver(t)
  receiver.sinks.traces.gate = new Promise(() => {})
  const lost = t.rejects(send(`${receiver.url}/v1/traces`, bytesOf(items.traces(1))), { code: 'ECONNRESET' })
  await until(() => receiver.host.admittedBytes !== 0)
  const giveUp = new AbortController()
  const stopped = receiver.stop(giveUp.signal)
  giveUp.abort()
  await stopped
  await lost
})
