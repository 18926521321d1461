// A child process that sends payloads to an OTLP receiver over a fixed number of connections, as fast as answers come or at
// a fixed rate, and prints what it saw as one line of JSON.
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Signal } from '../../src/data/index.ts'
import { payload } from '../payloads.ts'

export interface LoadOrder {
  readonly protocol: 'http' | 'grpc'
  readonly port: number
  readonly signal: Signal
  readonly itemsPerRequest: number
  readonly requests: number
  readonly connections: number
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** Requests a second over all connections; 0 is as fast as answers come. */
  readonly rate: number
  /** Over HTTP. */
  readonly authorization?: string | undefined
}

export interface LoadResult {
  readonly sent: number
  readonly refused: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Different bodies, so that nothing downstream can profit from repetition. */
const VARIANTS = 64

const SERVICES: Readonly<Record<Signal, string>> = {
  traces: 'trace.v1.Trace',
  metrics: 'metrics.v1.Metrics',
  logs: 'logs.v1.Logs',
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const bodies = Array.from({ length: VARIANTS }, (_, seed) =>
    compress(payload(order.signal, order.itemsPerRequest, seed + 1), order),
  )
  const latencies = new Float64Array(order.requests)
  let next = 0
  let done = 0
  let refused = 0
  const startedAt = performance.now()
  const send = order.protocol === 'http' ? await httpSenders(order, bodies) : await grpcSenders(order, bodies)
  const worker = async (one: (variant: number) => Promise<boolean>): Promise<void> => {
    for (let index = next++; index < order.requests; index = next++) {
      if (order.rate > 0) {
        const dueMs = startedAt + (index / order.rate) * 1000
        const waitMs = dueMs - performance.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
      const sentAt = performance.now()
      if (!(await one(index % VARIANTS))) refused++
      latencies[done++] = performance.now() - sentAt
    }
  }
  await Promise.all(send.senders.map(worker))
  const seconds = (performance.now() - startedAt) / 1000
  send.close()
  latencies.sort()
  const at = (share: number): number => latencies[Math.min(done - 1, Math.floor(done * share))] ?? 0
  return { sent: done - refused, refused, seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function compress(body: Buffer, { compression }: LoadOrder): Buffer {
  if (compression === 'gzip') return gzipSync(body)
  return compression === 'zstd' ? zstdCompressSync(body) : body
}

interface Senders {
  readonly senders: readonly ((variant: number) => Promise<boolean>)[]
  close(): void
}

/** HTTP/1.1 by hand: the loader shares the machine with what it measures. */
async function httpSenders(
  { port, signal, connections, compression, authorization }: LoadOrder,
  bodies: readonly Buffer[],
): Promise<Senders> {
  const requests = bodies.map((body) => {
    const encoding = compression === 'none' ? '' : `Content-Encoding: ${compression}\r\n`
    const who = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`
    const head = `POST /v1/${signal} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/x-protobuf\r\n${encoding}${who}Content-Length: ${body.length}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), body])
  })
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const senders = sockets.map((socket) => {
    let answer: ((isAccepted: boolean) => void) | undefined
    let seen = ''
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1')
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /content-length: (\d+)/i.exec(seen)
      if (length !== null && seen.length < end + 4 + Number(length[1])) return
      const isAccepted = seen.startsWith('HTTP/1.1 200')
      seen = ''
      answer?.(isAccepted)
    })
    socket.on('close', () => answer?.(false))
    return (variant: number) =>
      new Promise<boolean>((resolve) => {
        answer = resolve
        socket.write(requests[variant]!)
      })
  })
  return { senders, close: () => sockets.map((socket) => socket.destroy()) }
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })

async function grpcSenders(
  { port, signal, connections, compression }: LoadOrder,
  bodies: readonly Buffer[],
): Promise<Senders> {
  const frames = bodies.map((body) => {
    const frame = Buffer.alloc(5 + body.length)
    frame[0] = compression === 'none' ? 0 : 1
    frame.writeUInt32BE(body.length, 1)
    body.copy(frame, 5)
    return frame
  })
  const headers = {
    ':method': 'POST',
    ':path': `/opentelemetry.proto.collector.${SERVICES[signal]}Service/Export`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(compression === 'none' ? {} : { 'grpc-encoding': compression }),
  }
  const sessions = await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<ClientHttp2Session>((resolve, reject) => {
          const session = connectHttp2(`http://127.0.0.1:${port}`)
          session.once('connect', () => resolve(session))
          session.once('error', reject)
        }),
    ),
  )
  const senders = sessions.map(
    (session) => (variant: number) =>
      new Promise<boolean>((resolve) => {
        const stream = session.request(headers)
        let isAccepted = false
        stream.on('response', (answer) => {
          if (answer['grpc-status'] !== undefined) isAccepted = Number(answer['grpc-status']) === 0
        })
        stream.on('trailers', (trailers) => {
          isAccepted = Number(trailers['grpc-status']) === 0
        })
        stream.on('close', () => resolve(isAccepted))
        stream.on('error', () => {})
        stream.resume()
        stream.end(frames[variant]!)
      }),
  )
  return { senders, close: () => sessions.map((session) => session.destroy()) }
}

process.once('message', async (order: LoadOrder) => {
  process.send?.(await run(order))
  process.disconnect?.()
})
