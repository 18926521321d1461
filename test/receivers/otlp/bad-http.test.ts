// Bad input over HTTP. Each row: the right status, the counter moved, and the next good request served.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { decodeStatus } from '../../../src/net/status.ts'
import { items } from '../../kit/otlp.ts'
import { bytesOf, isServed, type StartedReceiver, send, startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

const MiB = 1024 * 1024
const good = bytesOf(items.traces(1))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function opened(t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** What comes back for these bytes until the server closes; `end` closes our side first. */
async function say(t: Test, port: number, bytes: string | Uint8Array, end = false): Promise<string> {
  const socket = await opened(t, port)
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  const closed = once(socket, 'close').catch(() => {})
  socket.write(bytes)
  if (end) socket.end()
  await closed
  return Buffer.concat(pieces).toString('latin1')
}

const post = (more: string, path = '/v1/traces'): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-protobuf\r\n${more}\r\n`

/** Sends each row, and checks status, counter, and that the receiver is as good as before. */
async function checkRows(
  t: Test,
  receiver: StartedReceiver,
  rows: readonly (readonly [name: string, bytes: string | Uint8Array, status: number, reason: string])[],
): Promise<void> {
  for (const [name, bytes, status, reason] of rows) {
    const before = receiver.refused.get(reason) ?? 0
    t.match(await say(t, receiver.port, bytes), new RegExp(`^HTTP/1.1 ${status} `), name)
    t.equal(receiver.refused.get(reason), before + 1, `${name}: counted as ${reason}`)
  }
  t.equal(receiver.host.admittedBytes, 0)
  t.ok(await isServed(receiver))
}

test('requests that are none', async (t) => {
  const receiver = await startReceiver(t)
  const body = good.toString('latin1')
  await checkRows(t, receiver, [
    ['a target without a path', post(`Content-Length: 0\r\n`, 'http://'), 400, 'bad_request'],
    ['a target of two slashes', post(`Content-Length: 0\r\n`, '//'), 400, 'bad_request'],
    ['a target that is a percent sign', post(`Content-Length: 0\r\n`, '%'), 400, 'bad_request'],
    ['a path with half an escape', post(`Content-Length: 0\r\n`, '/v1/%f'), 400, 'bad_request'],
    ['a header of 20 KB', post(`X: ${'x'.repeat(20_000)}\r\n`), 431, 'headers_too_large'],
    ['10,000 headers', post('a: b\r\n'.repeat(10_000)), 431, 'headers_too_large'],
    ['a content type of 1 MB', post(`Content-Type: a/b; c=${'x'.repeat(MiB)}\r\n`), 431, 'headers_too_large'],
    [
      'two lengths of a body',
      `${post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`,
      400,
      'bad_request',
    ],
    ['two different lengths', `${post('Content-Length: 4\r\nContent-Length: 5\r\n')}abcd`, 400, 'bad_request'],
    ['a negative length', post('Content-Length: -1\r\n'), 400, 'bad_request'],
    ['a length of 2^64', post('Content-Length: 18446744073709551616\r\n'), 400, 'bad_request'],
    ['a length that is a word', post('Content-Length: many\r\n'), 400, 'bad_request'],
    [
      'a chunk with an extension of 10 MB',
      `${post('Transfer-Encoding: chunked\r\n')}1;${'x'.repeat(10 * MiB)}\r\na\r\n0\r\n\r\n`,
      413,
      'too_large',
    ],
    ['a chunk of a wrong length', `${post('Transfer-Encoding: chunked\r\n')}zz\r\n`, 400, 'bad_request'],
    ['no HTTP at all', `${body}\r\n\r\n`, 400, 'bad_request'],
    ['a bare line feed in a header', post('X: a\n b\r\nContent-Length: 0\r\n'), 400, 'bad_request'],
  ])
  const noHost = 'POST /v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n'
  t.match(await say(t, receiver.port, noHost, true), /^HTTP\/1.1 400 /)
})

test('requests for something else', async (t) => {
  const receiver = await startReceiver(t)
  const { url } = receiver
  const table = [
    ['GET', '/v1/traces', {}, 405, 'method_not_allowed'],
    ['PUT', '/v1/traces', {}, 405, 'method_not_allowed'],
    ['OPTIONS', '/v1/traces', {}, 405, 'method_not_allowed'],
    ['POST', '/v1/nothing', {}, 404, 'not_found'],
    ['POST', '/v1/traces/', {}, 404, 'not_found'],
    ['POST', '/', {}, 404, 'not_found'],
    ['POST', '/v1/traces', { 'content-type': 'text/plain' }, 415, 'bad_content_type'],
    ['POST', '/v1/traces', { 'content-type': '' }, 415, 'bad_content_type'],
    ['POST', '/v1/traces', { 'content-type': 'application/json; charset=utf-16' }, 415, 'bad_content_type'],
    ['POST', '/v1/traces', { 'content-encoding': 'br' }, 415, 'bad_content_encoding'],
    ['POST', '/v1/traces', { 'content-encoding': 'br' }, 415, 'bad_content_encoding'],
    ['POST', '/v1/traces', { 'content-encoding': Array(50).fill('gzip').join(', ') }, 415, 'bad_content_encoding'],
  ] as const
  for (const [method, path, headers, status, reason] of table) {
    const before = receiver.refused.get(reason) ?? 0
    const answer = await send(url + path, method === 'POST' ? good : '', { method, headers })
    const name = `${method} ${path} ${JSON.stringify(headers)}`
    t.equal(answer.status, status, name)
    t.equal(receiver.refused.get(reason), before + 1, name)
    if (status === 405) t.equal(answer.headers.allow, 'POST')
    if (reason === 'bad_content_encoding')
      t.match(String(answer.body), /supported: \[gzip, zstd, zlib, snappy, deflate, lz4, x-snappy-framed, identity\]/)
  }
  const taken = [
    'application/x-protobuf; x=y',
    'Application/X-Protobuf',
    'application/json;charset=UTF-8',
    'application/json',
  ]
  for (const type of taken)
    t.equal(
      (await send(`${url}/v1/traces`, type.includes('json') ? '{}' : good, { headers: { 'content-type': type } }))
        .status,
      200,
      type,
    )
  t.match(await say(t, receiver.port, post('Content-Length: 0\r\n', 'http://some.where:1/v1/traces')), /^HTTP\/1.1 200/)
  t.ok(await isServed(receiver))
})

test('bodies that are too large, before and after decompression', async (t) => {
  const receiver = await startReceiver(t, { http: { max_request_body_size: MiB } })
  const url = `${receiver.url}/v1/traces`
  const encoded = (encoding: string) => ({ headers: { 'content-encoding': encoding } })
  const zeros = Buffer.alloc(256 * MiB)
  const gzip = gzipSync(zeros, { level: 9 })
  const bombs: readonly (readonly [string, Buffer, object])[] = [
    ['plain', Buffer.alloc(MiB + 1), {}],
    ['plain, in chunks', Buffer.alloc(MiB + 1), { headers: { 'transfer-encoding': 'chunked' } }],
    ['plain, much too large', Buffer.alloc(30 * MiB), {}],
    ['gzip of 260 KB for 256 MiB', gzip, encoded('gzip')],
    ['gzip that lies about its size', Buffer.concat([gzip.subarray(0, -4), Buffer.alloc(4)]), encoded('gzip')],
    ['zstd', zstdCompressSync(zeros), encoded('zstd')],
    ['zstd with a window of gigabytes', Buffer.from('28b52ffd00b0010000', 'hex'), encoded('zstd')],
    ['deflate without a header', deflateRawSync(Buffer.alloc(8 * MiB)), encoded('deflate')],
  ]
  const before = process.memoryUsage.rss()
  for (const [name, body, options] of bombs) {
    const answer = await send(url, body, options)
    t.equal(answer.status, 413, name)
    t.match(decodeStatus(answer.body), { code: 8, retryDelayMs: undefined }, `${name}: final`)
  }
  t.ok(process.memoryUsage.rss() - before < 128 * MiB, 'no bomb was unpacked; most of it is what the test itself sends')
  t.equal(receiver.refused.get('too_large'), bombs.length)
  t.equal(receiver.host.admittedBytes, 0)
  t.equal((await send(url, Buffer.concat([good, Buffer.alloc(0)]))).status, 200)
  t.ok(await isServed(receiver))
})

test('a body that is announced larger than the limit is refused before it is sent', async (t) => {
  const receiver = await startReceiver(t)
  const answer = await say(t, receiver.port, post('Content-Length: 99999999999\r\n'), true)
  t.match(answer, /^HTTP\/1.1 413 .*Connection: close/s)
  t.ok(await isServed(receiver))
})

test('who goes on sending a body that was refused is cut off after a MiB', async (t) => {
  const receiver = await startReceiver(t)
  const socket = await opened(t, receiver.port)
  let isClosed = false
  socket.on('close', () => (isClosed = true))
  socket.write(post('Content-Length: 99999999999\r\n'))
  t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 413 /)
  const piece = Buffer.alloc(64 * 1024)
  let sentBytes = 0
  // Time stands still: the limit of two seconds does not come.
  await until(() => {
    if (!socket.destroyed && socket.writableLength === 0) {
      socket.write(piece)
      sentBytes += piece.length
    }
    return isClosed
  })
  t.ok(sentBytes >= MiB, `${sentBytes}`)
  t.ok(await isServed(receiver))
})

test('bodies that are damaged', async (t) => {
  const receiver = await startReceiver(t)
  const url = `${receiver.url}/v1/traces`
  const gzip = gzipSync(good)
  const badCrc = Buffer.from(gzip)
  badCrc[badCrc.length - 6]! ^= 0xff
  const rows: readonly (readonly [string, Buffer])[] = [
    ['cut short', gzip.subarray(0, -5)],
    ['a wrong checksum', badCrc],
    ['garbage behind it', Buffer.concat([gzip, Buffer.from('garbage')])],
    ['no gzip', good],
    ['nothing', Buffer.alloc(0)],
  ]
  for (const [name, body] of rows) {
    const answer = await send(url, body, { headers: { 'content-encoding': 'gzip' } })
    t.equal(answer.status, 400, name)
    t.equal(decodeStatus(answer.body)!.code, 3, name)
  }
  t.equal(receiver.refused.get('bad_compression'), rows.length)
  const members = Buffer.concat([gzip, gzip])
  t.equal((await send(url, members, { headers: { 'content-encoding': 'gzip' } })).status, 200, 'members in a row')
  t.equal(receiver.sinks.traces.items, 2)
  t.ok(await isServed(receiver))
})

test('a body that stops in the middle is nobody’s', async (t) => {
  const receiver = await startReceiver(t)
  const head = post(`Content-Length: ${good.length + 1}\r\n`)
  const socket = await opened(t, receiver.port)
  socket.write(Buffer.concat([Buffer.from(head), good]))
  await until(() => receiver.host.admittedBytes !== 0)
  socket.destroy()
  await until(() => receiver.refused.get('aborted') === 1)
  t.equal(receiver.host.admittedBytes, 0)
  t.equal(receiver.sinks.traces.batches.length, 0)
  t.ok(await isServed(receiver))
})

test('thousands that go away in the middle leave nothing behind', async (t) => {
  const receiver = await startReceiver(t)
  const bytes = Buffer.concat([Buffer.from(post(`Content-Length: ${good.length + 1}\r\n`)), good])
  const times = 2000
  for (let done = 0; done < times; done += 50)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(receiver.port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.write(bytes)
        await turn()
        socket.resetAndDestroy()
        await once(socket, 'close')
      }),
    )
  t.ok(await isServed(receiver))
  await until(() => receiver.host.admittedBytes === 0)
  t.ok((receiver.refused.get('aborted') ?? 0) <= times)
  await receiver.stop()
  t.equal(receiver.settings.clock.pending, 0, 'nothing is watched any more')
})

test('a body that trickles ends at its time, unless it is fast enough', async (t) => {
  const receiver = await startReceiver(t)
  const { clock } = receiver.settings
  const trickle = await opened(t, receiver.port)
  const answers: Buffer[] = []
  trickle.on('data', (piece: Buffer) => answers.push(piece))
  trickle.write(Buffer.concat([Buffer.from(post(`Content-Length: ${good.length}\r\n`)), good.subarray(0, 10)]))
  await until(() => receiver.host.admittedBytes !== 0)
  await clock.advance(29_000)
  t.equal(receiver.refused.get('body_timeout') ?? 0, 0)
  await clock.advance(3000)
  await until(() => answers.length !== 0)
  t.match(String(answers[0]), /^HTTP\/1.1 408 /)
  t.equal(receiver.refused.get('body_timeout'), 1)
  t.equal(receiver.host.admittedBytes, 0)
  const large = bytesOf(items.traces(20_000))
  const steady = await opened(t, receiver.port)
  steady.write(Buffer.concat([Buffer.from(post(`Content-Length: ${large.length}\r\n`)), large.subarray(0, 100_000)]))
  await until(() => receiver.host.admittedBytes >= 100_000)
  await clock.advance(60_000)
  const answered = once(steady, 'data')
  steady.write(large.subarray(100_000))
  t.match(String((await answered)[0]), /^HTTP\/1.1 200 /, 'a minute for 100 KB is fast enough')
  t.ok(await isServed(receiver))
})

test('read_timeout and write_timeout are kept', async (t) => {
  const receiver = await startReceiver(t, { http: { read_timeout: '5s', write_timeout: '8s' } })
  const { clock } = receiver.settings
  const slow = await opened(t, receiver.port)
  slow.write(Buffer.concat([Buffer.from(post(`Content-Length: ${good.length}\r\n`)), good.subarray(0, 10)]))
  await until(() => receiver.host.admittedBytes !== 0)
  await clock.advance(6000)
  t.match(String((await once(slow, 'data'))[0]), /^HTTP\/1.1 408 /)
  let acknowledge: () => void = () => {}
  receiver.sinks.traces.gate = new Promise((resolve) => (acknowledge = resolve))
  const lost = t.rejects(send(`${receiver.url}/v1/traces`, good), { code: 'ECONNRESET' })
  await until(() => receiver.host.admittedBytes !== 0)
  await clock.advance(9000)
  await lost
  t.equal(receiver.refused.get('write_timeout'), 1)
  t.equal(receiver.host.admittedBytes, good.length, 'the pipeline still has them')
  acknowledge()
  await turn()
  t.equal(receiver.host.admittedBytes, 0)
})

test('headers that do not come end the connection, and good requests are served meanwhile', async (t) => {
  const receiver = await startReceiver(t, { http: { read_header_timeout: '100ms' } })
  const closed: Promise<unknown>[] = []
  // On a busy machine the first is closed before the last is there.
  const slow = Array.from({ length: 200 }, async () => {
    const socket = await opened(t, receiver.port)
    closed.push(once(socket.resume(), 'close'))
    socket.write('POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  })
  await Promise.all(slow)
  t.ok(await isServed(receiver))
  await Promise.all(closed)
  t.equal(receiver.refused.get('header_timeout'), slow.length)
  t.ok(await isServed(receiver))
})

test('more connections than allowed are closed at once when the others are in use, and these go on', async (t) => {
  const receiver = await startReceiver(t)
  const request = Buffer.concat([Buffer.from(post(`Content-Length: ${good.length}\r\n`)), good])
  const sockets: Socket[] = []
  for (let i = 0; i < 1024; i++) {
    sockets.push(await opened(t, receiver.port))
    sockets[i]!.write(request.subarray(0, -1))
  }
  await until(() => receiver.host.admittedBytes >= 1024 * good.length)
  const tooMany = await opened(t, receiver.port)
  await once(tooMany.resume(), 'close')
  t.equal(receiver.refused.get('too_many_connections'), 1)
  const answered = once(sockets[0]!, 'data')
  sockets[0]!.write(request.subarray(-1))
  t.match(String((await answered)[0]), /^HTTP\/1.1 200/)
  for (const socket of sockets) socket.destroy()
  await until(() => isServed(receiver).catch(() => false))
  t.pass('served again')
})

/** A span with one attribute, whose value is a list of a list of a list. */
function spanWithDepth(depth: number): Buffer {
  let message = Buffer.from([0x10, 1])
  const wrap = (field: number): void => {
    const size: number[] = []
    let left = message.length
    for (; left > 127; left >>>= 7) size.push((left & 127) | 128)
    message = Buffer.concat([Buffer.from([field * 8 + 2, ...size, left]), message])
  }
  for (let level = 0; level < depth; level++) for (const field of [1, 5]) wrap(field)
  for (const field of [2, 9, 2, 2, 1]) wrap(field)
  return message
}

test('messages that are none', async (t) => {
  const receiver = await startReceiver(t)
  const url = `${receiver.url}/v1/traces`
  const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
  const rows: readonly (readonly [string, Buffer])[] = [
    ['a varint of 11 bytes', hex('0a0d 1201 08 ffffffffffffffffffff01')],
    ['longer than what remains', hex('0aff01 00')],
    ['a negative length', hex('0affffffff0f')],
    ['groups', Buffer.alloc(100_000, 0x0b)],
    ['wire type 6', hex('0e')],
    ['wire type 7', hex('0f')],
    ['field 0', hex('0200')],
    ['a span of a trace id of 15 bytes', hex('0a 15 12 13 12 11 0a 0f 000000000000000000000000000000')],
  ]
  for (const [name, body] of rows) {
    const answer = await send(url, body)
    t.equal(answer.status, 400, name)
    t.equal(decodeStatus(answer.body)!.code, 3, name)
  }
  t.equal(receiver.refused.get('malformed'), rows.length)
  const nested = await send(url, spanWithDepth(10_000))
  t.equal(nested.status, 400)
  t.match(decodeStatus(nested.body)!.message, /32/)
  t.equal((await send(url, spanWithDepth(10))).status, 200)
  t.ok(await isServed(receiver))
})

test('messages that are odd are messages', async (t) => {
  const receiver = await startReceiver(t)
  const url = `${receiver.url}/v1/traces`
  const emptyResources = Buffer.alloc(2_000_000)
  for (let at = 0; at < emptyResources.length; at += 2) emptyResources[at] = 0x0a
  t.equal((await send(url, emptyResources)).status, 200, 'a million resources without a span')
  t.equal(receiver.sinks.traces.batches.length, 0)
  const unknown = Buffer.concat([good, Buffer.from([0xfa, 0x07, 0xc0, 0x96, 0xb1, 0x02]), Buffer.alloc(5_000_000)])
  t.equal((await send(url, unknown)).status, 200, '5 MB of a field that nobody knows')
  t.ok(bytesOf(receiver.sinks.traces.batches[0]!).equals(unknown), 'kept as it came')
  const span = (...fields: number[]) =>
    Buffer.from([0x0a, fields.length + 4, 0x12, fields.length + 2, 0x12, fields.length, ...fields])
  t.equal(
    (await send(url, span(0x0a, 16, ...new Array<number>(16).fill(0)))).status,
    200,
    'a trace id of zeros, as in the collector',
  )
  t.equal((await send(url, span(0x2a, 2, 0xc3, 0x28))).status, 200, 'a name that is no UTF-8')
  let name = ''
  receiver.sinks.traces.batches.at(-1)!.visit({ onSpan: (span) => void (name = span.name) })
  t.equal(name, '\ufffd(')
  t.ok(await isServed(receiver))
})

test('random bytes are refused quickly, or are a message by chance', async (t) => {
  const receiver = await startReceiver(t)
  let state = 11
  let cases = 0
  for (; cases < 300; cases++) {
    const body = Buffer.from(Array.from({ length: cases }, () => (state = (state * 48271) % 0x7fffffff) & 255))
    const { status } = await send(`${receiver.url}/v1/traces`, body)
    if (status !== 400 && status !== 200) t.fail(`status ${status}`)
  }
  t.ok(cases > 0)
  t.ok(await isServed(receiver))
})

test('JSON that is none, in JSON', async (t) => {
  const receiver = await startReceiver(t)
  const url = `${receiver.url}/v1/traces`
  const json = { headers: { 'content-type': 'application/json' } }
  const span = (fields: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`
  const bad: readonly (readonly [string, string])[] = [
    ['a million levels', '['.repeat(1_000_000)],
    ['a million levels of a field nobody knows', `{"x":${'['.repeat(1_000_000)}`],
    ['a bare NaN', span('"attributes":[{"key":"a","value":{"doubleValue":NaN}}]')],
    ['an enum by name', span('"kind":"SPAN_KIND_SERVER"')],
    ['an integer that is none', span('"attributes":[{"key":"a","value":{"intValue":"1e3"}}]')],
    ['a double too large', span('"attributes":[{"key":"a","value":{"doubleValue":1e400}}]')],
    ['cut short', span('"name":"a"').slice(0, -3)],
    ['a comma too many', span('"name":"a",')],
    ['two documents', `${span('"name":"a"')}\n${span('"name":"b"')}`],
    ['a trace id in base64', span('"traceId":"W47/95gDgQPSabYzgT/GDA=="')],
    ['protobuf', good.toString('latin1')],
  ]
  for (const [name, body] of bad) {
    const answer = await send(url, body, json)
    t.equal(answer.status, 400, name)
    t.equal(answer.headers['content-type'], 'application/json', name)
    t.match(JSON.parse(String(answer.body)), { code: 3, message: /./ }, name)
  }
  t.equal(receiver.refused.get('malformed'), bad.length)
  const attributes = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'].map(
    (key) => `{"key":"${key}","value":{"stringValue":"${key}"}}`,
  )
  const fine = await send(
    url,
    span(
      `"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","unknown":[{}],"attributes":[${attributes.join(',')}]`,
    ),
    json,
  )
  t.equal(fine.status, 200)
  t.equal(String(fine.body), '{"partialSuccess":{}}')
  const keys: string[] = []
  receiver.sinks.traces.batches[0]!.visit({
    onSpan(span) {
      span.attributes.forEach((key, value) => void keys.push(`${key}=${value}`))
    },
  })
  t.same(
    keys,
    ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'].map((key) => `${key}=${key}`),
  )
  t.equal(({} as Record<string, unknown>).stringValue, undefined)
  t.ok(await isServed(receiver))
})

