import { test } from 'tap'
import * as v from 'valibot'
import { type BatchProcessor, RetryableError } from '../../../src/contract/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { decodeOtlp } from '../../../src/data/index.ts'
import cumulativeToDelta from '../../../src/processors/cumulative_to_delta/index.ts'
import { Sink, type TestSettings, testContext, testSettings } from '../../../src/testing/index.ts'
import { type Plain, ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'

interface Running {
  readonly settings: TestSettings
  readonly sink: Sink<'metrics'>
  /** Books what the graph books. */
  give(batch: Batch<'metrics'>): Promise<void>
  /** Start, time and value of each point that has come out. */
  out(): [start: number, time: number, value: number][]
  dropped(): Record<string, number>
}

function running(config: object = { initial_value: 'keep' }): Running {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  const ledger = settings.ledger('metrics')
  const { consume }: BatchProcessor<'metrics'> = cumulativeToDelta.create.metrics!(
    v.parse(cumulativeToDelta.config, config),
    settings,
    async (batch, context) => {
      await sink.consume(batch, context)
      ledger.out(batch.items)
    },
  ) as BatchProcessor<'metrics'>
  return {
    settings,
    sink,
    async give(batch) {
      ledger.entered(batch.items)
      try {
        await consume(batch, testContext())
      } catch (error) {
        ledger.refused(batch.items)
        throw error
      }
    },
    out() {
      const points: [number, number, number][] = []
      for (const batch of sink.batches)
        batch.visit({
          onPoint: (point) =>
            void points.push([
              point.start.seconds,
              point.time.seconds,
              point.type === 'sum' ? point.value : point.count,
            ]),
        })
      return points
    },
    dropped: () => Object.fromEntries(ledger.droppedByReason),
  }
}

const nanos = (seconds: number): string => `${seconds}000000000`
const at = (seconds: number, value: number, of: Plain = {}): Plain => ({
  timeUnixNano: nanos(seconds),
  startTimeUnixNano: nanos(1),
  asInt: String(value),
  ...of,
})
const metrics = (...list: Plain[]) => batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] })
const counter = (...dataPoints: Plain[]) =>
  metrics({ name: 'c', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } })
const histogram = (...points: [seconds: number, ...counts: number[]][]) =>
  metrics({
    name: 'h',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: points.map(([seconds, ...counts]) => ({
        timeUnixNano: nanos(seconds),
        count: String(counts.reduce((sum, count) => sum + count, 0)),
        bucketCounts: counts.map(String),
        explicitBounds: counts.slice(1).map((_, i) => i),
      })),
    },
  })

test('each point says what has come since the one before, from then on', async (t) => {
  const one = running()
  await one.give(counter(at(10, 5)))
  await one.give(counter(at(20, 7), at(30, 12)))
  t.same(one.out(), [
    [1, 10, 5],
    [10, 20, 2],
    [20, 30, 5],
  ])
  one.sink.batches[1]!.visit({ onMetric: ({ temporality }) => void t.equal(temporality, 'delta') })
})

test('what is dropped is counted with its reason', async (t) => {
  const one = running({ initial_value: 'drop' })
  await one.give(counter(at(10, 5)))
  t.equal(one.sink.batches.length, 0)
  await one.give(counter(at(20, 3), at(15, 4), at(30, 1, { flags: 1 }), at(40, 6)))
  await one.give(histogram([1, 1, 2], [2, 1, 2, 3]))
  t.same(one.dropped(), { initial: 2, reset: 1, out_of_order: 1, no_recorded_value: 1, bucket_mismatch: 1 })
  t.same(one.out(), [[20, 40, 3]])
  t.equal(one.settings.ledger('metrics').held, 0)
  t.match(one.settings.lines, [{ level: 'warn', message: 'a histogram changes its buckets', fields: { metric: 'h' } }])
})

