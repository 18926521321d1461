import assert from 'node:assert/strict'
import { test } from 'tap'
import { Words } from '../../src/wire/words.ts'
import { seeded } from '../data/random.ts'

const random = seeded(11)
/** Of ASCII, of anything, or of zeros and of what is no number as a double. */
function bytesOf(size: number): Buffer {
  const kind = random(3)
  return Buffer.from(
    Array.from({ length: size }, () =>
      kind === 0 ? 1 + random(127) : kind === 1 ? random(256) : [0, 0x80, 0xff, 0x7f][random(4)]!,
    ),
  )
}
const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

test('words are found where they stand, and nowhere else', async (t) => {
  let cases = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = bytesOf(4 + random(40))
    const at = random(5)
    const text = Buffer.concat([bytesOf(at), bytes, bytesOf(3)])
    const words = new Words(bytes)
    assert.equal(words.size, bytes.length)
    assert.ok(words.isAt(viewOf(text), at))
    const other = at + random(bytes.length)
    text[other] = text[other]! ^ (1 << random(8))
    assert.ok(!words.isAt(viewOf(text), at), `${bytes.toString('hex')}, but ${text.toString('hex')}`)
    cases++
  }
  t.ok(cases > 0)
})

test('a copy has the same bytes, and nothing beside it changes', async (t) => {
  let cases = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = bytesOf(4 + random(40))
    const at = random(5)
    const target = bytesOf(at + bytes.length + 5)
    const expected = Buffer.concat([target.subarray(0, at), bytes, target.subarray(at + bytes.length)])
    assert.equal(new Words(bytes).copyTo(viewOf(target), at), at + bytes.length)
    assert.equal(target.toString('hex'), expected.toString('hex'))
    cases++
  }
  t.ok(cases > 0)
})
