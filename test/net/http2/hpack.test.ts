import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { test } from 'tap'
import type { HeaderField } from '../../../src/net/http2/field.ts'
import { FLAG, FRAME, PREFACE, readUint24 } from '../../../src/net/http2/frames.ts'
import { CompressionError, HpackDecoder, writeField } from '../../../src/net/http2/hpack.ts'
import { decodeHuffman } from '../../../src/net/http2/huffman.ts'
import { ByteWriter } from '../../../src/wire/writer.ts'
import { frame } from '../../kit/raw-http2.ts'
import { until } from '../../kit/until.ts'

const decode = (decoder: HpackDecoder, hex: string): string[] => {
  const bytes = Buffer.from(hex.replace(/\s/g, ''), 'hex')
  const fields: string[] = []
  decoder.decode(bytes, 0, bytes.length, {
    add: ({ name, value }: HeaderField) => void fields.push(`${name}: ${value}`),
  })
  return fields
}

test('the examples of the RFC come out as they should, table included', async (t) => {
  // RFC 7541 C.3 (plain) and C.4 (Huffman), three requests each
  const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']
  const second = [...first, 'cache-control: no-cache']
  const third = [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ]
  for (const blocks of [
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ]) {
    const decoder = new HpackDecoder()
    t.same(
      blocks.map((block) => decode(decoder, block)),
      [first, second, third],
    )
  }
})

test('a table that is too small forgets the oldest', async (t) => {
  // RFC 7541 C.5 sets the table to 256 bytes; here by an update at the beginning of a block
  const decoder = new HpackDecoder()
  decode(decoder, '3f e1 01') // 256
  const block = (value: string) => `40 01 61 78${Buffer.alloc(120, value).toString('hex')}`
  decode(decoder, block('x'))
  t.match(decode(decoder, 'be')[0], /^a: x{120}$/)
  decode(decoder, block('y'))
  t.match(decode(decoder, 'be')[0], /^a: y{120}$/)
  t.throws(() => decode(decoder, 'bf'), CompressionError, 'x had to go')
  decode(decoder, '20')
  t.throws(() => decode(decoder, 'be'), CompressionError, 'a table of nothing')
  decode(decoder, `40 01 61 7f ff 3f${Buffer.alloc(8318, 'z').toString('hex')}`)
  t.throws(() => decode(decoder, 'be'), CompressionError, 'an entry larger than the table empties it')
})

test('what nghttp2 writes is what we read, whatever the bytes', async (t) => {
  const decoder = new HpackDecoder()
  const seen: string[][] = []
  let socket: Socket | undefined
  const server = createServer((accepted) => {
    socket = accepted
    let received = Buffer.alloc(0)
    accepted.on('error', () => {})
    accepted.write(frame(FRAME.SETTINGS, 0, 0))
    accepted.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      if (received.subarray(0, 3).equals(PREFACE.subarray(0, 3))) {
        if (received.length < PREFACE.length) return
        received = received.subarray(PREFACE.length)
      }
      while (received.length >= 9 && received.length >= 9 + readUint24(received, 0)) {
        const length = readUint24(received, 0)
        if (received[3] === FRAME.HEADERS) {
          const isPrioritized = (received[4]! & FLAG.PRIORITY) !== 0
          const fields: string[] = []
          decoder.decode(received, 9 + (isPrioritized ? 5 : 0), 9 + length, {
            add: ({ name, value }) => void fields.push(`${name}: ${value}`),
          })
          seen.push(fields)
        }
        received = received.subarray(9 + length)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  session.on('error', () => {})
  const every = Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i)).join('')
  const latin = Array.from({ length: 0x60 }, (_, i) => String.fromCharCode(0xa0 + i)).join('')
  const sent: string[][] = []
  let state = 7
  for (let round = 0; round < 60; round++) {
    const fields: [string, string][] = [
      ['x-every', every.slice(round)],
      ['x-latin', latin.slice(round)],
    ]
    for (let i = 0; i < 5; i++) {
      state = (state * 48271) % 0x7fffffff
      fields.push([`x-${state % 7}-${i}`, 'v'.repeat(state % 400) + String(state % 3)])
    }
    const stream = session.request({ ':path': `/${round % 3}`, ...Object.fromEntries(fields) }, { endStream: true })
    stream.on('error', () => {})
    sent.push(fields.map(([name, value]) => `${name}: ${value}`))
  }
  await until(() => seen.length >= sent.length)
  for (const [i, fields] of sent.entries())
    for (const field of fields) t.ok(seen[i]!.includes(field), field.slice(0, 40))
  session.destroy()
  socket?.destroy()
  server.close()
})

test('what we write, we read', async (t) => {
  const out = new ByteWriter(16)
  const fields = [
    [':status', '200'],
    ['content-type', 'application/grpc'],
    ['grpc-message', 'x'.repeat(5000)],
    ['a', ''],
  ] as const
  for (const [name, value] of fields) writeField(out, name, value)
  t.same(
    decode(new HpackDecoder(), out.take().toString('hex')),
    fields.map(([name, value]) => `${name}: ${value}`),
  )
})

test('a block that is none ends in an error, wherever it is cut or flipped', async (t) => {
  const whole = Buffer.from(
    '828684410f7777772e6578616d706c652e636f6d4088 25a849e95ba97d7f8925a849e95bb8e8b4bf'.replace(' ', ''),
    'hex',
  )
  let errors = 0
  let cases = 0
  const attempt = (bytes: Buffer): void => {
    cases++
    try {
      new HpackDecoder().decode(bytes, 0, bytes.length, { add() {} })
    } catch (error) {
      errors++
      if (!(error instanceof CompressionError)) t.fail(`${error}`)
    }
  }
  for (let end = 0; end < whole.length; end++) attempt(whole.subarray(0, end))
  for (let at = 0; at < whole.length; at++)
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= 1 << bit
      attempt(flipped)
    }
  for (const hex of ['80', 'ff ff ff ff ff ff', 'ff', '40', '3f e2 1f', '40 01 61', '00 01 61 ff ff ff ff 7f', '82 20'])
    t.throws(() => decode(new HpackDecoder(), hex), CompressionError, hex)
  t.ok(cases > 0)
  t.ok(errors > 0)
})

test('padding of a Huffman code is the beginning of the end of the string', async (t) => {
  const target = Buffer.alloc(16)
  const huffman = (...bytes: number[]) => decodeHuffman(Uint8Array.from(bytes), 0, bytes.length, target)
  t.equal(huffman(0b00011_111), 1, 'a, and three ones')
  t.equal(huffman(0b00011_110), -1, 'a, and no padding')
  t.equal(huffman(0b00011_111, 0xff), -1, 'padding of an octet and more')
  t.equal(huffman(0xff, 0xff, 0xff, 0xff), -1, 'the end of the string itself')
  t.equal(decodeHuffman(Uint8Array.from([0b00011_000, 0b11_00011_1]), 0, 2, Buffer.alloc(2)), -1, 'no room')
})
