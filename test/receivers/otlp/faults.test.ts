// Mistakes in the receiver itself: they cost the request that meets them, and nothing else.

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { type Test, test } from 'tap'
import type { Consume } from '../../../src/contract/index.ts'
import { ActiveRequests } from '../../../src/net/active-requests.ts'
import { type Desk, Exchange } from '../../../src/net/exchange.ts'
import { GrpcServer } from '../../../src/net/grpc-server.ts'
import { Http2Connection } from '../../../src/net/http2/connection.ts'
import { CODE, FRAME } from '../../../src/net/http2/frames.ts'
import { logAcceptErrors } from '../../../src/net/listen.ts'
import { refusalAnswer } from '../../../src/receivers/otlp/answers.ts'
import { createRouter } from '../../../src/receivers/otlp/routes.ts'
import { Sink, testHost, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { callHeaders, EXPORT, message, RawHttp2 } from '../../kit/raw-http2.ts'
import { bytesOf, send } from '../../kit/receiver.ts'

const good = bytesOf(items.traces(1))

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

test('over HTTP it is 500 for that request', async (t) => {
  let faults = 1
  const refused: string[] = []
  const sink = new Sink()
  const desk: Desk = {
    host: testHost(),
    authenticate: undefined,
    authenticateHead: undefined,
    sweep: {
      add() {
        if (faults-- > 0) throw new TypeError('a mistake')
      },
      delete() {},
    } as unknown as Desk['sweep'],
    onRefused: (reason) => void refused.push(reason),
    route: createRouter(new Map([['/v1/traces', { signal: 'traces', consume: sink.consume as Consume }]]), () => {}),
    refusal: (error) => refusalAnswer(error, 'protobuf'),
    cors: undefined,
    extraHeaders: [],
    encodings: [],
    takesPlain: true,
    maxBodyBytes: 1e6,
    readTimeoutMs: 0,
    writeTimeoutMs: 0,
    includeMetadata: false,
    keepsAlive: true,
    active: new ActiveRequests(),
  }
  const server = createHttpServer((request, response) => new Exchange(desk, request, response).begin())
  const url = `http://127.0.0.1:${await listening(t, server)}/v1/traces`
  t.equal((await send(url, good)).status, 500)
  t.same(refused, ['internal_error'])
  t.equal((await send(url, good)).status, 200)
  t.equal(sink.items, 1)
  t.equal(desk.active.count, 0)
})

test('over gRPC it is INTERNAL for that call', async (t) => {
  let faults = 1
  const refused: string[] = []
  const settings = testSettings()
  const methods = new Map([
    [
      EXPORT,
      (call: { succeed(message: Buffer): void }) => {
        if (faults-- > 0) throw new TypeError('a mistake')
        return { admitUpTo() {}, onMessage: () => call.succeed(Buffer.alloc(0)), onSettled() {} }
      },
    ],
  ])
  const config = {
    endpoint: '127.0.0.1:0',
    transport: 'tcp',
    max_recv_msg_size_mib: 0,
    max_concurrent_streams: 0,
    include_metadata: false,
  } as const
  const server = new GrpcServer(config, settings, {
    methods,
    authenticate: undefined,
    onRefused: (reason) => void refused.push(reason),
  })
  const port = Number((await server.start()).split(':').at(-1))
  t.teardown(() => server.stop(AbortSignal.abort()))
  const client = await RawHttp2.open(t, port)
  for (const [stream, status] of [
    [1, '13'],
    [3, '0'],
  ] as const) {
    client.headers(stream, callHeaders())
    client.data(stream, message(good))
    t.match(await client.answer(stream), { 'grpc-status': status })
  }
  t.same(refused, ['internal_error'])
})

test('below the calls it costs the connection, and is told', async (t) => {
  const faults: unknown[] = []
  const server = createServer((socket) => {
    new Http2Connection(
      socket,
      { maxStreams: 10, maxHeaderListBytes: 1000, keepsHeaders: false },
      {
        onRequest() {
          throw new TypeError('a mistake')
        },
        onPing: () => true,
        onPong() {},
        onAnswered() {},
        onRefused() {},
        onFault: (error) => void faults.push(error),
        onClose() {},
      },
    )
  })
  const client = await RawHttp2.open(t, await listening(t, server))
  client.headers(1, callHeaders())
  t.equal(await client.code(FRAME.GOAWAY), CODE.INTERNAL_ERROR)
  await client.closed
  t.match(faults, [{ message: 'a mistake' }])
})

test('connections that cannot be accepted are said now and then', async (t) => {
  const settings = testSettings()
  const server = createServer()
  logAcceptErrors(server, settings)
  for (let i = 0; i < 100; i++) server.emit('error', new Error('accept EMFILE'))
  await settings.clock.advance(10_000)
  server.emit('error', new Error('accept EMFILE'))
  t.match(settings.lines, [
    { level: 'warn', message: 'connections cannot be accepted', fields: { error: 'accept EMFILE' } },
    { level: 'warn' },
  ])
  t.equal(settings.lines.length, 2)
})
