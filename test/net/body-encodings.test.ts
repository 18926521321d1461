// Every compression that exporters write, receivers read, over HTTP and over gRPC.
import { test } from 'tap'
import * as v from 'valibot'
import type { Exporter } from '../../src/contract/index.ts'
import otlpGrpc from '../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../src/exporters/otlp_http/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { compressLz4 } from '../../src/wire/lz4.ts'
import { compressSnappy } from '../../src/wire/snappy.ts'
import { compressSnappyStream } from '../../src/wire/snappy-reader.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { items } from '../kit/otlp.ts'
import { callHeaders, message, RawHttp2 } from '../kit/raw-http2.ts'
import { bytesOf, send, startReceiver } from '../kit/receiver.ts'

test('what goes out compressed comes in, whatever the compression and its level', async (t) => {
  const { urls, sinks, refused } = await startReceiver(t, { grpc: {}, http: {} })
  const [grpc, http] = urls as [string, string]
  let sent = 0
  const deliver = async (exporter: ReturnType<typeof otlpHttp.create>): Promise<void> => {
    await exporter.start!(testHost())
    for (const count of [1, 2000]) await exporter.consumers.traces!(items.traces(count), testContext())
    await exporter.stop!(AbortSignal.timeout(60_000))
    sent += 2001
    t.equal(sinks.traces.items, sent)
  }
  const queue = { sending_queue: { enabled: false } }
  for (const compression of ['gzip', 'zstd', 'zlib', 'deflate', 'snappy', 'x-snappy-framed', 'lz4', 'none'])
    await deliver(otlpHttp.create(v.parse(otlpHttp.config, { endpoint: http, compression, ...queue }), testSettings()))
  for (const [compression, level] of [
    ['gzip', 9],
    ['gzip', -2],
    ['zlib', 1],
    ['zstd', 19],
  ]) {
    const config = v.parse(otlpHttp.config, { endpoint: http, compression, compression_params: { level }, ...queue })
    await deliver(otlpHttp.create(config, testSettings()))
  }
  for (const compression of ['gzip', 'zstd', 'snappy', 'none']) {
    const config = v.parse(otlpGrpc.config, { endpoint: grpc, compression, tls: { insecure: true }, ...queue })
    await deliver(otlpGrpc.create(config, testSettings()))
  }
  t.same([...refused], [])
})

test('a bomb is 413, in each of the newer encodings too; damage is 400', async (t) => {
  const { url, port, host } = await startReceiver(t, { http: { max_request_body_size: 1e6 } })
  t.ok(port)
  const zeros = Buffer.alloc(8e6)
  const packed: [encoding: string, bomb: Buffer][] = [
    ['snappy', Buffer.from(compressSnappy(zeros))],
    ['x-snappy-framed', compressSnappyStream(zeros)],
    ['lz4', compressLz4(zeros)],
  ]
  for (const [encoding, bomb] of packed) {
    t.ok(bomb.length < 1e6)
    const headers = { 'content-encoding': encoding }
    t.equal((await send(`${url}/v1/traces`, bomb, { headers })).status, 413, encoding)
    t.equal((await send(`${url}/v1/traces`, bytesOf(items.traces(9)), { headers })).status, 400, encoding)
  }
  const claim = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08, 0x00, 0x41])
  const headers = { 'content-encoding': 'snappy' }
  t.equal((await send(`${url}/v1/traces`, claim, { headers })).status, 400, 'seven bytes that claim 2 GiB')
  t.equal(host.admittedBytes, 0)
})

test('over gRPC snappy is its stream format, and a bomb of it is refused', async (t) => {
  const { port, sinks } = await startReceiver(t, { grpc: {} })
  const client = await RawHttp2.open(t, port)
  const table: [stream: number, content: Buffer, status: string][] = [
    [1, compressSnappyStream(bytesOf(items.traces(5))), '0'],
    [3, Buffer.from(compressSnappy(bytesOf(items.traces(5)))), '3'],
    [5, compressSnappyStream(Buffer.alloc(8e6)), '8'],
  ]
  for (const [stream, content, status] of table) {
    client.headers(stream, callHeaders(['grpc-encoding', 'snappy']))
    client.data(stream, message(content, 1))
    t.match(await client.answer(stream), { 'grpc-status': status })
  }
  t.equal(sinks.traces.items, 5)
})

test('answers that are compressed as the request was are read', async (t) => {
  const partial = Buffer.from([0x0a, 0x04, 0x08, 0x01, 0x12, 0x00])
  const grpc = new FakeOtlpGrpc()
  await grpc.start(0, '127.0.0.1')
  const http = await new FakeOtlpHttp().start()
  t.teardown(() => Promise.all([grpc.stop(), http.stop()]))
  const queue = { sending_queue: { enabled: false } }
  const answered = async (exporter: (settings: TestSettings) => Exporter): Promise<void> => {
    const settings = testSettings()
    const one = exporter(settings)
    await one.start!(testHost())
    await one.consumers.traces!(items.traces(3), testContext())
    await one.stop!(AbortSignal.timeout(60_000))
    t.equal(settings.ledger('traces').droppedItems, 1, 'the one item that the answer says is rejected')
  }
  grpc.answers.push({ reply: compressSnappyStream(partial), isCompressed: true, encoding: 'snappy' })
  const toGrpc = { endpoint: grpc.endpoint, tls: { insecure: true }, ...queue }
  await answered((settings) => otlpGrpc.create(v.parse(otlpGrpc.config, toGrpc), settings))
  for (const [encoding, body] of [
    ['snappy', Buffer.from(compressSnappy(partial))],
    ['x-snappy-framed', compressSnappyStream(partial)],
    ['lz4', compressLz4(partial)],
  ] as const) {
    const headers = { 'content-encoding': encoding, 'content-type': 'application/x-protobuf' }
    http.answers.push({ status: 200, headers, body })
    await answered((settings) => otlpHttp.create(v.parse(otlpHttp.config, { endpoint: http.url, ...queue }), settings))
  }
})
