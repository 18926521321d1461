import { test } from 'tap'
import type { Distribution } from '../../../src/aws/cloudwatch/distribution.ts'
import { exactDistributionsOf } from '../../../src/aws/cloudwatch/exact.ts'
import { Builder } from '../../../src/data/index.ts'

interface Of {
  readonly count: number
  readonly sum?: number
  /** Of each exemplar: its value, and how often it says that it was met. */
  readonly exemplars: readonly (readonly [value: number, times?: number])[]
}

function exact({ count, sum, exemplars }: Of, maxValues = 150): readonly Distribution[] | undefined {
  const builder = new Builder('metrics')
  builder.resource(() => {})
  builder.add((metric) => {
    metric.name('m')
    metric.histogram('delta', (points) =>
      points.add((point) => {
        point.count(count)
        if (sum !== undefined) point.sum(sum)
        for (const [value, times] of exemplars)
          point.exemplar((exemplar) => {
            exemplar.value(value)
            if (times !== undefined) exemplar.filteredAttribute('aws.emf.count', times)
          })
      }),
    )
  })
  let found: readonly Distribution[] | undefined
  builder.build().visit({ onPoint: (point) => void (found = exactDistributionsOf(point, maxValues)) })
  return found
}

test('exemplars that make up the count are the values', async (t) => {
  t.same(exact({ count: 4, sum: 8.5, exemplars: [[1], [5], [-2.5], [5]] }), [
    { values: [5, 1, -2.5], counts: [2, 1, 1], count: 4, sum: 8.5, max: 5, min: -2.5 },
  ])
  t.same(
    exact({
      count: 5,
      exemplars: [
        [10, 3],
        [20, 2],
      ],
    }),
    [{ values: [20, 10], counts: [2, 3], count: 5, sum: 70, max: 20, min: 10 }],
  )
})

test('counts of sampled values keep their fractions', async (t) => {
  t.same(
    exact({
      count: 4,
      sum: 41,
      exemplars: [
        [10, 3],
        [20, 0.5],
      ],
    }),
    [{ values: [20, 10], counts: [0.5, 3], count: 3.5, sum: 41, max: 20, min: 10 }],
  )
})

test('more values than fit are several distributions that add up', async (t) => {
  const exemplars = Array.from({ length: 7 }, (_, i) => [i] as const)
  t.same(exact({ count: 7, sum: 21, exemplars }, 3), [
    { values: [6, 5, 4], counts: [1, 1, 1], count: 3, sum: 15, max: 6, min: 4 },
    { values: [3, 2, 1], counts: [1, 1, 1], count: 3, sum: 6, max: 3, min: 1 },
    { values: [0], counts: [1], count: 1, sum: 0, max: 0, min: 0 },
  ])
})

test('samples of what was met are not the whole', async (t) => {
  t.equal(exact({ count: 5, exemplars: [[1], [2]] }), undefined)
  t.equal(exact({ count: 0, exemplars: [] }), undefined)
  t.equal(exact({ count: 2, exemplars: [] }), undefined)
  t.equal(exact({ count: 2, exemplars: [[1], [Number.NaN]] }), undefined)
  t.equal(exact({ count: 1, exemplars: [[1, -1]] }), undefined)
  t.equal(exact({ count: 1, exemplars: [[2 ** 361]] }), undefined)
})
