import { createRequire } from 'node:module'
import { test } from 'tap'
import { compressSnappy } from '../../src/wire/snappy.ts'
import { seeded } from '../data/random.ts'

// A decoder that others wrote; it has no types.
const { uncompress } = createRequire(import.meta.url)('snappyjs') as { uncompress(bytes: Uint8Array): Uint8Array }

test('what others decompress is what was compressed', async (t) => {
  const random = seeded(20)
  let cases = 0
  const check = (input: Buffer, what: string): void => {
    const output = Buffer.from(uncompress(Buffer.from(compressSnappy(input))))
    if (!output.equals(input)) t.fail(what)
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
