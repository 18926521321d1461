import { test } from 'tap'
import { Lines } from '../../src/net/lines.ts'
import { seeded } from '../data/random.ts'

function reader(maxLineBytes: number) {
  const lines: string[] = []
  const taken = new Lines(maxLineBytes, {
    onLines: (bytes, start, end) => lines.push(...bytes.toString('utf8', start, end).split('\n')),
    onTooLong: () => lines.push('too long'),
  })
  return { taken, lines: () => lines.filter((line) => line !== '') }
}

test('lines come whole however they are cut on the way', async (t) => {
  const random = seeded(3)
  let cases = 0
  for (; cases < 500; cases++) {
    const max = 1 + random(20)
    const all = Array.from({ length: random(12) }, () => 'x'.repeat(random(25)))
    const bytes = Buffer.from(all.join('\n'))
    const { taken, lines } = reader(max)
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random(30)
      // The memory of a piece may be used again at once.
      const piece = Buffer.from(bytes.subarray(at, at + size))
      taken.add(piece)
      piece.fill(0)
      at += size
      if (taken.heldBytes > max) return t.fail(`${taken.heldBytes} bytes are held, ${max} are allowed`)
    }
    taken.end()
    const expected = all.filter((line) => line !== '').map((line) => (line.length > max ? 'too long' : line))
    if (JSON.stringify(lines()) !== JSON.stringify(expected)) {
      t.same(lines(), expected, JSON.stringify(all))
      return
    }
    if (taken.isInside) return t.fail('nothing is begun after the end')
  }
  t.ok(cases > 0)
})

test('it says whether a line has begun', async (t) => {
  const { taken, lines } = reader(5)
  t.equal(taken.isInside, false)
  taken.add(Buffer.from('ab'))
  t.equal(taken.isInside, true)
  taken.add(Buffer.from('cdef'))
  t.equal(taken.isInside, true, 'one that is too long has begun, too')
  t.equal(taken.heldBytes, 0)
  taken.add(Buffer.from('gh\n'))
  t.equal(taken.isInside, false)
  t.same(lines(), ['too long'])
})
