// Bad input over gRPC and HTTP/2. Each row: the right code, the counter moved, and the next good call served.
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { CODE, FLAG, FRAME, PREFACE } from '../../../src/net/http2/frames.ts'
import { grpcSender } from '../../kit/grpc.ts'
import { items } from '../../kit/otlp.ts'
import { blockOf, callHeaders, EXPORT, type Fields, frame, message, RawHttp2 } from '../../kit/raw-http2.ts'
import { bytesOf, type StartedReceiver, startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

const good = bytesOf(items.traces(1))

async function isServed(t: Test, receiver: StartedReceiver): Promise<boolean> {
  const before = receiver.sinks.traces.items
  await grpcSender(t, receiver.port).export('traces', good)
  return receiver.sinks.traces.items === before + 1 && receiver.host.admittedBytes === 0
}

/** One call with that body and those headers; its trailers. */
async function answerTo(
  t: Test,
  receiver: StartedReceiver,
  body: Uint8Array,
  headers: Fields = callHeaders(),
): Promise<Record<string, string>> {
  const client = await RawHttp2.open(t, receiver.port)
  client.headers(1, headers)
  client.data(1, body)
  const answer = await client.answer(1)
  client.socket.destroy()
  return answer
}

const RESOURCE_EXHAUSTED = { 'grpc-status': '8' }
const INVALID_ARGUMENT = { 'grpc-status': '3' }
const INTERNAL = { 'grpc-status': '13' }

test('frames and messages that are none', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const rows: readonly [name: string, body: Uint8Array, wanted: object, reason: string, headers?: Fields][] = [
    ['a length of 4 GiB', message(good, 0, 0xffffffff), RESOURCE_EXHAUSTED, 'too_large'],
    ['a length above the limit', message(good, 0, 4 * 2 ** 20 + 1), RESOURCE_EXHAUSTED, 'too_large'],
    ['the bytes "404 "', Buffer.from('404 not found'), INTERNAL, 'bad_frame'],
    ['compressed without an encoding', message(gzipSync(good), 1), INTERNAL, 'bad_frame'],
    ['compressed as identity', message(good, 1), INTERNAL, 'bad_frame', callHeaders(['grpc-encoding', 'identity'])],
    [
      'an encoding that nobody knows',
      message(good, 1),
      { 'grpc-status': '12', 'grpc-accept-encoding': 'gzip,zstd,zlib,deflate,snappy' },
      'bad_content_encoding',
      callHeaders(['grpc-encoding', 'lzma']),
    ],
    ['two messages', Buffer.concat([message(good), message(good)]), INVALID_ARGUMENT, 'bad_frame'],
    ['no message', Buffer.alloc(0), INVALID_ARGUMENT, 'bad_frame'],
    ['half a prefix', Buffer.from([0, 0]), INVALID_ARGUMENT, 'bad_frame'],
    ['half a message', message(good, 0, good.length + 1), INVALID_ARGUMENT, 'bad_frame'],
    ['no protobuf', message(Buffer.alloc(10, 0xff)), INVALID_ARGUMENT, 'malformed'],
    [
      'broken gzip',
      message(Buffer.from('no gzip'), 1),
      INVALID_ARGUMENT,
      'bad_compression',
      callHeaders(['grpc-encoding', 'gzip']),
    ],
    [
      'a bomb',
      message(gzipSync(Buffer.alloc(64 * 2 ** 20)), 1),
      RESOURCE_EXHAUSTED,
      'too_large',
      callHeaders(['grpc-encoding', 'gzip']),
    ],
    ['a timeout that is none', message(good), INVALID_ARGUMENT, 'bad_timeout', callHeaders(['grpc-timeout', 'abc'])],
    ['a negative timeout', message(good), INVALID_ARGUMENT, 'bad_timeout', callHeaders(['grpc-timeout', '-1S'])],
    ['no time at all', message(good), { 'grpc-status': '4' }, 'deadline', callHeaders(['grpc-timeout', '0n'])],
    ['metadata that is no base64', message(good), INVALID_ARGUMENT, 'bad_metadata', callHeaders(['x-bin', 'ä!'])],
    [
      'an unknown method',
      message(good),
      { 'grpc-status': '12' },
      'not_found',
      callHeaders().map(([name, value]) => [name, name === ':path' ? '/a.b/C' : value] as const),
    ],
    [
      'a method that is not POST',
      message(good),
      { ':status': '405' },
      'method_not_allowed',
      callHeaders().map(([name, value]) => [name, name === ':method' ? 'PUT' : value] as const),
    ],
    [
      'another content type',
      message(good),
      { ':status': '415' },
      'bad_content_type',
      callHeaders().map(([name, value]) => [name, name === 'content-type' ? 'application/json' : value] as const),
    ],
  ]
  for (const [name, body, wanted, reason, headers] of rows) {
    const before = receiver.refused.get(reason) ?? 0
    const answer = await answerTo(t, receiver, body, headers)
    t.match(answer, wanted, name)
    t.equal(answer['grpc-status-details-bin'], undefined, `${name}: final`)
    t.equal(receiver.refused.get(reason), before + 1, `${name}: counted as ${reason}`)
  }
  t.ok(await isServed(t, receiver))
  t.equal(receiver.sinks.traces.batches.length, 1)
})

