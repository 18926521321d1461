import { test } from 'tap'
import { KnownPoints } from '../../../src/aws/cloudwatch/known-points.ts'
import { metricsOf } from '../../kit/metrics.ts'

const pointsOf = (onForgotten?: () => void) =>
  new KnownPoints<{ readonly labels: number }>({
    namespace: 'Shop',
    namespaceAttribute: '',
    isLabel: () => false,
    scopeLabel: undefined,
    make: (texts) => ({ labels: texts.size }),
    sizeOf: () => 0,
    ...(onForgotten !== undefined && { onForgotten }),
  })

test('names of metrics without end are not remembered without end, whatever few attributes they have', async (t) => {
  const points = pointsOf()
  const batch = metricsOf([{ metrics: [{ name: 'm', points: [{ labels: { a: 'b' } }] }] }])
  let largest = 0
  let forgotten = 0
  let before: object | undefined
  for (let i = 0; i < 120; i++)
    batch.visit({
      onPoint(point, _metric, scope, resource) {
        const knownResource = points.resource(resource)
        const known = points.attributes(knownResource, points.scope(knownResource, scope), point.attributes)
        if (before !== undefined && known !== before) forgotten++
        before = known
        for (let name = 0; name < 1000; name++) {
          const metric = {}
          const slot = points.slot(known, metric)
          if (points.slot(known, metric) !== slot) t.fail('a slot is made twice')
        }
        largest = Math.max(largest, known.slots.size)
      },
    })
  t.ok(forgotten >= 2, 'learned again')
  t.ok(largest < 60_000, `${largest} at most`)
})

test('what is made of points may say that it has grown', async (t) => {
  const points = pointsOf()
  const batch = metricsOf([{ metrics: [] }])
  const resources = new Set<object>()
  for (let i = 0; i < 64; i++) {
    batch.visit({ onResource: (resource) => void resources.add(points.resource(resource)) })
    points.grown(1024 * 1024)
  }
  t.equal(resources.size, 4, 'forgotten each 16 MiB')
})

test('attributes that come no more are forgotten, and those that come each time only with many of them', async (t) => {
  let forgotten = 0
  const points = pointsOf(() => void forgotten++)
  const take = (names: readonly string[], nowMs: number): void => {
    const metrics = [{ name: 'm', points: names.map((user) => ({ labels: { user } })) }]
    points.begin(nowMs)
    metricsOf([{ metrics }]).visit({
      onPoint(point, _metric, scope, resource) {
        const known = points.resource(resource)
        points.attributes(known, points.scope(known, scope), point.attributes)
      },
    })
  }
  const stay = Array.from({ length: 500 }, (_, i) => `stays ${i}`)
  for (let minute = 0; minute < 30; minute++) take(stay, minute * 60_000)
  t.equal(forgotten, 0)
  for (let minute = 30; minute < 90; minute++)
    take([...stay, ...Array.from({ length: 100 }, (_, i) => `minute ${minute}, ${i}`)], minute * 60_000)
  t.ok(forgotten >= 2 && forgotten <= 5, `${forgotten} times`)
})
