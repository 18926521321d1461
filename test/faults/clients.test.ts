// Clients that cost more than they bring: thousands that leave, that say nothing, that open what they do not use. Whoever sends
// in earnest is served meanwhile, and afterwards nothing is left of them.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import { CODE, FLAG, FRAME } from '../../src/net/http2/frames.ts'
import { usedHeapBytes } from '../kit/heap.ts'
import { items } from '../kit/otlp.ts'
import { blockOf, callHeaders, frame, message, RawHttp2 } from '../kit/raw-http2.ts'
import { bytesOf, isServed, type StartedReceiver, startReceiver } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const MAX_CONNECTIONS = 1024
const good = bytesOf(items.traces(1))
const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${good.length}\r\n\r\n`
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const MAX_LEFT_BYTES = 8 * 2 ** 20
const openFiles = (): number => readdirSync('/proc/self/fd').length
const noProc = process.platform === 'linux' ? false : 'needs /proc'

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** One that sends a part of a request and resets the connection; the number says how much. */
async function leave(port: number, number: number): Promise<void> {
  const socket = await opened(port)
  const request = Buffer.concat([Buffer.from(head), good])
  socket.write(request.subarray(0, (number * 7) % request.length))
  await turn()
  socket.resetAndDestroy()
  await once(socket, 'close')
}

async function inTurns(times: number, atOnce: number, run: (number: number) => Promise<unknown>): Promise<void> {
  for (let done = 0; done < times; done += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, times - done) }, (_, i) => run(done + i)))
}

test('F43: 10,000 clients that leave in the middle take no file and no memory with them', {
  skip: noProc,
}, async (t) => {
  const receiver = await startReceiver(t)
  await inTurns(200, 100, (number) => leave(receiver.port, number))
  t.ok(await isServed(receiver))
  await until(() => receiver.host.admittedBytes === 0)
  const before = { heap: await usedHeapBytes(), files: openFiles() }
  await inTurns(10_000, 100, (number) => leave(receiver.port, number))
  t.ok(await isServed(receiver))
  await until(() => receiver.host.admittedBytes === 0 && openFiles() <= before.files + 2)
  t.ok((await usedHeapBytes()) < before.heap + MAX_LEFT_BYTES, 'the heap is as it was')
  await receiver.stop()
  t.equal(receiver.settings.clock.pending, 0, 'nothing is watched any more')
})

/** Connections of which each does what `begin` does to it; counts those that the server has not closed. */
async function crowd(
  t: Test,
  receiver: StartedReceiver,
  size: number,
  begin: (socket: Socket) => void,
): Promise<{ open: number }> {
  const counts = { open: 0 }
  const sockets = new Set<Socket>()
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  await inTurns(size, 50, async (number) => {
    const socket = await opened(receiver.port)
    sockets.add(socket)
    counts.open++
    socket.resume().once('close', () => {
      counts.open--
      sockets.delete(socket)
    })
    begin(socket)
    if (number % 1000 === 999) t.ok(await isServed(receiver), `a good request is served after ${number + 1}`)
  })
  return counts
}

test('F44: 10,000 connections that say nothing keep nobody out of OTLP/HTTP', async (t) => {
  const receiver = await startReceiver(t)
  const counts = await crowd(t, receiver, 10_000, () => {})
  await until(() => counts.open <= MAX_CONNECTIONS)
  t.ok(await isServed(receiver))
  t.ok(
    (receiver.refused.get('too_many_connections') ?? 0) >= 10_000 - MAX_CONNECTIONS,
    'those that gave way are counted',
  )
})

test('F44: connections that wait for their next request give way, those with a request under way do not', async (t) => {
  const receiver = await startReceiver(t)
  const request = Buffer.concat([Buffer.from(head), good])
  const busy = await opened(receiver.port)
  busy.write(request.subarray(0, -1))
  const idle: Socket[] = []
  for (let i = 1; i < MAX_CONNECTIONS; i++) {
    const socket = await opened(receiver.port)
    idle.push(socket)
    const answered = once(socket, 'data')
    socket.write(request)
    await answered
  }
  const oldestGone = once(idle[0]!, 'close')
  t.ok(await isServed(receiver), 'one more is served')
  await oldestGone
  const answered = once(busy, 'data')
  busy.write(request.subarray(-1))
  t.match(String((await answered)[0]), /^HTTP\/1.1 200/)
  for (const socket of [busy, ...idle]) socket.destroy()
})

test('F44: connections that say nothing keep nobody out of OTLP/gRPC', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  let open = 0
  const sockets: Socket[] = []
  const call = async (): Promise<string | undefined> => {
    const client = await RawHttp2.open(t, receiver.port)
    client.headers(1, callHeaders())
    client.data(1, message(good))
    const { 'grpc-status': status } = await client.answer(1)
    client.socket.destroy()
    return status
  }
  await inTurns(2500, 50, async (number) => {
    const socket = await opened(receiver.port)
    sockets.push(socket)
    open++
    socket.resume().once('close', () => open--)
    if (number % 500 === 499) t.equal(await call(), '0', `a good call is answered after ${number + 1}`)
  })
  await until(() => open <= MAX_CONNECTIONS)
  t.equal(await call(), '0')
  for (const socket of sockets) socket.destroy()
})

test('F44: a thousand heads that come a byte at a time end at their time, and nobody waits for them', async (t) => {
  const receiver = await startReceiver(t, { http: { read_header_timeout: '2s' } })
  const before = receiver.sinks.traces.items
  const slow = await crowd(t, receiver, 1000, (socket) => void socket.write('P'))
  for (let more = 0; more < 20; more++) t.ok(await isServed(receiver))
  t.equal(receiver.sinks.traces.items, before + 21)
  await until(() => slow.open === 0)
  t.ok((receiver.refused.get('header_timeout') ?? 0) >= 1000, 'each is counted')
})

test('F45: 100,000 streams that are reset at once end their connections, and the memory comes back', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const block = blockOf(callHeaders())
  /** Until the connection is ended: after 1,000 of them. */
  const flood = async (streams: number): Promise<void> => {
    const client = await RawHttp2.open(t, receiver.port)
    const frames: Buffer[] = []
    for (let i = 0; i < streams; i++)
      frames.push(
        frame(FRAME.HEADERS, FLAG.END_HEADERS, 2 * i + 1, block),
        frame(FRAME.RST_STREAM, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
      )
    client.socket.write(Buffer.concat(frames))
    t.equal(await client.code(FRAME.GOAWAY), CODE.ENHANCE_YOUR_CALM)
    client.socket.destroy()
  }
  for (let round = 0; round < 5; round++) await flood(2000)
  const heap = await usedHeapBytes()
  const cpu = process.cpuUsage()
  for (let round = 0; round < 50; round++) await flood(2000)
  const { user, system } = process.cpuUsage(cpu)
  t.ok(user + system < 30e6, `${Math.round((user + system) / 1000)} ms of CPU, the client's with it`)
  t.ok((await usedHeapBytes()) < heap + MAX_LEFT_BYTES, 'the heap is as it was')
  t.equal(receiver.refused.get('flood'), 55)
  t.equal(receiver.host.admittedBytes, 0)
})
