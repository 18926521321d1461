// A child process that takes OTLP over HTTP and gRPC, swallows it and counts items and bytes.
import { createServer } from 'node:http'
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { decodeOtlp, type Signal } from '../../src/data/index.ts'

export interface SinkCounts {
  readonly items: number
  readonly bytes: number
  readonly requests: number
}

let counts = { items: 0, bytes: 0, requests: 0 }

function take(signal: Signal, body: Buffer, encoding: string | undefined): void {
  const plain = encoding === 'gzip' ? gunzipSync(body) : encoding === 'zstd' ? zstdDecompressSync(body) : body
  counts = {
    items: counts.items + decodeOtlp(signal, plain).items,
    bytes: counts.bytes + body.length,
    requests: counts.requests + 1,
  }
}

const http = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    if (!request.complete) return
    take(request.url!.slice('/v1/'.length) as Signal, Buffer.concat(parts), request.headers['content-encoding'])
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
})

const SIGNALS: readonly (readonly [name: string, signal: Signal])[] = [
  ['Trace', 'traces'],
  ['Metrics', 'metrics'],
  ['Logs', 'logs'],
]

const grpc = createHttp2Server()
grpc.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('error', () => {})
  stream.on('end', () => {
    const body = Buffer.concat(parts)
    // A call that was given up on the way: it comes again.
    if (body.length < 5 || body.length < 5 + body.readUInt32BE(1)) return
    const signal = SIGNALS.find(([name]) => headers[':path']!.includes(`${name}Service`))![1]
    take(signal, body.subarray(5), body[0] === 1 ? String(headers['grpc-encoding']) : undefined)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.alloc(5))
  })
})

http.listen(0, '127.0.0.1', () => {
  grpc.listen(0, '127.0.0.1', () => {
    process.send!({ http: (http.address() as AddressInfo).port, grpc: (grpc.address() as AddressInfo).port })
  })
})
process.on('message', (order: 'counts' | 'reset') => {
  if (order === 'reset') counts = { items: 0, bytes: 0, requests: 0 }
  process.send?.(counts)
})
process.on('disconnect', () => process.exit(0))
