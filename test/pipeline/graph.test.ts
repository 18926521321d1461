import { test } from 'tap'
import { PermanentError, RetryableError } from '../../src/contract/index.ts'
import { settle, testContext } from '../../src/testing/index.ts'
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

const numberOf = (name: string): number => Number(name.split('-')[1])

test('items go through processors in the order of the config, each with an exact account', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const even = itemProcessor(() => ({ visitor: { onSpan: (span) => numberOf(span.name) % 2 === 0 } }))
  const small = itemProcessor(() => ({ visitor: { onSpan: (span) => numberOf(span.name) < 6 }, dropReason: 'too_big' }))
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'even', even),
      planned('processor', 'small', small),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['even', 'small'], ['e'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(10), testContext())
  t.equal(exporter.sink.items, 3)
  t.match(ledger('processor', 'even', 'traces'), { enteredItems: 10, droppedItems: 5, outItems: 5 })
  t.match(ledger('processor', 'small', 'traces'), { enteredItems: 5, droppedItems: 2, outItems: 3 })
  t.equal(ledger('processor', 'small', 'traces').droppedByReason.get('too_big'), 2)
  t.match(ledger('receiver', 'r'), { createdItems: 10, outItems: 10 })
  t.match(ledger('exporter', 'e'), { enteredItems: 3, outItems: 3 })
  t.strictSame(held(), {})
})

test('of a batch that is refused behind them, item processors have dropped nothing', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const even = itemProcessor(() => ({ visitor: { onSpan: (span) => numberOf(span.name) % 2 === 0 } }))
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'even', even),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['even'], ['e'])],
  )
  await agent.start()
  exporter.sink.refuse()
  await t.rejects(receiver.next.traces!(items.traces(10), testContext()), { name: 'RetryableError' })
  t.match(ledger('processor', 'even', 'traces'), { enteredItems: 10, droppedItems: 0, refusedItems: 10, outItems: 0 })
  t.match(ledger('receiver', 'r'), { createdItems: 10, outItems: 0, refusedItems: 10 })
  t.strictSame(held(), {})
})

test('a batch of which nothing is left is acknowledged and goes no further', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const none = itemProcessor(() => ({ visitor: { onSpan: () => false } }))
  const { agent, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'none', none),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['none'], ['e'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(10), testContext())
  t.equal(exporter.sink.batches.length, 0)
  t.strictSame(held(), {})
})

test('a visitor that throws refuses its own batch for good, and names itself', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  let isBroken = true
  const broken = itemProcessor(() => ({
    visitor: {
      onSpan: () => {
        if (isBroken) throw new TypeError('x is undefined')
      },
    },
  }))
  const { agent, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'broken', broken),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['broken'], ['e'])],
  )
  await agent.start()
  await t.rejects(receiver.next.traces!(items.traces(3), testContext()), {
    name: 'PermanentError',
    message: 'processor broken: x is undefined',
  })
  isBroken = false
  await receiver.next.traces!(items.traces(3), testContext())
  t.equal(exporter.sink.items, 3)
  t.strictSame(held(), {})
})

test('a processor of batches holds what it has acknowledged, and hands it on later', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  let flush = async (): Promise<void> => {}
  const holder = batchProcessor((next) => ({
    async consume(batch, context) {
      flush = () => next(batch, context)
    },
  }))
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'hold', holder),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['hold'], ['e'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(4), testContext())
  t.strictSame(held(), { 'processor hold in traces': 4 })
  await flush()
  t.match(ledger('processor', 'hold', 'traces'), { enteredItems: 4, outItems: 4 })
  t.strictSame(held(), {})
})

test('one receiver feeds several pipelines, several receivers one', async (t) => {
  const [one, two] = [new TestReceiver(), new TestReceiver()]
  const [a, b] = [new TestExporter(), new TestExporter()]
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'one', one.factory),
      planned('receiver', 'two', two.factory),
      planned('exporter', 'a', a.factory),
      planned('exporter', 'b', b.factory),
    ],
    [
      pipeline('traces/1', ['one', 'two'], [], ['a', 'b']),
      pipeline('traces/2', ['one'], [], ['b']),
      pipeline('logs', ['one'], [], ['a']),
    ],
  )
  await agent.start()
  await one.next.traces!(items.traces(2), testContext())
  await two.next.traces!(items.traces(5), testContext())
  await one.next.logs!(items.logs(1), testContext())
  t.equal(two.next.logs, undefined)
  t.equal(ledger('exporter', 'a').outItems, 7)
  t.equal(ledger('exporter', 'b').outItems, 9)
  t.equal(ledger('exporter', 'a', undefined, 'logs').outItems, 1)
  t.strictSame(held(), {})
})

