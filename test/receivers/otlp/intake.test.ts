import { test } from 'tap'
import { Batch } from '../../../src/data/index.ts'
import { decodeRequest } from '../../../src/receivers/otlp/intake.ts'
import { items } from '../../kit/otlp.ts'

test('the bytes of a request are said to be nobody else’s, so that who replaces them can give them back', async (t) => {
  const bytes = Buffer.concat(items.traces(3).chunks)
  const chunks = Batch.chunksOf(decodeRequest('protobuf', 'traces', bytes))
  t.strictSame(
    chunks.map(({ isSole }) => isSole),
    [true],
  )
})
