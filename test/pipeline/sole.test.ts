import { test } from 'tap'
import type { Factory } from '../../src/contract/index.ts'
import { Batch, concat, decodeOtlp } from '../../src/data/index.ts'
import { giveBackReplaced, markSole } from '../../src/data/sole.ts'
import { testContext } from '../../src/testing/index.ts'
import {
  batchProcessor,
  itemProcessor,
  passingConnector,
  pipeline,
  planned,
  TestExporter,
  TestReceiver,
  testAgent,
} from '../kit/graph.ts'
import { items } from '../kit/otlp.ts'

const SPANS = 500

/** What a receiver gives that has just decoded it. */
function soleBatch(): Batch<'traces'> {
  const bytes = Buffer.concat(items.traces(SPANS).chunks)
  const batch = decodeOtlp('traces', Uint8Array.from(bytes))
  markSole(batch)
  return batch
}
const isGivenBack = (batch: Batch): boolean => Batch.chunksOf(batch).every(({ bytes }) => bytes.length === 0)
const attributesOf = (batch: Batch<'traces'>): unknown[] => {
  const found: unknown[] = []
  batch.visit({ onSpan: ({ attributes }) => void found.push(attributes.get('env')) })
  return found
}
const editing = (keepsNothing: boolean): Factory =>
  itemProcessor(() => ({ keepsNothing, visitor: { onSpan: ({ attributes }) => attributes.set('env', 'prod') } }))
const looking = itemProcessor(() => ({
  keepsNothing: true,
  visitor: { onSpan: ({ attributes }) => void attributes.size },
}))

interface Around {
  readonly receiver: TestReceiver
  readonly exporters: readonly TestExporter[]
}

/** The processors by name, one pipeline for each list, each with an exporter of its own. */
async function running(processors: Record<string, Factory>, ...pipelines: string[][]): Promise<Around> {
  const receiver = new TestReceiver()
  const exporters = pipelines.map(() => new TestExporter())
  const { agent } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      ...Object.entries(processors).map(([id, factory]) => planned('processor', id, factory)),
      ...exporters.map((exporter, i) => planned('exporter', `e${i}`, exporter.factory)),
    ],
    pipelines.map((ids, i) => pipeline(`traces/${i}`, ['r'], ids, [`e${i}`])),
  )
  await agent.start()
  return { receiver, exporters }
}

const send = (receiver: TestReceiver, batch: Batch<'traces'>): Promise<void> =>
  receiver.next.traces!(batch, testContext())

test('what has been replaced is given back once it is accepted, and what replaces it is whole', async (t) => {
  const limiter = batchProcessor((next) => ({ consume: next, admit: () => {} }))
  const { receiver, exporters } = await running({ limiter, edit: editing(true) }, ['limiter', 'edit'])
  const batch = soleBatch()
  await send(receiver, batch)
  t.ok(isGivenBack(batch))
  const [arrived] = exporters[0]!.sink.batches as Batch<'traces'>[]
  t.same(attributesOf(arrived!), Array<string>(SPANS).fill('prod'))
})

test('of several pieces those that go on as they came are not given back', async (t) => {
  let unedited = SPANS
  const editFirst = itemProcessor(() => ({
    keepsNothing: true,
    visitor: { onSpan: ({ attributes }) => void (unedited-- > 0 && attributes.set('env', 'prod')) },
  }))
  const { receiver, exporters } = await running({ editFirst }, ['editFirst'])
  const batch = concat([soleBatch(), soleBatch()])
  await send(receiver, batch)
  t.same(
    Batch.chunksOf(batch).map(({ bytes }) => bytes.length > 0),
    [false, true],
  )
  t.equal(attributesOf(exporters[0]!.sink.batches[0] as Batch<'traces'>).length, 2 * SPANS)

  const [replaced, left] = [soleBatch(), soleBatch()]
  giveBackReplaced(concat([replaced, left]), left)
  t.same([replaced, left].map(isGivenBack), [true, false], 'even when nobody has said since that he may keep it')
})

test('what somebody else may have, may keep or has refused is not given back', async (t) => {
  const keeping = batchProcessor((next) => ({ consume: (batch, context) => next(batch, context) }))
  const processors = { edit: editing(true), other: editing(false), look: looking, keeping }
  const cases: [string, string[][]][] = [
    ['two pipelines', [['edit'], ['look']]],
    ['two pipelines that both replace it', [['edit'], ['edit']]],
    ['a processor of whole batches in front', [['keeping', 'edit']]],
    ['a neighbour that may keep views', [['edit', 'other']]],
    ['nothing changed', [['look']]],
    ['no processor', [[]]],
  ]
  for (const [title, pipelines] of cases) {
    const { receiver, exporters } = await running(processors, ...pipelines)
    const batch = soleBatch()
    await send(receiver, batch)
    t.notOk(isGivenBack(batch), title)
    t.equal(attributesOf(batch).length, SPANS, title)
    for (const { sink } of exporters) t.equal(sink.items, SPANS, title)
  }
  const { receiver, exporters } = await running(processors, ['edit'])
  exporters[0]!.sink.refuse()
  const refused = soleBatch()
  await t.rejects(send(receiver, refused))
  t.notOk(isGivenBack(refused), 'refused')
})

test('what is behind a connector, is held, or is a part of something larger is not given back', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const { agent } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('connector', 'c', passingConnector([['traces', 'traces']])),
      planned('processor', 'edit', editing(true)),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces/in', ['r'], [], ['c']), pipeline('traces/out', ['c'], ['edit'], ['e'])],
  )
  await agent.start()
  const connected = soleBatch()
  await send(receiver, connected)
  t.notOk(isGivenBack(connected), 'connector')

  const direct = await running({ edit: editing(true) }, ['edit'])
  const held = soleBatch()
  for (const chunk of Batch.chunksOf(held)) chunk.holders = 1
  await send(direct.receiver, held)
  t.notOk(isGivenBack(held), 'held')

  const bytes = Buffer.concat(items.traces(SPANS).chunks)
  const larger = Buffer.concat([bytes, Buffer.alloc(8)])
  const part = decodeOtlp('traces', larger.subarray(0, bytes.length))
  markSole(part)
  await send(direct.receiver, part)
  t.notOk(isGivenBack(part), 'part')

  const unmarked = decodeOtlp('traces', Uint8Array.from(bytes))
  await send(direct.receiver, unmarked)
  t.notOk(isGivenBack(unmarked), 'unmarked')
})
