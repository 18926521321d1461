import { test } from 'tap'
import type { Batch, DataPoint, Visitor } from '../../src/data/index.ts'
import { MetricStreams, type Stream, type StreamLimits } from '../../src/series/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { type Plain, type Random, ROUNDS, seeded } from '../data/random.ts'
import { batchOf } from '../kit/otlp.ts'

const unbounded: StreamLimits = { maxStreams: 0, maxStalenessMs: 0 }

/** Shows every point its stream. */
function visitor<V>(
  streams: MetricStreams<V>,
  visit: (stream: Stream<V>, point: DataPoint) => void,
): Visitor<'metrics'> {
  return {
    onResource: () => streams.nextResource(),
    onScope: () => streams.nextScope(),
    onMetric: () => streams.nextMetric(),
    onPoint: (point, metric, scope, resource) => visit(streams.of(point, metric, scope, resource), point),
  }
}

const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
const gauge = (...points: Plain[]): Batch<'metrics'> =>
  batchOf('metrics', {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: points } }] }] }],
  })
const named = (...names: string[]): Batch<'metrics'> =>
  gauge(...names.map((name) => ({ attributes: [text('name', name)], asDouble: 1 })))

/** The values that the points' streams had, each then set to the number of the point. */
function numbered(streams: MetricStreams<number>, batch: Batch<'metrics'>): (number | undefined)[] {
  const before: (number | undefined)[] = []
  batch.visit(
    visitor(streams, (stream) => {
      before.push(stream.value)
      stream.value = before.length
    }),
  )
  return before
}

test('a point finds what its stream said last', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), unbounded)
  t.same(numbered(streams, named('a', 'b', 'a')), [undefined, undefined, 1])
  t.same(numbered(streams, named('b', 'c')), [2, undefined])
  t.equal(streams.size, 3)
})

test('the order of attributes is nothing, inside values too', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), unbounded)
  const inner = (...list: Plain[]): Plain => ({ key: 'm', value: { kvlistValue: { values: list } } })
  const [a, b, c] = [text('a', '1'), text('b', '2'), text('c', '')]
  const orders = [
    [a, b, inner(a, c)],
    [b, inner(c, a), a],
    [inner(a, c), a, b],
  ]
  t.same(numbered(streams, gauge(...orders.map((attributes) => ({ attributes })))), [undefined, 1, 2])
  t.same(numbered(streams, gauge({ attributes: [inner(a, b), a, b] })), [undefined])
})

test('a point without attributes is a stream, and one with an empty value another', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), unbounded)
  const empty = { key: 'a', value: {} }
  t.same(numbered(streams, gauge({}, { attributes: [empty] }, { attributes: [text('a', '')] }, {})), [
    undefined,
    undefined,
    undefined,
    1,
  ])
})

test('streams are the same exactly when everything that names them is', async (t) => {
  const random = seeded(41)
  let cases = 0
  let again = 0
  for (let round = 0; round < ROUNDS; round++) {
    const streams = new MetricStreams<string>(new FakeClock(), unbounded)
    const known = new Set<string>()
    for (let request = 0; request < 5; request++) {
      const { batch, names } = randomRequest(random)
      let at = 0
      batch.visit(
        visitor(streams, (stream) => {
          const name = names[at++]!
          if (known.has(name)) again++
          t.equal(stream.value, known.has(name) ? name : undefined)
          known.add(name)
          stream.value = name
          cases++
        }),
      )
      t.equal(streams.size, known.size)
    }
  }
  t.ok(again > cases / 10, `${again} of ${cases} points were of a known stream`)
  t.ok(cases > 0)
})

test('the one not heard of for longest makes room, and is counted', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), { maxStreams: 2, maxStalenessMs: 0 })
  numbered(streams, named('a', 'b', 'a', 'c'))
  t.equal(streams.size, 2)
  t.equal(streams.evicted, 1)
  t.same(numbered(streams, named('a', 'c', 'b')), [3, 4, undefined])
  t.equal(streams.evicted, 2)
})

test('with room for one stream, each point pushes out the one before', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), { maxStreams: 1, maxStalenessMs: 0 })
  t.same(numbered(streams, named('a', 'a', 'b', 'a')), [undefined, 1, undefined, undefined])
  t.equal(streams.parents, 3)
})

