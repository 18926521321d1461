// Segment -> span -> segment, for documents at random: nothing is lost, nothing is made up.
import { test } from 'tap'
import type { Batch } from '../../../src/data/index.ts'
import { type Document, DocumentGenerator } from './generate.ts'
import { encoderOf, textsOf } from './segments.ts'
import { decodeBatch } from './spans.ts'

const encoder = encoderOf()
const returned = (batch: Batch<'traces'>): Document[] => textsOf(encoder.encode(batch)).map((text) => JSON.parse(text))

/** The paths at which they differ, each with both sides; a list that a person can read. */
function differences(expected: unknown, found: unknown, path: string): string[] {
  if (Object.is(expected, found)) return []
  if (isNested(expected) && isNested(found) && Array.isArray(expected) === Array.isArray(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)])
    return [...keys].flatMap((key) =>
      differences(Reflect.get(expected, key), Reflect.get(found, key), `${path}.${key}`),
    )
  }
  return [`${path}: ${JSON.stringify(expected)} became ${JSON.stringify(found)}`]
}
const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null

test('documents at random come back as they were', async (t) => {
  const generator = new DocumentGenerator(7)
  let documents = 0
  for (let round = 0; round < 1500; round++) {
    const document: Document = JSON.parse(JSON.stringify(generator.document()))
    const expected = [document]
    const found = returned(decodeBatch(document))
    documents += found.length
    const problems = differences(expected, found, '')
    if (problems.length > 0)
      t.fail(problems.join('\n'), { document: JSON.stringify(document).slice(0, 5000) } as object)
  }
  t.ok(documents >= 1500)
})

test('what came back comes back again', async (t) => {
  const generator = new DocumentGenerator(8)
  let documents = 0
  for (let round = 0; round < 300; round++) {
    const once = returned(decodeBatch(generator.document()))
    for (const document of once) {
      t.strictSame(returned(decodeBatch(document)), [document])
      documents++
    }
  }
  t.ok(documents >= 300)
})
