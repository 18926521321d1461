import { test } from 'tap'
import { type Batch, concat, decodeOtlp, Id, joinTraces, SMALL_BYTES, TraceSplitter } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf } from '../kit/otlp.ts'
import { decodedSparse, type Order, type Plain, ROUNDS, randomMessage, seeded } from './random.ts'

const splitter = new TraceSplitter()
const bytesOf = ({ chunks }: Batch<'traces'>): Buffer => Buffer.concat(chunks)
const few = ['00', '01', '02', 'ff'].map((byte) => Id.fromHex(byte.repeat(16)))
const keyOf = (span: Plain): string => {
  const id = Buffer.from(String(span.traceId ?? ''), 'base64')
  return id.every((byte) => byte === 0) ? '' : id.toString('latin1')
}
const listOf = (node: Plain, name: string): Plain[] => (node[name] ?? []) as Plain[]
const spansOf = (message: Plain): Plain[] =>
  listOf(message, 'resourceSpans').flatMap((resource) =>
    listOf(resource, 'scopeSpans').flatMap((scope) => listOf(scope, 'spans')),
  )

/** The spans of one trace, with what is around them. */
function only(message: Plain, key: string): Plain[] {
  return listOf(message, 'resourceSpans')
    .map((resource) => ({
      ...resource,
      scopeSpans: listOf(resource, 'scopeSpans')
        .map((scope) => ({ ...scope, spans: listOf(scope, 'spans').filter((span) => keyOf(span) === key) }))
        .filter(({ spans }) => spans.length > 0),
    }))
    .filter(({ scopeSpans }) => scopeSpans.length > 0)
}

for (const order of ['ascending', 'descending', 'shuffled'] as const satisfies Order[])
  test(`the parts are the spans of each trace, with what is around them: fields ${order}`, async (t) => {
    const random = seeded(11)
    for (let round = 0; round < ROUNDS; round++) {
      const messages = Array.from({ length: 1 + random(3) }, () =>
        decodeOtlp('traces', randomMessage('traces', random, order)),
      )
      const [first, ...more] = messages.map((each) =>
        each.rewrite(
          [
            {
              onSpan(span) {
                if (random(5) > 0) span.traceId = few[random(few.length)]!
              },
            },
          ],
          testContext(),
        ),
      )
      const batch = concat([first!, ...more])
      const message = decodedSparse('traces', bytesOf(batch))
      const parts = splitter.split(batch)
      t.strictSame([...parts.keys()], [...new Set(spansOf(message).map(keyOf))], 'in the order of the first spans')
      let items = 0
      for (const [key, part] of parts) {
        t.equal(part.items, decodeOtlp('traces', bytesOf(part)).items)
        items += part.items
        const found = decodedSparse('traces', bytesOf(part))
        t.strictSame(parts.size === 1 ? only(found, key) : listOf(found, 'resourceSpans'), only(message, key))
      }
      t.equal(items, batch.items)
    }
  })

const traceOf = (byte: number, names: readonly string[]): Batch<'traces'> =>
  batchOf('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name, traceId: Buffer.alloc(16, byte) })) }] }],
  })
const namesOf = (batch: Batch<'traces'>): string[] => {
  const names: string[] = []
  batch.visit({ onSpan: ({ name }) => void names.push(name) })
  return names
}

test('a batch of one trace stays what it is', async (t) => {
  const batch = concat([traceOf(1, ['a']), traceOf(1, ['b', 'c'])])
  t.strictSame([...splitter.split(batch).values()], [batch])
  t.equal(splitter.split(batch).get('\x01'.repeat(16)), batch)
  t.equal(splitter.split(batchOf('traces', { resourceSpans: [{}] })).size, 0, 'nor is there a part without spans')
})

test('small parts are joined by copying, large ones are not', async (t) => {
  const parts = [...splitter.split(concat([traceOf(1, ['a']), traceOf(2, ['b']), traceOf(1, ['c'])])).values()]
  const small = joinTraces([parts[0]!, parts[1]!])
  t.strictSame(namesOf(small), ['a', 'c', 'b'])
  t.equal(small.chunks.length, 1)
  t.equal(small.chunks[0]!.buffer.byteLength, small.sizeBytes, 'in memory of their own')
  const large = joinTraces([parts[0]!, traceOf(1, ['x'.repeat(SMALL_BYTES)])])
  t.equal(large.chunks.length, 2)
  t.equal(large.items, 3)
})