test('a timeout longer than any timer is one', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  t.match(await answerTo(t, receiver, message(good), callHeaders(['grpc-timeout', '99999999H'])), {
    'grpc-status': '0',
  })
  t.equal(receiver.settings.clock.pending, 1, 'nothing but the sweep')
})

test('headers that make a request malformed reset its stream', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const client = await RawHttp2.open(t, receiver.port)
  const base = callHeaders()
  const rows: readonly [name: string, fields: Fields][] = [
    ['upper case', [...base, ['X-Tenant', 'a']]],
    ['a line break', [...base, ['x-tenant', 'a\r\nb']]],
    ['a header of the connection', [...base, ['transfer-encoding', 'chunked']]],
    ['te', [...base, ['te', 'gzip']]],
    ['an unknown pseudo header', [[':nonsense', 'a'], ...base]],
    ['two paths', [[':path', EXPORT], ...base]],
    ['no path', base.filter(([name]) => name !== ':path')],
    ['a pseudo header at the end', [...base.slice(1), base[0]!]],
  ]
  for (const [i, [name, fields]] of rows.entries()) {
    const stream = 1 + 2 * i
    client.headers(stream, fields)
    t.equal(await client.code(FRAME.RST_STREAM, stream), CODE.PROTOCOL_ERROR, name)
  }
  t.equal(receiver.refused.get('bad_request'), rows.length)
  client.headers(99, callHeaders())
  client.data(99, message(good))
  t.match(await client.answer(99), { 'grpc-status': '0' }, 'the connection is as good as before')
})

test('metadata larger than the limit resets the stream, and the table of the connection stays in step', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const client = await RawHttp2.open(t, receiver.port)
  // The small field enters the table in the block that is refused; the next block refers to it.
  const entering = Buffer.concat([Buffer.from([0x40]), blockOf([['x-kept', 'kept']]).subarray(1)])
  const large = blockOf([...callHeaders(), ['x-large', 'x'.repeat(17_000)]])
  client.send(FRAME.HEADERS, 0, 1, Buffer.concat([large.subarray(0, 10_000)]))
  client.send(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, Buffer.concat([large.subarray(10_000), entering]))
  t.equal(await client.code(FRAME.RST_STREAM, 1), CODE.ENHANCE_YOUR_CALM)
  t.equal(receiver.refused.get('headers_too_large'), 1)
  client.send(FRAME.HEADERS, FLAG.END_HEADERS, 3, Buffer.concat([blockOf(callHeaders()), Buffer.from([0xbe])]))
  client.data(3, message(good))
  t.match(await client.answer(3), { 'grpc-status': '0' })
})

