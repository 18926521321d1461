import { test } from 'tap'
import { Assembly, freeRead, TRUSTED_BYTES } from '../../src/net/assembly.ts'

test('pieces become one body in memory of its own, whatever is known of its length', async (t) => {
  let cases = 0
  for (const length of [1, 10, TRUSTED_BYTES, TRUSTED_BYTES + 1, 500_000])
    for (const isKnown of [true, false])
      for (const size of [1 + (length >> 3), 7 + (length >> 1), length]) {
        const bytes = Buffer.from(Array.from({ length }, (_, i) => i & 255))
        const assembly = new Assembly(isKnown ? length : -1)
        for (let at = 0; at < length; at += size) {
          const piece = Buffer.from(bytes.subarray(at, at + size))
          if (!assembly.add(piece)) piece.fill(0)
        }
        t.equal(assembly.receivedBytes, length)
        const whole = assembly.take()
        t.ok(whole.equals(bytes), `${length} in pieces of ${size}`)
        t.equal(whole.buffer.byteLength, length)
        cases++
      }
  t.ok(cases > 0)
})

test('a large body that is only announced sets no memory aside', async (t) => {
  const assembly = new Assembly(20 * 1024 * 1024)
  const before = process.memoryUsage().arrayBuffers
  const piece = Buffer.alloc(1000)
  t.ok(assembly.add(piece), 'the piece itself is kept')
  t.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
})

test('only a read of some size that fills its own memory is given back', async (t) => {
  const own = Buffer.alloc(10_000)
  freeRead(own)
  t.equal(own.length, 0)
  const part = Buffer.alloc(10_000).subarray(1)
  freeRead(part)
  t.equal(part.length, 9999)
  const small = Buffer.from('small')
  freeRead(small)
  t.equal(String(small), 'small')
})
