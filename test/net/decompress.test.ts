import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { test } from 'tap'
import { decompress, type Encoding, encodings } from '../../src/net/decompress.ts'
import { compressLz4 } from '../../src/wire/lz4.ts'
import { compressSnappy } from '../../src/wire/snappy.ts'
import { compressSnappyStream } from '../../src/wire/snappy-reader.ts'

const MiB = 1024 * 1024
const compress: Readonly<Record<Encoding, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  zlib: deflateSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
  snappy: (bytes) => Buffer.from(compressSnappy(bytes)),
  'x-snappy-framed': compressSnappyStream,
  lz4: compressLz4,
}
const noise = (size: number): Buffer => {
  const bytes = Buffer.alloc(size)
  let state = 1
  for (let i = 0; i < size; i++) bytes[i] = state = (state * 48271) % 0x7fffffff
  return bytes
}
/** Refusals are thrown for small bodies and rejected for large ones; here both are rejections. */
const attempt = async (encoding: Encoding, body: Buffer, limit: number) => await decompress(encoding, body, limit)

test('every encoding gives back what went in, small and large, in memory of its own', async (t) => {
  for (const encoding of encodings)
    for (const size of [0, 1, 100, 5000, 70_000, 2 * MiB]) {
      const bytes = noise(size)
      const out = await attempt(encoding, compress[encoding](bytes), 4 * MiB)
      t.ok(out.equals(bytes), `${encoding} of ${size}`)
      t.ok(out.buffer.byteLength <= size * 1.2 + 64, `${encoding} of ${size} pins ${out.buffer.byteLength} bytes`)
    }
})

test('deflate without the zlib header is read as well', async (t) => {
  const bytes = noise(3000)
  t.ok((await attempt('deflate', deflateRawSync(bytes), MiB)).equals(bytes))
})

test('members in a row are one body, what follows them is not', async (t) => {
  const member = gzipSync('hello ')
  t.equal(String(await attempt('gzip', Buffer.concat([member, member]), 100)), 'hello hello ')
  await t.rejects(attempt('gzip', Buffer.concat([member, Buffer.from('garbage')]), 100), {
    name: 'RefusedError',
    httpStatus: 400,
  })
})

test('more than the limit is 413, at once and without the memory for it', async (t) => {
  const zeros = Buffer.alloc(64 * MiB)
  for (const encoding of encodings) {
    const bomb = compress[encoding](zeros)
    const before = process.memoryUsage.rss()
    await t.rejects(
      attempt(encoding, bomb, 4 * MiB),
      { name: 'RefusedError', httpStatus: 413, code: 8, reason: 'too_large' },
      encoding,
    )
    t.ok(process.memoryUsage.rss() - before < 40 * MiB, `${encoding}: far from all of it`)
  }
  await t.rejects(
    attempt('deflate', deflateRawSync(zeros), 4 * MiB),
    { name: 'RefusedError', httpStatus: 413 },
    'bare deflate',
  )
  const fits = await attempt('gzip', gzipSync(zeros.subarray(0, MiB)), MiB)
  t.equal(fits.length, MiB, 'exactly the limit fits')
  await t.rejects(attempt('gzip', gzipSync(zeros.subarray(0, MiB + 1)), MiB), { name: 'RefusedError', httpStatus: 413 })
})

test('a large bomb in a thread ends in 413 too', async (t) => {
  const bomb = Buffer.concat(Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(MiB))))
  t.ok(bomb.length > 256 * 1024)
  await t.rejects(attempt('gzip', bomb, 4 * MiB), { name: 'RefusedError', httpStatus: 413 })
})

test('a zstd frame that asks for a window of gigabytes gets none', async (t) => {
  const emptyBlock = [1, 0, 0]
  for (const windowLog of [32, 28, 26]) {
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3, ...emptyBlock])
    await t.rejects(attempt('zstd', frame, MiB), { name: 'RefusedError', httpStatus: 413 }, `window of 2^${windowLog}`)
  }
  const declares4GiB = Buffer.alloc(32)
  declares4GiB.set([0x28, 0xb5, 0x2f, 0xfd, 0xe0])
  declares4GiB.writeBigUInt64LE(2n ** 32n, 5)
  await t.rejects(attempt('zstd', declares4GiB, MiB), { name: 'RefusedError', httpStatus: 413 })
})

test('a size that lies changes nothing', async (t) => {
  for (const claim of [0, 1, 100_000]) {
    const body = gzipSync(noise(5000))
    body.writeUInt32LE(claim, body.length - 4)
    await t.rejects(attempt('gzip', body, MiB), { name: 'RefusedError', httpStatus: 400 }, `claims ${claim}`)
  }
})

test('a damaged body is 400, wherever it is cut or flipped', async (t) => {
  let cases = 0
  for (const encoding of encodings) {
    const whole = compress[encoding](noise(500))
    for (let end = 0; end < whole.length; end += 7, cases++)
      await t.rejects(
        attempt(encoding, whole.subarray(0, end), MiB),
        { name: 'RefusedError', httpStatus: 400 },
        `${encoding} cut at ${end}`,
      )
  }
  const gzip = gzipSync(noise(500))
  for (let at = 0; at < 8; at++, cases++) {
    const damaged = Buffer.from(gzip)
    damaged[damaged.length - 1 - at]! ^= 0x55
    await t.rejects(
      attempt('gzip', damaged, MiB),
      { name: 'RefusedError', httpStatus: 400, reason: 'bad_compression' },
      'checksum and size',
    )
  }
  await t.rejects(
    attempt('gzip', Buffer.alloc(300 * 1024, 7), MiB),
    { name: 'RefusedError', httpStatus: 400 },
    'in a thread',
  )
  t.ok(cases > 0)
})