test('headers without an end, and frames that carry nothing, end the connection', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes))
  const opening = frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, blockOf(callHeaders()))
  const floods: readonly [name: string, bytes: Buffer][] = [
    [
      'CONTINUATION',
      Buffer.concat([frame(FRAME.HEADERS, 0, 1), times(20, frame(FRAME.CONTINUATION, 0, 1, Buffer.alloc(10)))]),
    ],
    [
      'large CONTINUATION',
      Buffer.concat([frame(FRAME.HEADERS, 0, 1), times(4, frame(FRAME.CONTINUATION, 0, 1, Buffer.alloc(16_000)))]),
    ],
    ['SETTINGS', times(1100, frame(FRAME.SETTINGS, 0, 0))],
    ['PING', times(10, frame(FRAME.PING, 0, 0, Buffer.alloc(8)))],
    ['empty DATA', Buffer.concat([opening, times(1100, frame(FRAME.DATA, 0, 1))])],
    ['padding', Buffer.concat([opening, times(1100, frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.from([3, 0, 0, 0])))])],
    ['PRIORITY', times(1100, frame(FRAME.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 1])))],
    ['unknown types', times(1100, frame(0x77, 0, 0))],
  ]
  for (const [name, bytes] of floods) {
    const client = await RawHttp2.open(t, receiver.port)
    client.socket.write(bytes)
    t.equal(await client.code(FRAME.GOAWAY), CODE.ENHANCE_YOUR_CALM, name)
    await client.closed
  }
  t.equal(receiver.refused.get('flood'), floods.length)
  t.ok(await isServed(t, receiver))
})

test('streams that are reset as fast as they are opened end the connection', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const client = await RawHttp2.open(t, receiver.port)
  const block = blockOf(callHeaders())
  const streams = 100_000
  for (let from = 0; from < streams && !client.socket.destroyed; from += 1000) {
    const frames: Buffer[] = []
    for (let i = from; i < from + 1000; i++)
      frames.push(
        frame(FRAME.HEADERS, FLAG.END_HEADERS, 2 * i + 1, block),
        frame(FRAME.RST_STREAM, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
      )
    client.socket.write(Buffer.concat(frames))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await client.closed
  t.equal(receiver.refused.get('flood'), 1)
  t.ok((receiver.refused.get('aborted') ?? 0) <= 1001)
  t.ok(await isServed(t, receiver))
})

test('more calls at once than allowed are refused one by one', async (t) => {
  const receiver = await startReceiver(t, { grpc: { max_concurrent_streams: 2 } })
  const client = await RawHttp2.open(t, receiver.port)
  for (const stream of [1, 3, 5]) client.headers(stream, callHeaders())
  t.equal(await client.code(FRAME.RST_STREAM, 5), CODE.REFUSED_STREAM)
  t.equal(receiver.refused.get('too_many_streams'), 1)
  for (const stream of [1, 3]) {
    client.data(stream, message(good))
    t.match(await client.answer(stream), { 'grpc-status': '0' })
  }
})

test('a message that does not come ends at its time, and so do headers and introductions', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const { clock } = receiver.settings
  const slow = await RawHttp2.open(t, receiver.port)
  slow.headers(1, callHeaders())
  slow.data(1, message(good).subarray(0, 20), 0)
  await until(() => receiver.host.admittedBytes !== 0)
  await clock.advance(31_000)
  t.match(await slow.answer(1), { 'grpc-status': '4' })
  t.equal(await slow.code(FRAME.RST_STREAM, 1), CODE.NO_ERROR, 'nobody listens any more')
  t.equal(receiver.refused.get('body_timeout'), 1)
  t.equal(receiver.host.admittedBytes, 0)
  const silent = await RawHttp2.open(t, receiver.port, Buffer.alloc(0))
  const unfinished = await RawHttp2.open(t, receiver.port)
  unfinished.send(FRAME.HEADERS, 0, 1, blockOf(callHeaders()))
  t.ok(await unfinished.next(FRAME.SETTINGS))
  await clock.advance(12_000)
  await silent.closed
  await unfinished.closed
  t.equal(receiver.refused.get('header_timeout'), 2)
  t.ok(await isServed(t, receiver))
})

test('who speaks HTTP/1 is told in HTTP/1, and who speaks nothing is hung up on', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const text = await RawHttp2.open(t, receiver.port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'))
  await text.closed
  t.match(
    text.frames.map(({ payload }) => payload.toString('latin1')).join('') + text.rest,
    /400 Bad Request.*speaks gRPC/s,
  )
  const noise = await RawHttp2.open(t, receiver.port, Buffer.alloc(1000, 0xff))
  await noise.closed
  t.equal(receiver.refused.get('not_http2'), 2)
  t.ok(await isServed(t, receiver))
})

