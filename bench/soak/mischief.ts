// A child process that sends what nobody should, and some of what everybody does, to every socket of an agent: a few of each a second.
import { createSocket } from 'node:dgram'
import { get, request } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { payload } from '../payloads.ts'
import type { SoakPorts } from './config.ts'

const SECOND_MS = 1000
/** Connections that say nothing, or a byte a second; one of each comes and goes every second. */
const MAX_SILENT = 40

let second = 0
const done: Record<string, number> = {}
const count = (what: string): number => (done[what] = (done[what] ?? 0) + 1)
const udp = createSocket('udp4')
const pieces = [Buffer.from([0x0a, 0xff, 0x01, 0x00]), Buffer.alloc(50_000, 0x0b), Buffer.from('{"resourceSpans":[[[[')]
const waiting: Socket[] = []

process.on('message', (order: SoakPorts | 'counts') => {
  if (order === 'counts') return process.send!(done)
  setInterval(() => everySecond(order), SECOND_MS)
})
process.on('disconnect', () => process.exit())

function everySecond(ports: SoakPorts): void {
  second++
  badRequests(ports.http)
  goneInTheMiddle(ports.http)
  silent(second % 2 === 0 ? ports.http : ports.grpc)
  callsOverGrpc(ports.grpc)
  statsd(ports.statsd)
  segments(ports.xray)
  embeddedMetrics(ports.emf)
  subscriptions(ports.awslogs)
  if (second % 5 === 0) scrapes(ports.prometheus)
}

// ---- OTLP over HTTP

function badRequests(port: number): void {
  const send = (path: string, type: string, body: Buffer, headers: Record<string, string> = {}): void => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: { 'content-type': type, ...headers },
    })
    outgoing.on('response', (response) => {
      count(`HTTP ${response.statusCode}`)
      response.resume()
    })
    outgoing.on('error', () => count('HTTP broken'))
    outgoing.end(body)
  }
  const gzip = gzipSync(payload('traces', 10, second))
  send('/v1/traces', 'application/x-protobuf', pieces[second % pieces.length]!)
  send('/v1/logs', 'application/json', pieces[2]!)
  send('/v1/traces', 'application/x-protobuf', gzip.subarray(0, gzip.length >> 1), { 'content-encoding': 'gzip' })
  send('/v1/traces', 'application/x-protobuf', gzip, { 'content-encoding': 'gzip' })
  send('/v1/metrics', 'text/plain', gzip)
  send(`/${'x'.repeat(20_000)}`, 'application/json', gzip)
  if (second % 20 === 0)
    send('/v1/logs', 'application/json', gzipSync(Buffer.alloc(64 << 20)), { 'content-encoding': 'gzip' })
}

function goneInTheMiddle(port: number): void {
  const body = payload('logs', 50, second)
  for (const share of [0, 0.5, 0.99]) {
    const socket = quiet(connect(port, '127.0.0.1'))
    socket.write(
      `POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.subarray(0, body.length * share), () => setTimeout(() => socket.resetAndDestroy(), 50))
    count('reset in the middle')
  }
}

/** Half of them say a byte a second of a request that never ends. */
function silent(port: number): void {
  const socket = quiet(connect(port, '127.0.0.1'))
  waiting.push(socket)
  if (waiting.length > MAX_SILENT) waiting.shift()!.destroy()
  const head = `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(1000)}`
  for (const [i, one] of waiting.entries())
    if (i % 2 === 0 && one.writable) one.write(head[(second + i) % head.length]!)
  count('silent or slow')
}

function quiet(socket: Socket): Socket {
  socket.on('error', () => {})
  return socket.resume()
}

// ---- gRPC

let session: ClientHttp2Session | undefined

function callsOverGrpc(port: number): void {
  if (session === undefined || session.destroyed || session.closed) {
    session = connectHttp2(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
  }
  for (let i = 0; i < 5; i++) {
    const body = payload('traces', 20, second * 5 + i)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stream.on('error', () => count('gRPC broken'))
    stream.on('trailers', (trailers) => count(`gRPC ${trailers['grpc-status']}`))
    stream.resume()
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(i === 1 ? body.length + 1 : body.length, 1)
    stream.write(Buffer.concat([prefix, body]))
    if (i === 2) stream.close(constants.NGHTTP2_CANCEL)
    else stream.end()
  }
  if (second % 60 === 0) session.destroy()
  quiet(connect(port, '127.0.0.1')).end(
    Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\x00\x00\x04\x01garbage'.repeat(9)}`),
  )
}

