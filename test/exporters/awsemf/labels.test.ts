import { test } from 'tap'
import { createFormat } from '../../../src/exporters/awsemf/format.ts'
import { LabelShapes } from '../../../src/exporters/awsemf/labels.ts'
import { metricsOf } from '../../kit/metrics.ts'
import { bufferBytesKept } from '../../kit/pool.ts'
import { translationRig } from './kit.ts'

test('labels of the same names share what they have in common, whatever their values', async (t) => {
  const shapes = new LabelShapes(createFormat(false))
  const shape = () => ({ keys: new Set(['a', 'b']), dimensions: new Map([['a', 'a']]) })
  const first = shapes.of(shape())
  t.equal(shapes.of(shape()), first)
  t.not(shapes.of({ ...shape(), dimensions: new Map([['b', 'b']]) }), first)
  t.equal(shapes.measurement('{"x":'), shapes.measurement('{"x":'))
  t.equal(shapes.measurement('{"x":').head.toString(), '{"x":')
})

test('more shapes than are remembered are learned again, and every event is right', async (t) => {
  const shapes = new LabelShapes(createFormat(false))
  const first = shapes.measurement('first')
  for (let i = 0; i < 1000; i++) shapes.measurement(String(i))
  t.not(shapes.measurement('first'), first)

  const rig = translationRig({
    namespace: 'Shop',
    dimension_rollup_option: 'NoDimensionRollup',
    metric_declarations: [
      { dimensions: [['host']], metric_name_selectors: ['^a$', '^b$'] },
      { dimensions: [['host']], metric_name_selectors: ['^b$', '^c$'] },
    ],
  })
  const labelsOf = (i: number) => ({ host: `h${i}`, [`own${i}`]: 'x' })
  const metrics = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    points: Array.from({ length: 1500 }, (_, i) => ({ labels: labelsOf(i), time: 1, int: 1 })),
  }))
  for (let round = 0; round < 2; round++) {
    rig.take(metricsOf([{ metrics }]))
    const events = rig.written()
    t.equal(events.length, 1500)
    let cases = 0
    for (const { event } of events) {
      const { _aws, ...members } = event as {
        _aws: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] }
      } & Record<string, unknown>
      const extracted = _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name))
      const isRight =
        extracted.sort().join() === 'a,b,c' &&
        _aws.CloudWatchMetrics.every(({ Dimensions }) => JSON.stringify(Dimensions) === '[["host"]]') &&
        members[`own${String(members.host).slice(1)}`] === 'x' &&
        members.d === 1
      if (isRight) cases++
      else if (events.length - cases < 5) t.fail(JSON.stringify(event))
    }
    t.equal(cases, 1500)
  }
})

test('labels that come one at a time keep no more than themselves', async (t) => {
  const rig = translationRig({ namespace: 'Shop' })
  const keptBytes = await bufferBytesKept(500, (i) => {
    rig.take(metricsOf([{ metrics: [{ name: 'logins', points: [{ labels: { user: `u${i}` }, time: 1, int: 1 }] }] }]))
    rig.written()
  })
  t.ok(keptBytes < 1_000_000, `${keptBytes} bytes`)
})