test('frames that break the rules end the connection with the right code', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const open = frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, blockOf(callHeaders()))
  const rows: readonly [name: string, bytes: Buffer, code: number][] = [
    ['a frame too long', frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385)), CODE.FRAME_SIZE_ERROR],
    ['DATA of no stream', frame(FRAME.DATA, 0, 5, Buffer.alloc(1)), CODE.PROTOCOL_ERROR],
    ['an even stream', frame(FRAME.HEADERS, FLAG.END_HEADERS, 2), CODE.PROTOCOL_ERROR],
    ['a push', frame(FRAME.PUSH_PROMISE, 0, 1, Buffer.alloc(4)), CODE.PROTOCOL_ERROR],
    [
      'padding beyond the frame',
      Buffer.concat([open, frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.from([9, 0]))]),
      CODE.PROTOCOL_ERROR,
    ],
    [
      'an interrupted block',
      Buffer.concat([frame(FRAME.HEADERS, 0, 1), frame(FRAME.PING, 0, 0, Buffer.alloc(8))]),
      CODE.PROTOCOL_ERROR,
    ],
    ['CONTINUATION of nothing', frame(FRAME.CONTINUATION, 0, 1), CODE.PROTOCOL_ERROR],
    ['a window of nothing', frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(4)), CODE.PROTOCOL_ERROR],
    [
      'a window too large',
      frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.from([127, 255, 255, 255])),
      CODE.FLOW_CONTROL_ERROR,
    ],
    ['SETTINGS of five bytes', frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5)), CODE.FRAME_SIZE_ERROR],
    ['a broken table', frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.from([0xff, 0x7f])), CODE.COMPRESSION_ERROR],
  ]
  for (const [name, bytes, code] of rows) {
    const client = await RawHttp2.open(t, receiver.port)
    client.socket.write(bytes)
    t.equal(await client.code(FRAME.GOAWAY), code, name)
    await client.closed
  }
  t.equal(receiver.refused.get('protocol_error'), rows.length)
  const told = receiver.settings.lines.filter(({ message }) => message === 'a client broke the rules of HTTP/2')
  const causes = told.map(({ fields }): unknown => Reflect.get(fields ?? {}, 'cause'))
  t.ok(causes.includes('SETTINGS of a wrong length'))
  t.equal(new Set(causes).size, causes.length, 'each cause once')
  t.match(told[0], { level: 'warn', fields: { reason: 'protocol_error', peer: '127.0.0.1' } })
  const early = await RawHttp2.open(t, receiver.port, Buffer.concat([PREFACE, open]))
  t.equal(await early.code(FRAME.GOAWAY), CODE.PROTOCOL_ERROR, 'HEADERS before SETTINGS')
  t.ok(await isServed(t, receiver))
})

test('a call cut into single bytes is as good as a whole one', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  const client = await RawHttp2.open(t, receiver.port, Buffer.alloc(0))
  const bytes = Buffer.concat([
    PREFACE,
    frame(FRAME.SETTINGS, 0, 0),
    frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, blockOf(callHeaders())),
    frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.concat([Buffer.from([4]), message(good).subarray(0, 9), Buffer.alloc(4)])),
    frame(FRAME.DATA, FLAG.END_STREAM, 1, message(good).subarray(9)),
  ])
  client.socket.setNoDelay(true)
  for (const byte of bytes) {
    client.socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.match(await client.answer(1), { 'grpc-status': '0' })
  t.ok(bytesOf(receiver.sinks.traces.batches[0]!).equals(good))
})

test('random bytes after the introduction never do more than end the connection', async (t) => {
  const receiver = await startReceiver(t, { grpc: {} })
  let state = 42
  const random = (below: number): number => (state = (state * 48271) % 0x7fffffff) % below
  let cases = 0
  for (; cases < 150; cases++) {
    const client = await RawHttp2.open(t, receiver.port)
    const frames: Buffer[] = [frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, blockOf(callHeaders()))]
    for (let i = 0; i < 20; i++) {
      const payload = Buffer.from(Array.from({ length: random(60) }, () => random(256)))
      frames.push(frame(random(11), random(64), random(5), payload))
    }
    client.socket.write(Buffer.concat(frames))
    client.socket.end()
    await client.closed
  }
  t.ok(await isServed(t, receiver))
  t.ok(cases > 0)
})