// ---- what sidecars hear

function statsd(port: number): void {
  const lines = [
    `soak.requests:1|c|#user:${second % 500},minute:${Math.floor(second / 60)}`,
    'soak.time:12|ms',
    'soak.size:3|g',
  ]
  const bad = [
    'a:b:c|d',
    ':1|c',
    'x:1e999|g',
    `n:${'9'.repeat(400)}|c`,
    '\x00\xff',
    'y:1|c|@0',
    `z:1|c|#${'t,'.repeat(300)}`,
  ]
  udp.send([...lines, ...bad].join('\n'), port, '127.0.0.1')
  for (const line of lines) udp.send(line, port, '127.0.0.1')
  count('statsd packets')
}

function segments(port: number): void {
  const now = Date.now() / 1000
  const hex = (digits: number): string => Math.random().toString(16).slice(2).padEnd(digits, '0').slice(0, digits)
  const trace = `1-${Math.floor(now).toString(16)}-${hex(12)}${hex(12)}`
  const good = { trace_id: trace, id: `1${hex(15)}`, name: 'soak', start_time: now - 0.1, end_time: now }
  const header = '{"format":"json","version":1}\n'
  udp.send(header + JSON.stringify(good), port, '127.0.0.1')
  udp.send(`${header}{"trace_id":"none"}`, port, '127.0.0.1')
  udp.send(`{"format":"json","version":9}\n${'x'.repeat(1000)}`, port, '127.0.0.1')
  count('X-Ray packets')
}

function embeddedMetrics(port: number): void {
  const line = JSON.stringify({
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: 'Soak', Dimensions: [['user']], Metrics: [{ Name: 'n' }] }],
    },
    user: `u${second % 500}`,
    n: second,
  })
  quiet(connect(port, '127.0.0.1')).end(`${line}\n{"_aws":{"CloudWatchMetrics":[[[]]]}}\nno JSON\n${line.slice(0, 40)}`)
  count('EMF connections')
}

/** What Firehose delivers of a log group, and what nobody should. */
function subscriptions(port: number): void {
  const now = Date.now()
  const payload = {
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/aws/lambda/soak',
    logStream: `soak ${Math.floor(second / 60)}`,
    subscriptionFilters: ['soak'],
    logEvents: Array.from({ length: 20 }, (_, i) => ({
      id: `${second}-${i}`,
      timestamp: now,
      message: `GET /${i} 200`,
    })),
  }
  const data = gzipSync(JSON.stringify(payload)).toString('base64')
  const good = { requestId: String(second), timestamp: now, records: [{ data }] }
  const bad = [
    { ...good, records: [{ data: data.slice(0, 40) }] },
    { ...good, records: 'none' },
  ]
  for (const body of [good, ...bad]) {
    const headers = { 'content-type': 'application/json', 'x-amz-firehose-request-id': String(second) }
    const outgoing = request({ host: '127.0.0.1', port, path: '/', method: 'POST', headers })
    outgoing.on('response', (response) => {
      count(`Firehose ${response.statusCode}`)
      response.resume()
    })
    outgoing.on('error', () => count('Firehose broken'))
    outgoing.end(JSON.stringify(body))
  }
}

// ---- scrapes

/** One that reads it all, one that goes away at the first piece. */
function scrapes(port: number): void {
  const options = { host: '127.0.0.1', port, path: '/metrics', headers: { 'accept-encoding': 'gzip' } }
  get(options, (response) => response.resume().on('end', () => count('scrapes'))).on('error', () => {})
  get(options, (response) => response.once('data', () => response.destroy())).on('error', () => {})
}
