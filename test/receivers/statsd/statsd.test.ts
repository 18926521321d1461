import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { cases } from './cases.ts'
import { type Point, running } from './kit.ts'

test('packets become what the collector made of them', async (t) => {
  const recorded: Readonly<Record<string, Point[]>> = JSON.parse(
    await readFile('test/receivers/statsd/collector.json', 'utf8'),
  )
  for (const { name, config, packets } of cases) {
    const receiver = await running(t, config)
    await receiver.send(...packets)
    t.strictSame(await receiver.flush(), recorded[name], name)
    await receiver.stop()
    t.equal(receiver.settings.memory.heldBytes, 0)
  }
})

test('an interval that brought nothing hands nothing on, and what it had is not said twice', async (t) => {
  const receiver = await running(t, { aggregation_interval: '60s' })
  t.same(await receiver.flush(), [])
  await receiver.send('a:1|c', 'g:5|g')
  t.equal((await receiver.flush()).length, 2)
  t.same(await receiver.flush(), [])
  await receiver.send('a:2|c', 'g:+1|g')
  t.match(await receiver.flush(), [
    { name: 'a', asInt: '2' },
    { name: 'g', asDouble: 1 },
  ])
})

test('points have the times of their interval', async (t) => {
  const receiver = await running(t, {
    aggregation_interval: '60s',
    timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'summary' }],
  })
  const startMs = receiver.settings.clock.now()
  await receiver.settings.clock.advance(20_000)
  await receiver.send('a:1|c', 'b:1|ms', 'c:1|g')
  await receiver.settings.clock.advance(40_000)
  const times = new Map<string, readonly number[]>()
  receiver.sink.batches[0]!.visit({
    onPoint: (point, metric) =>
      void times.set(metric.name, [point.start.millis - startMs, point.time.millis - startMs]),
  })
  t.same(times.get('a'), [0, 60_000])
  t.same(times.get('b'), [0, 60_000])
  t.same(times.get('c'), [-startMs, 20_000], 'a gauge has the time of its last value')
})

test('a line with a time is a point at that time', async (t) => {
  const receiver = await running(t)
  const seconds = receiver.settings.clock.now() / 1000
  await receiver.send(`a:1|c|T${seconds + 5}`, `a:2|c|T${seconds + 5}`, `a:4|c|T${seconds - 500}`, 'a:8|c', 'g:1|g|T77')
  await receiver.settings.clock.advance(60_000)
  const found: unknown[] = []
  receiver.sink.batches[0]!.visit({
    onPoint: (point, metric) => void found.push([metric.name, point.value, point.start.seconds, point.time.seconds]),
  })
  t.same(found, [
    ['a', 3, seconds, seconds + 5],
    ['a', 4, seconds - 500, seconds - 500],
    ['a', 8, seconds, seconds + 60],
    ['g', 1, 0, 77],
  ])
})

test('sets count how many different values there were', async (t) => {
  const receiver = await running(t, { enable_metric_type: true })
  await receiver.send('users:7|s', 'users:8|s', 'users:7|s', 'users:a:b|s', 'users:1|s|#k:v')
  t.match(await receiver.flush(), [
    { name: 'users', type: 'gauge', attributes: { k: 'v', metric_type: 'set' }, asInt: '1' },
    { name: 'users', type: 'gauge', attributes: { metric_type: 'set' }, asInt: '3' },
  ])
})

test('a line of several values is as many values', async (t) => {
  const receiver = await running(t, {
    timer_histogram_mapping: [{ statsd_type: 'distribution', observer_type: 'histogram' }],
  })
  await receiver.send('a:1:2:3|c', 'd:1.5:2:-3e1|d|@0.5', 'a:1:x:3|c', 'a:1:|c', 'g:1:+2|g')
  t.match(await receiver.flush(), [
    { name: 'a', asInt: '6' },
    { name: 'd', count: '6', sum: -53, min: -30, max: 2 },
    { name: 'g', asDouble: 3 },
  ])
  t.same(Object.fromEntries(receiver.refused), { bad_value: 2 })
})

test('what newer clients say about the origin is understood', async (t) => {
  const receiver = await running(t)
  await receiver.send('a:1|c|#k:v|c:ci-0123abc|e:it-false,pu-1|card:low', 'b:1|c|c:in-4026531835', 'b:1|c|e:|T1')
  t.match(await receiver.flush(), [
    { name: 'a', attributes: { k: 'v', 'container.id': '0123abc' } },
    { name: 'b', attributes: {} },
    { name: 'b', attributes: {} },
  ])
  t.same(Object.fromEntries(receiver.refused), {})
})

test('events, service checks and types that nobody maps are counted', async (t) => {
  const receiver = await running(t, {
    timer_histogram_mapping: [{ statsd_type: 'histogram', observer_type: 'disabled' }],
  })
  await receiver.send('_e{5,4}:title|text|t:warning', '_sc|db|0|#k:v', 'a:1|ms', 'a:1|h', 'a:1|h', '_other:1|c')
  t.match(await receiver.flush(), [{ name: '_other' }])
  t.same(Object.fromEntries(receiver.refused), { event: 1, service_check: 1, not_mapped: 3 })
  t.same(receiver.lines(), { taken: 1, refused: 5 })
})

test('a counter that is rounded by chance is right in the long run', async (t) => {
  const receiver = await running(t, { counter_type: 'stochastic_int' })
  await receiver.send(Array.from({ length: 2000 }, () => 'a:0.25|c').join('\n'), 'b:-3|c')
  const [a, b] = await receiver.flush()
  t.ok(Number(a!.asInt) > 400 && Number(a!.asInt) < 600, String(a!.asInt))
  t.equal(b!.asInt, '-3')
})

test('histograms and distributions go their own ways when both are mapped', async (t) => {
  const receiver = await running(t, {
    timer_histogram_mapping: [
      { statsd_type: 'histogram', observer_type: 'histogram', histogram: { max_size: 2 } },
      { statsd_type: 'distribution', observer_type: 'summary', summary: { percentiles: [50] } },
      {
        statsd_type: 'timing',
        observer_type: 'histogram',
        histogram: { explicit_buckets: [{ matcher_pattern: 'x', buckets: [1] }] },
      },
    ],
  })
  await receiver.send('a:1|h\na:2|h\na:100|h', 'b:1|d\nb:2|d\nb:3|d', 'axa:1|ms', 'a:1|ms')
  t.match(await receiver.flush(), [
    { name: 'a', type: 'exponentialHistogram', count: '1' },
    { name: 'a', type: 'exponentialHistogram', count: '3', positive: { bucketCounts: ['1', '2'] } },
    { name: 'axa', type: 'histogram', bucketCounts: ['1', '0'] },
    { name: 'b', type: 'summary', quantileValues: [{ quantile: 0.5, value: 2 }] },
  ])
})