test('after a reset a histogram counts on from there', async (t) => {
  const one = running()
  await one.give(histogram([1, 5, 5], [2, 1, 0], [3, 2, 3]))
  t.same(one.out(), [
    [0, 1, 10],
    [2, 3, 4],
  ])
  t.same(one.dropped(), { reset: 1 })
})

test('a batch that is refused is as if it had never come', async (t) => {
  const one = running()
  await one.give(counter(at(10, 5)))
  one.sink.refuseWith = new RetryableError('full')
  await t.rejects(one.give(counter(at(20, 9), at(30, 11))))
  await t.rejects(one.give(counter(at(20, 9), at(30, 11))))
  one.sink.refuseWith = undefined
  await one.give(counter(at(20, 9), at(30, 11)))
  t.same(one.out(), [
    [1, 10, 5],
    [10, 20, 4],
    [20, 30, 2],
  ])
  t.same(one.dropped(), {})
  const { enteredItems, refusedItems, outItems } = one.settings.ledger('metrics')
  t.same([enteredItems, refusedItems, outItems], [7, 4, 3])
})

test('what a later batch has counted on from stays, when an earlier one is refused', async (t) => {
  const one = running()
  await one.give(counter(at(10, 5)))
  const gate = Promise.withResolvers<void>()
  one.sink.gate = gate.promise
  one.sink.refuseWith = undefined
  const first = one.give(counter(at(20, 9)))
  one.sink.gate = undefined
  await one.give(counter(at(30, 12)))
  gate.reject(new RetryableError('full'))
  await t.rejects(first)
  await one.give(counter(at(20, 9), at(40, 13)))
  t.same(one.dropped(), { out_of_order: 1 })
  t.same(
    one.out().filter(([, time]) => time >= 30),
    [
      [20, 30, 3],
      [30, 40, 1],
    ],
  )
})

test('streams are forgotten by age, and by number', async (t) => {
  const aged = running({ initial_value: 'drop', max_staleness: '1m' })
  await aged.give(counter(at(10, 5)))
  await aged.settings.clock.advance(60_001)
  await aged.give(counter(at(20, 6)))
  t.same(aged.dropped(), { initial: 2 })
  const narrow = running({ initial_value: 'drop', max_streams: 1 })
  const named = (name: string, seconds: number) =>
    at(seconds, seconds, { attributes: [{ key: 'n', value: { stringValue: name } }] })
  await narrow.give(counter(named('a', 1), named('a', 2), named('b', 3), named('a', 4)))
  t.same(narrow.dropped(), { initial: 3 })
})

test('exact to the last digit of 64 bits', async (t) => {
  const one = running()
  const big = (count: bigint, bucket: bigint) =>
    metrics({
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          { timeUnixNano: nanos(Number(count % 100n)), count: String(count), bucketCounts: [String(bucket)] },
        ],
      },
    })
  await one.give(big(18446744073709551600n, 9007199254740993n))
  await one.give(big(18446744073709551601n, 9007199254740996n))
  const seen: unknown[] = []
  one.sink.batches[1]!.visit({
    onPoint: ({ exactCount, exactBucketCounts }) => void seen.push(exactCount, exactBucketCounts),
  })
  t.same(seen, [1n, [3n]])
})

test('whatever comes, items add up and what goes on is well formed', async (t) => {
  const random = seeded(3)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const one = running({ initial_value: ['auto', 'keep', 'drop'][round % 3] })
    for (let request = 0; request < 4; request++) {
      await one.give(decodeOtlp('metrics', randomMessage('metrics', random)))
      t.equal(one.settings.ledger('metrics').held, 0)
      cases++
    }
    for (const batch of one.sink.batches) {
      t.equal(decodeOtlp('metrics', Buffer.concat(batch.chunks)).items, batch.items)
      batch.visit({
        onMetric: ({ type, temporality, isMonotonic }) => {
          if (type === 'sum' ? isMonotonic : type?.endsWith('ogram')) t.not(temporality, 'cumulative')
        },
      })
    }
  }
  t.ok(cases > 0)
})
