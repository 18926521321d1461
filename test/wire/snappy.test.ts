import { createRequire } from 'node:module'
import { test } from 'tap'
import { compressSnappy, SnappyWriter, uncompressSnappy } from '../../src/wire/snappy.ts'
import { seeded } from '../data/random.ts'

// A decoder that others wrote; it has no types.
const { uncompress } = createRequire(import.meta.url)('snappyjs') as { uncompress(bytes: Uint8Array): Uint8Array }

test('what others decompress is what was compressed', async (t) => {
  const random = seeded(20)
  let cases = 0
  const check = (input: Buffer, what: string): void => {
    const output = Buffer.from(uncompress(Buffer.from(compressSnappy(input))))
    if (!output.equals(input)) t.fail(what)
    if (!uncompressSnappy(Buffer.from(compressSnappy(input))).equals(input)) t.fail(`${what}, by our own decoder`)
    cases++
  }
  for (let length = 0; length < 200; length++) {
    check(Buffer.alloc(length, 'a'), `${length} times the same`)
    check(Buffer.from(Array.from({ length }, () => random(256))), `${length} random bytes`)
  }
  for (let round = 0; round < 400; round++) {
    const words = Array.from({ length: 1 + random(40) }, () => 'x'.repeat(random(90)) + random(1000))
    let text = ''
    const target = random(round < 380 ? 5000 : 300_000)
    while (text.length < target) text += words[random(words.length)]
    check(Buffer.from(text), `round ${round}`)
  }
  for (const length of [65535, 65536, 65537, 131072, 200_000]) {
    check(Buffer.alloc(length), `${length} zeros`)
    check(Buffer.from(Array.from({ length }, () => random(256))), `${length} random bytes`)
  }
  t.ok(cases > 700)
})

test('labels that repeat become small, what is random hardly larger', async (t) => {
  const series = Buffer.from(
    Array.from({ length: 1000 }, (_, i) => `__name__http_requests_total job=shop instance=${i} code=200`).join('\n'),
  )
  t.ok(compressSnappy(series).length < series.length / 4)
  const random = seeded(1)
  const noise = Buffer.from(Array.from({ length: 100_000 }, () => random(256)))
  t.ok(compressSnappy(noise).length < noise.length + 100)
})

test('what is compressed piece by piece is one stream, the same as in one go', async (t) => {
  const random = seeded(7)
  const writer = new SnappyWriter()
  let cases = 0
  for (let round = 0; round < 40; round++) {
    const input = Buffer.from(Array.from({ length: random(200_000) }, () => random(3)))
    let waiting = Buffer.alloc(0)
    for (let at = 0; at < input.length; ) {
      const size = 1 + random(60_000)
      waiting = Buffer.concat([waiting, input.subarray(at, at + size)])
      at += size
      waiting = waiting.subarray(writer.writeBlocks(waiting, waiting.length))
      if (waiting.length >= 65536) t.fail('a whole block waits')
    }
    writer.write(waiting, waiting.length)
    const head = Buffer.from('x'.repeat(random(100)))
    const taken = writer.take(head)
    if (!Buffer.from(uncompress(taken)).equals(Buffer.concat([head, input]))) t.fail(`round ${round}`)
    if (head.length === 0 && !taken.equals(compressSnappy(input))) t.fail(`round ${round}: other bytes`)
    cases++
  }
  t.ok(cases > 0)
})
