// Snappy and LZ4: what others pack is unpacked, what we pack others unpack, and nothing that comes from outside does harm.
import { createRequire } from 'node:module'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { test } from 'tap'
import { crc32c } from '../../src/wire/crc32c.ts'
import { compressLz4, decompressLz4, lz4Length } from '../../src/wire/lz4.ts'
import { compressSnappy } from '../../src/wire/snappy.ts'
import {
  compressSnappyStream,
  decompressSnappy,
  decompressSnappyStream,
  snappyLength,
} from '../../src/wire/snappy-reader.ts'
import { xxHash32 } from '../../src/wire/xxhash32.ts'
import { seeded } from '../data/random.ts'

const snappy = createRequire(import.meta.url)('snappyjs') as { compress(bytes: Uint8Array): Uint8Array }
const LIMIT = 16 * 2 ** 20

/** Of every size and kind: random, repeated, words. */
function* inputs(seed: number): Generator<Buffer> {
  const random = seeded(seed)
  for (const size of [0, 1, 4, 11, 12, 13, 14, 15, 16, 17, 100, 65_535, 65_536, 65_537, 300_000, 1_100_000]) {
    yield Buffer.alloc(size, 'a')
    yield Buffer.from(Array.from({ length: Math.min(size, 200_000) }, () => random(256)))
    let text = ''
    while (text.length < size) text += `span ${random(50)} route=/api/${random(9)}/orders status=${200 + random(5)}\n`
    yield Buffer.from(text.slice(0, size))
  }
}

test('known checksums', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  t.equal(crc32c(Buffer.alloc(0)), 0)
  t.equal(xxHash32(Buffer.alloc(0)), 0x02cc5d05)
  t.equal(xxHash32(Buffer.from('a')), 0x550d7456)
  t.equal(xxHash32(Buffer.from('abc')), 0x32d153ff)
  t.equal(xxHash32(Buffer.from('Nobody inspects the spammish repetition')), 0xe2293b2f)
})

test('LZ4 frames, there and back, ours and those of others', async (t) => {
  let cases = 0
  for (const input of inputs(1)) {
    const ours = compressLz4(input)
    t.ok(decompressFrameSync(ours).equals(input), `others read ${input.length} bytes`)
    t.equal(lz4Length(ours) ?? 0, input.length)
    for (const theirs of [
      compressFrameSync(input),
      compressFrameSync(input, { contentChecksum: true, blockChecksums: true } as never),
      ours,
      Buffer.concat([ours, Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9])]),
    ])
      t.ok(decompressLz4(theirs, LIMIT).equals(input), `we read ${input.length} bytes`)
    t.ok(decompressLz4(Buffer.concat([ours, ours]), LIMIT).equals(Buffer.concat([input, input])))
    cases++
  }
  t.ok(cases > 0)
})

test('snappy, blocks and streams, ours and those of others', async (t) => {
  let cases = 0
  for (const input of inputs(2)) {
    const block = Buffer.from(compressSnappy(input))
    t.ok(decompressSnappy(block, LIMIT).equals(input))
    t.ok(decompressSnappy(Buffer.from(snappy.compress(input)), LIMIT).equals(input))
    t.equal(snappyLength(block), input.length)
    t.ok(decompressSnappyStream(compressSnappyStream(input), LIMIT).equals(input))
    cases++
  }
  // From the description of the format: identifier, a chunk that is passed over, one as it is.
  const plain = Buffer.from('ff060000734e61507059' + 'fe0100007a' + '0109000027f0ec4a' + '3132333435', 'hex')
  const sum = Buffer.alloc(4)
  const crc = crc32c(Buffer.from('12345'))
  sum.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0)
  sum.copy(plain, 19)
  t.equal(decompressSnappyStream(plain, LIMIT).toString(), '12345')
  t.ok(cases > 0)
})

test('a bomb does not go off: no more than the limit comes out, or is asked for', async (t) => {
  const zeros = Buffer.alloc(4 * 2 ** 20)
  const large = { name: 'UnpackedTooLargeError' }
  const limit = 2 ** 20
  for (const packed of [compressLz4(zeros), compressFrameSync(zeros)])
    t.throws(() => decompressLz4(packed, limit), large)
  t.throws(() => decompressSnappy(Buffer.from(compressSnappy(zeros)), limit), large)
  t.throws(() => decompressSnappyStream(compressSnappyStream(zeros), limit), large)
  t.throws(
    () => decompressSnappy(Buffer.from('ffffffff0f00', 'hex'), LIMIT),
    { name: 'DamagedError' },
    'four GiB in six bytes',
  )
  t.equal(lz4Length(Buffer.from('04224d1868700000000000ff00000000000000', 'hex')), undefined)
  t.ok(decompressLz4(compressLz4(zeros), zeros.length).equals(zeros), 'exactly the limit is no more than it')
})

test('damaged bytes are told, whatever is done to them', async (t) => {
  const random = seeded(3)
  const input = Buffer.from(Array.from({ length: 3000 }, (_, i) => `label ${i % 17} value ${i % 5};`).join(''))
  const table: [unpack: (bytes: Buffer, limit: number) => Buffer, packed: Buffer][] = [
    [decompressLz4, compressFrameSync(input, { contentChecksum: true } as never)],
    [decompressLz4, compressLz4(input)],
    [decompressSnappy, Buffer.from(compressSnappy(input))],
    [decompressSnappyStream, compressSnappyStream(input)],
  ]
  let refused = 0
  for (const [unpack, packed] of table) {
    const tell = (bytes: Buffer): void => {
      try {
        t.ok(unpack(bytes, LIMIT).length <= LIMIT)
      } catch (error) {
        refused++
        const { name } = error as Error
        if (name !== 'DamagedError' && name !== 'UnpackedTooLargeError') t.fail(String((error as Error).stack))
      }
    }
    for (let length = 0; length < packed.length; length += 1 + random(7)) tell(packed.subarray(0, length))
    for (let round = 0; round < 700; round++) {
      const bytes = Buffer.from(packed)
      for (let flips = 1 + random(4); flips > 0; flips--) bytes[random(bytes.length)] = random(256)
      tell(bytes)
    }
    for (let round = 0; round < 300; round++) tell(Buffer.from(Array.from({ length: random(60) }, () => random(256))))
  }
  t.ok(refused > 4000)
})
