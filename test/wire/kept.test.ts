import { test } from 'tap'
import { keyOf } from '../../src/data/index.ts'
import { flatKeyOf } from '../../src/search/flat-key.ts'
import { keptCopy, keptText } from '../../src/wire/kept.ts'
import { bufferBytesKept } from '../kit/pool.ts'

test('what is kept has memory of its own, as large as it is', async (t) => {
  for (const text of ['', 'a', 'zwölf €', 'x'.repeat(5000)]) {
    const kept = keptText(text)
    t.equal(kept.toString(), text)
    t.equal(kept.buffer.byteLength, Buffer.byteLength(text))
  }
  const copy = keptCopy(Buffer.from('abcdef'), 2, 4)
  t.equal(copy.toString(), 'cd')
  t.equal(copy.buffer.byteLength, 2)
  t.equal(keptCopy(Buffer.from('abc')).toString(), 'abc')
})

test('names that are met one at a time keep no more than themselves', async (t) => {
  const keptBytes = await bufferBytesKept(500, (i) => {
    keyOf(`kept.key.${i}`)
    flatKeyOf(`kept.flat.key.${i}`)
  })
  t.ok(keptBytes < 1_000_000, `${keptBytes} bytes`)
})
