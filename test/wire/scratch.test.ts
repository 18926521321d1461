import { test } from 'tap'
import { JsonWriter } from '../../src/wire/json.ts'
import { giveBackScratch, takeScratch } from '../../src/wire/scratch.ts'
import { compressSnappy } from '../../src/wire/snappy.ts'
import { ByteWriter, SHARED } from '../../src/wire/writer.ts'
import { seeded } from '../data/random.ts'

test('what is given back is what the next one gets, and nobody else until it is given back again', async (t) => {
  const first = takeScratch(100_000)
  t.ok(first.length >= 100_000)
  giveBackScratch(first)
  const second = takeScratch(10)
  t.equal(second, first)
  const third = takeScratch(10)
  t.not(third, first)
  giveBackScratch(third)
  giveBackScratch(second)
  t.equal(takeScratch(10), first, 'the larger of two')
})

test('it is large enough, and what is very large is not kept', async (t) => {
  giveBackScratch(takeScratch(1000))
  t.ok(takeScratch(300_000).length >= 300_000)
  const large = takeScratch(9 * 1024 * 1024)
  giveBackScratch(large)
  t.not(takeScratch(1000), large)
})

test('writers that share write into memory of their own until they give it back', async (t) => {
  const random = seeded(3)
  let cases = 0
  const writers = Array.from({ length: 4 }, () => new ByteWriter(SHARED))
  const expected = writers.map(() => '')
  for (let round = 0; round < 4000; round++) {
    const i = random(writers.length)
    const writer = writers[i]!
    if (random(40) === 0) {
      if (writer.take().toString() !== expected[i]) t.fail(`writer ${i} in round ${round}`)
      writer.giveBack()
      expected[i] = ''
      cases++
    } else {
      const text = String.fromCharCode(97 + i).repeat(random(random(20) === 0 ? 200_000 : 50))
      writer.utf8(text)
      expected[i] += text
    }
  }
  t.ok(cases > 50)
})

test('given back twice, it is lent once', async (t) => {
  const writer = new ByteWriter(SHARED)
  writer.utf8('first')
  writer.giveBack()
  writer.giveBack()
  t.equal(writer.length, 0)
  const one = new JsonWriter(SHARED)
  const other = new JsonWriter(SHARED)
  one.string('one')
  other.string('other')
  t.equal(one.take().toString(), '"one"')
  t.equal(other.take().toString(), '"other"')
})

test('a writer with memory of its own keeps it', async (t) => {
  const writer = new ByteWriter(16)
  const { bytes } = writer
  writer.giveBack()
  t.equal(writer.bytes, bytes)
  t.not(takeScratch(1), bytes)
})

test('what was compressed stays as it is while the next is', async (t) => {
  const first = compressSnappy(Buffer.alloc(1000, 'a'))
  const before = Buffer.from(first)
  compressSnappy(Buffer.alloc(100_000, 'b'))
  t.ok(first.equals(before))
})