test('a pipeline that refuses while another accepts loses its copy, booked to its first node', async (t) => {
  const receiver = new TestReceiver()
  const [a, b] = [new TestExporter(), new TestExporter()]
  b.sink.refuseWith = new PermanentError('no', { reason: 'http_400' })
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('exporter', 'a', a.factory),
      planned('exporter', 'b', b.factory),
    ],
    [pipeline('traces/1', ['r'], [], ['a']), pipeline('traces/2', ['r'], [], ['b'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(2), testContext())
  t.equal(a.sink.items, 2)
  t.equal(ledger('exporter', 'b').droppedByReason.get('http_400'), 2)
  t.strictSame(held(), {})
})

test('connectors join pipelines, and limiters ahead of them answer for the receiver', async (t) => {
  const receiver = new TestReceiver()
  let admit = (_sizeBytes: number): void => {}
  receiver.component.start = async (host) => {
    admit = (sizeBytes) => host.admit('traces', sizeBytes).release()
  }
  const exporter = new TestExporter()
  const asked: number[] = []
  const limiter = batchProcessor((next) => ({
    consume: next,
    admit(sizeBytes) {
      asked.push(sizeBytes)
      if (sizeBytes > 100) throw new RetryableError('full')
    },
  }))
  const { agent, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'limit', limiter),
      planned('connector', 'c', passingConnector([['traces', 'traces']])),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces/in', ['r'], [], ['c']), pipeline('traces/out', ['c'], ['limit'], ['e'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(3), testContext())
  t.match(ledger('connector', 'c'), { enteredItems: 3, outItems: 3 })
  t.equal(exporter.sink.items, 3)
  admit(10)
  t.throws(() => admit(1000), { message: 'full' })
  t.strictSame(asked, [10, 1000])
  t.strictSame(held(), {})
})

test('a ring of connectors is refused with its way round', async (t) => {
  const receiver = new TestReceiver()
  const connector = passingConnector([['traces', 'traces']])
  t.throws(
    () =>
      testAgent(
        [
          planned('receiver', 'r', receiver.factory),
          planned('connector', 'c', connector),
          planned('connector', 'd', connector),
        ],
        [pipeline('traces/1', ['r', 'd'], [], ['c']), pipeline('traces/2', ['c'], [], ['d'])],
      ),
    { message: 'service::pipelines::traces/1: feeds itself through connectors: traces/1 -> traces/2 -> traces/1' },
  )
})

test('a component in a pipeline of a signal that it does not take is refused by name', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const spansOnly = itemProcessor(() => ({ visitor: {} }))
  t.throws(
    () =>
      testAgent(
        [
          planned('receiver', 'r', receiver.factory),
          planned('processor', 'p', spansOnly),
          planned('exporter', 'e', exporter.factory),
        ],
        [pipeline('logs', ['r'], ['p'], ['e'])],
      ),
    { message: 'service::pipelines::logs::processors: p does not take logs, only traces' },
  )
})

test('nothing is held and nothing is lost while branches refuse at random', async (t) => {
  let state = 12345
  const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 1) % below
  const receiver = new TestReceiver()
  const exporters = [new TestExporter(), new TestExporter(), new TestExporter()]
  const { agent, settings, ledger, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      ...exporters.map((exporter, i) => planned('exporter', `e${i}`, exporter.factory)),
    ],
    [pipeline('traces/1', ['r'], [], ['e0', 'e1']), pipeline('traces/2', ['r'], [], ['e1', 'e2'])],
  )
  await agent.start()
  let accepted = 0
  for (let round = 0; round < 300; round++) {
    for (const { sink } of exporters) {
      sink.refuseWith = [undefined, undefined, new RetryableError('full'), new PermanentError('never')][random(4)]
    }
    const count = 1 + random(5)
    const sent = receiver.next.traces!(items.traces(count), testContext()).then(
      () => (accepted += count),
      () => {},
    )
    await settings.clock.advance(2000)
    await sent
  }
  await settle()
  const r = ledger('receiver', 'r')
  t.equal(r.outItems, accepted)
  t.ok(accepted > 0 && r.refusedItems > 0)
  for (const [i, reached] of [accepted, 2 * accepted, accepted].entries()) {
    const { outItems, droppedItems } = ledger('exporter', `e${i}`)
    t.equal(outItems + droppedItems, reached, `e${i}: every item of an accepted batch is delivered or booked as lost`)
  }
  t.strictSame(held(), {})
})

test('a component that cannot be made is named, whatever it throws or returns', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const joined = (create: () => never) => () =>
    testAgent(
      [
        planned('receiver', 'r', receiver.factory),
        planned('processor', 'p', itemProcessor(create)),
        planned('exporter', 'e', exporter.factory),
      ],
      [pipeline('traces', ['r'], ['p'], ['e'])],
    )
  const throwing = joined(() => {
    throw new Error('no licence')
  })
  t.throws(throwing, { name: 'PlanError', message: 'processors::p: cannot be made: no licence' })
  const empty = joined(() => ({}) as never)
  t.throws(empty, { message: 'processors::p: cannot be made: create returned no object with visitor or consume' })
})