test('a stream is forgotten when it has been quiet for longer than allowed', async (t) => {
  const clock = new FakeClock()
  const streams = new MetricStreams<number>(clock, { maxStreams: 0, maxStalenessMs: 1000 })
  numbered(streams, named('a', 'b'))
  await clock.advance(1000)
  t.same(numbered(streams, named('a')), [1])
  await clock.advance(1)
  t.same(numbered(streams, named('a', 'b')), [1, undefined])
  t.equal(streams.expired, 1)
  await clock.advance(1001)
  streams.expire()
  t.equal(streams.size, 0)
  t.equal(streams.parents, 0)
  t.equal(streams.evicted, 0)
})

test('the memory follows a simple model, whatever comes', async (t) => {
  const random = seeded(42)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const clock = new FakeClock()
    const limits = { maxStreams: 1 + random(12), maxStalenessMs: 50 }
    const streams = new MetricStreams<string>(clock, limits)
    const model = new Map<string, number>()
    for (let request = 0; request < 8; request++) {
      await clock.advance(random(40))
      const now = clock.monotonicMs()
      for (const [name, seen] of model) if (now - seen > limits.maxStalenessMs) model.delete(name)
      const { batch, names } = randomRequest(random)
      let at = 0
      batch.visit(
        visitor(streams, (stream) => {
          const name = names[at++]!
          t.equal(stream.value, model.has(name) ? name : undefined)
          stream.value = name
          model.delete(name)
          model.set(name, now)
          if (model.size > limits.maxStreams) model.delete(model.keys().next().value!)
          cases++
        }),
      )
      if (names.length > 0) t.equal(streams.size, model.size)
    }
    await clock.advance(1000)
    streams.expire()
    t.equal(streams.size + streams.parents, 0, 'nothing stays behind')
  }
  t.ok(cases > 0)
})

test('whoever owns the memory may tell streams apart by more', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), {
    ...unbounded,
    writeIdentity: (point, out) => out.instant(point.start),
  })
  const from = (startTimeUnixNano: string): Plain => ({ startTimeUnixNano, asInt: '1' })
  t.same(numbered(streams, gauge(from('1'), from('2'), from('1'))), [undefined, undefined, 1])
})

test('what is forgotten at once is gone', async (t) => {
  const streams = new MetricStreams<number>(new FakeClock(), unbounded)
  numbered(streams, named('a', 'b'))
  streams.clear()
  t.equal(streams.size + streams.parents, 0)
  t.same(numbered(streams, named('a')), [undefined])
})

const values = [
  { stringValue: 'x' },
  { stringValue: 'y' },
  { intValue: '7' },
  { boolValue: true },
  { doubleValue: 7 },
  {},
  { arrayValue: { values: [{ stringValue: 'x' }, { intValue: '7' }] } },
  { stringValue: 'z'.repeat(200) },
]
const keys = ['a', 'b', '']

/** A request of few names, so that streams come again, and what each point's stream is called. */
function randomRequest(random: Random): { batch: Batch<'metrics'>; names: string[] } {
  const names: string[] = []
  const times = <T>(make: () => T): T[] => Array.from({ length: random(4) }, make)
  const attributes = (): Plain[] => shuffled(keys.filter(() => random(4) === 0).map((key) => attribute(key)))
  const attribute = (key: string): Plain => ({ key, value: values[random(random(values.length) + 1)]! })
  const shuffled = <T>(list: T[]): T[] => list.sort(() => random(3) - 1)
  const resourceMetrics = times(() => {
    const resource = { attributes: random(3) > 0 ? [] : [attribute('r')] }
    const scopeMetrics = times(() => {
      const scope = {
        name: ['', 's'][random(5) >> 2]!,
        version: ['', '1'][random(5) >> 2]!,
        attributes: attributes().slice(1),
      }
      const metrics = times(() => {
        const name = ['m', 'n'][random(2)]!
        const unit = ['', 's'][random(5) >> 2]!
        const type = ['gauge', 'sum'][random(2)]!
        const data = {
          aggregationTemporality: type === 'sum' ? 1 + random(2) : 0,
          isMonotonic: random(2) === 1 && type === 'sum',
        }
        const dataPoints = times(() => {
          const point = { attributes: attributes(), asInt: '5' }
          names.push(
            JSON.stringify([
              identityOf(resource),
              scope.name,
              scope.version,
              identityOf(scope),
              name,
              unit,
              type,
              data,
              identityOf(point),
            ]),
          )
          return point
        })
        return { name, unit, [type]: { ...(type === 'sum' ? data : {}), dataPoints } }
      })
      return { scope, metrics }
    })
    return { resource, scopeMetrics }
  })
  return { batch: batchOf('metrics', { resourceMetrics }), names }
}

const identityOf = ({ attributes }: { attributes: Plain[] }): string[] =>
  attributes.map((one) => JSON.stringify(one)).sort()
