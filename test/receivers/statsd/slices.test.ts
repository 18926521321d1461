// The end of an interval with many series: the event loop turns while they are written, and values that come meanwhile count.
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import * as v from 'valibot'
import { Aggregation } from '../../../src/receivers/statsd/aggregation.ts'
import statsd from '../../../src/receivers/statsd/index.ts'
import { Slices } from '../../../src/receivers/statsd/slices.ts'
import { MAX_POINTS, write } from '../../../src/receivers/statsd/write.ts'
import { pointsOf, running } from './kit.ts'

const settings = { version: '1', isMonotonic: false }
const times = { startMs: 1000, endMs: 2000 }

function aggregating(config: object = {}) {
  const aggregation = new Aggregation(v.parse(statsd.config, config), () => {})
  const take = (...lines: string[]): void => {
    const bytes = Buffer.from(lines.join('\n'))
    aggregation.take(bytes, 0, bytes.length, aggregation.sender('', undefined), 1500)
  }
  const written = (harvest: ReturnType<Aggregation['endInterval']>) =>
    [...harvest.values()].flatMap((metrics) =>
      [...write(metrics, times, settings)].flatMap((batch) => pointsOf(Buffer.concat(batch.chunks))),
    )
  return { aggregation, take, written }
}

test('what comes before an interval is written belongs to the next one', async (t) => {
  const { aggregation, take, written } = aggregating({
    timer_histogram_mapping: [
      { statsd_type: 'timer', observer_type: 'summary' },
      { statsd_type: 'histogram', observer_type: 'histogram' },
      {
        statsd_type: 'distribution',
        observer_type: 'histogram',
        histogram: { explicit_buckets: [{ matcher_pattern: '.', buckets: [5] }] },
      },
    ],
  })
  take('c:1|c|#a:1,b:2', 'g:1|g', 't:1|ms', 'h:1|h', 'd:1|d', 's:x|s', 's:y|s', 'once:7|c')
  const first = aggregation.endInterval()
  // The counter once more with its tags in another order: the same series by another line.
  take('c:10|c|#b:2,a:1', 'c:10|c|#a:1,b:2', 'g:+5|g', 't:10|ms', 'h:10|h', 'd:10|d', 's:x|s')
  t.match(written(first), [
    { name: 'c', asInt: '1' },
    { name: 'd', count: '1', sum: 1 },
    { name: 'g', asDouble: 1 },
    { name: 'h', count: '1', sum: 1 },
    { name: 'once', asInt: '7' },
    { name: 's', asInt: '2' },
    { name: 't', count: '1', sum: 1 },
  ])
  aggregation.settle()
  take('c:100|c|#a:1,b:2', 't:100|ms')
  const second = written(aggregation.endInterval())
  aggregation.settle()
  t.match(second, [
    { name: 'c', asInt: '120' },
    { name: 'd', count: '1', sum: 10 },
    { name: 'g', asDouble: 5 },
    { name: 'h', count: '1', sum: 10 },
    { name: 's', asInt: '1' },
    { name: 't', count: '2', sum: 110 },
  ])
  t.same(written(aggregation.endInterval()), [], 'nothing comes twice')
})

test('series of which each sample is a point may end in the middle of an interval', async (t) => {
  const { aggregation, take, written } = aggregating()
  const handed: object[] = []
  take('t:1|ms', 'c:1|c')
  aggregation.harvestSamples((harvest) => handed.push(...written(harvest)))
  aggregation.harvestSamples(() => t.fail('there is nothing more'))
  t.match(handed, [{ name: 't', asDouble: 1 }])
  take('t:2|ms')
  t.match(written(aggregation.endInterval()), [
    { name: 'c', asInt: '1' },
    { name: 't', asDouble: 2 },
  ])
})

test('many series are handed on some thousands a turn of the event loop', async (t) => {
  const receiver = await running(t, { ignore_host: true })
  const series = 5 * MAX_POINTS
  for (let from = 0; from < series; from += 1024)
    await receiver.send(Array.from({ length: 1024 }, (_, i) => `m:1|c|#n:${from + i}`).join('\n'))
  await receiver.send('t:1|ms')
  const isAdvanced = receiver.settings.clock.advance(60_000)
  const turns: number[] = []
  for (let known = 0; known <= series; known = receiver.sink.items) {
    await setImmediate()
    turns.push(receiver.sink.items - known)
  }
  await isAdvanced
  t.ok(Math.max(...turns) <= 2 * MAX_POINTS, `${turns}`)
  t.equal(receiver.sink.items, series + 1)
  await receiver.send('m:5|c|#n:7')
  t.match(await receiver.flush(), [{ name: 'm', asInt: '5' }])
  t.equal(receiver.settings.memory.heldBytes, 0)
})

test('the end of the agent writes the rest at once', async (t) => {
  const receiver = await running(t, { ignore_host: true })
  const series = 4 * MAX_POINTS
  for (let from = 0; from < series; from += 1024)
    await receiver.send(Array.from({ length: 1024 }, (_, i) => `m:1|c|#n:${from + i}`).join('\n'))
  await receiver.stop()
  t.equal(receiver.sink.items, series)
})

test('work in slices: the first at once, each as large as may be, the rest when it is asked for', async (t) => {
  const slices = new Slices(10)
  const done: number[] = []
  function* work(steps: number): Generator<number> {
    for (let step = 0; step < steps; step++) {
      done.push(step)
      yield 4
    }
  }
  let ends = 0
  slices.run(work(7), () => void ends++)
  t.equal(done.length, 3)
  await setImmediate()
  t.equal(done.length, 6)
  t.equal(ends, 0)
  slices.finish()
  t.same([done.length, ends], [7, 1])
  await setImmediate()
  slices.finish()
  t.equal(ends, 1, 'only once')
})