test('pages of other origins may send when the settings say so', async (t) => {
  const receiver = await startReceiver(t, {
    http: {
      cors: {
        allowed_origins: ['https://*.example.com', 'http://localhost:3000'],
        allowed_headers: ['X-Key'],
        max_age: 600,
        exposed_headers: ['X-Seen'],
      },
      response_headers: { 'X-Seen': 'yes' },
    },
  })
  const url = `${receiver.url}/v1/traces`
  const preflight = (origin: string, headers = 'x-key') =>
    send(url, '', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
    })
  const allowed = await preflight('https://app.example.com')
  t.equal(allowed.status, 204)
  t.match(allowed.headers, {
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'x-key',
    'access-control-max-age': '600',
    'x-seen': 'yes',
  })
  for (const origin of ['https://example.com.evil.org', 'https://evil.org', 'null', 'http://localhost:3001'])
    t.equal((await preflight(origin)).headers['access-control-allow-origin'], undefined, origin)
  t.equal((await preflight('https://app.example.com', 'x-other')).headers['access-control-allow-origin'], undefined)
  const actual = await send(url, good, { headers: { origin: 'http://localhost:3000' } })
  t.match(actual.headers, {
    'access-control-allow-origin': 'http://localhost:3000',
    'access-control-expose-headers': 'X-Seen',
    vary: 'Origin',
  })
  t.equal(
    (await send(url, good, { headers: { origin: 'https://evil.org' } })).headers['access-control-allow-origin'],
    undefined,
  )
  const anybody = await startReceiver(t, { http: { cors: { allowed_origins: ['*'], allowed_headers: ['*'] } } })
  const open = await send(`${anybody.url}/v1/traces`, '', {
    method: 'OPTIONS',
    headers: {
      origin: 'https://x.y',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'a,b',
    },
  })
  t.match(open.headers, { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'a,b' })
})
