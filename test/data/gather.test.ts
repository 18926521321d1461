import { test } from 'tap'
import { concat, Gatherer, SMALL_BYTES } from '../../src/data/index.ts'
import { items } from '../kit/otlp.ts'
import { seeded } from './random.ts'

test('small batches become few chunks, with every item in order', async (t) => {
  const random = seeded(5)
  const gatherer = new Gatherer('traces')
  const sealed = []
  const expected: string[] = []
  for (let round = 0; round < 2000; round++) {
    const batch = items.traces(1 + random(5))
    t.ok(batch.sizeBytes <= SMALL_BYTES || expected.length > 0)
    batch.visit({ onSpan: ({ name }) => void expected.push(name) })
    const before = gatherer.sizeBytes
    const full = gatherer.add(batch)
    if (full !== undefined) {
      t.equal(full.sizeBytes, before, 'what is given out is what was there before')
      sealed.push(full)
    }
    if (random(100) === 0) sealed.push(gatherer.seal()!)
  }
  const last = gatherer.seal()
  if (last !== undefined) sealed.push(last)
  const [first, ...more] = sealed
  const all = concat([first!, ...more])
  const names: string[] = []
  all.visit({ onSpan: ({ name }) => void names.push(name) })
  t.strictSame(names, expected)
  t.equal(all.items, expected.length)
  t.ok(all.chunks.length < 60, `${all.chunks.length} chunks`)
  t.equal(gatherer.seal(), undefined)
})
