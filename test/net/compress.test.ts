import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { decompressFrameSync } from 'lz4-napi'
import { test } from 'tap'
import { type Codec, createCompress } from '../../src/net/compress.ts'
import { decompressSnappy, decompressSnappyStream } from '../../src/wire/snappy-reader.ts'

const decompress: Readonly<Record<Codec, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  zlib: (bytes) => inflateSync(bytes),
  deflate: (bytes) => inflateSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
  snappy: (bytes) => decompressSnappy(bytes, 1e6),
  'x-snappy-framed': (bytes) => decompressSnappyStream(bytes, 1e6),
  lz4: (bytes) => decompressFrameSync(bytes),
}
const codecs: readonly Codec[] = ['gzip', 'zlib', 'deflate', 'zstd', 'snappy', 'x-snappy-framed', 'lz4']

/** Compressible, but not trivially. */
function text(sizeBytes: number): Buffer {
  let out = ''
  const routes = ['/api/v1/orders/{id}', '/api/v1/cart', '/healthz', '/api/v1/users/{id}/profile']
  for (let seed = 1; out.length < sizeBytes; ) {
    seed = (seed * 48271) % 2147483647
    out += `span ${seed} http.route=${routes[seed % 4]} http.status_code=${200 + (seed % 7)} peer=10.0.${seed % 251}.${seed % 13}\n`
  }
  return Buffer.from(out.slice(0, sizeBytes))
}

test('every codec gives back the chunks in their order, whatever their number and size', async (t) => {
  let cases = 0
  for (const codec of codecs) {
    const compress = createCompress(codec)
    for (const size of [0, 1, 1000, 60_000, 700_000]) {
      const whole = text(size)
      for (const pieces of [1, 3, 100]) {
        const chunks: Buffer[] = []
        const step = Math.ceil(size / pieces) || 1
        for (let at = 0; at < size; at += step) chunks.push(whole.subarray(at, Math.min(size, at + step)))
        const compressed = await compress(chunks, size)
        t.ok(decompress[codec](compressed).equals(whole), `${codec} ${size} in ${chunks.length}`)
        cases++
      }
    }
  }
  t.ok(cases > 0)
})

test('a small body is compressed on the spot, a large one on a thread', async (t) => {
  for (const codec of codecs) {
    const compress = createCompress(codec)
    t.ok(Buffer.isBuffer(compress([text(10_000)], 10_000)), `${codec} small`)
    const large = compress([text(600_000)], 600_000)
    // The others cost little more than a copy.
    t.equal(large instanceof Promise, /^(gzip|zlib|deflate|zstd)$/.test(codec), `${codec} large`)
    await large
  }
})

test('the level changes the size; 0 and -1 are the default', async (t) => {
  const body = text(100_000)
  const sizeAt = async (codec: Codec, level?: number) =>
    (await createCompress(codec, level)([body], body.length)).length
  for (const codec of ['gzip', 'zlib', 'deflate', 'zstd'] as const) {
    t.equal(await sizeAt(codec, 0), await sizeAt(codec), `${codec} 0`)
    t.equal(await sizeAt(codec, -1), await sizeAt(codec), `${codec} -1`)
    t.ok((await sizeAt(codec, codec === 'zstd' ? 15 : 9)) < (await sizeAt(codec, 1)), `${codec}: higher is smaller`)
  }
  t.ok((await sizeAt('gzip', -2)) > (await sizeAt('gzip', 1)), 'Huffman only is larger than level 1')
  const huffman = await createCompress('gzip', -2)([body], body.length)
  t.ok(gunzipSync(huffman).equals(body))
})

test('what does not shrink survives', async (t) => {
  const noise = Buffer.alloc(50_000)
  for (let i = 0, seed = 1; i < noise.length; i++) noise[i] = (seed = (seed * 48271) % 2147483647) >>> 8
  for (const codec of codecs)
    t.ok(decompress[codec](await createCompress(codec)([noise], noise.length)).equals(noise), codec)
})
