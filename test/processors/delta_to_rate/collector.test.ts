import deltaToRate from '../../../src/processors/delta_to_rate/index.ts'
import type { Plain } from '../../data/random.ts'
import { compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf, items } from '../../kit/otlp.ts'

const point = (startNanos: string, nanos: string, value: Plain): Plain => ({
  startTimeUnixNano: startNanos,
  timeUnixNano: nanos,
  attributes: [{ key: 'a', value: { stringValue: 'b' } }],
  ...value,
})
const dataPoints = [
  point('1000000000', '61000000000', { asInt: '120' }),
  point('1500000000', '3250000000', { asInt: '-7' }),
  point('1900000000', '2000000001', { asDouble: 0.5, flags: 1 }),
  point('2000000000', '2000000000', { asDouble: 0.5 }),
  point('3000000000', '2000000000', { asInt: '5' }),
  point('0', '1700000000000000000', { asInt: '17' }),
  { ...point('0', '1000000000', { asDouble: 3 }), exemplars: [{ asDouble: 1, timeUnixNano: '5' }] },
]
const metrics: Plain[] = [
  { name: 'd', unit: 'By', description: 'x', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } },
  { name: 'unitless', sum: { aggregationTemporality: 1, dataPoints } },
  { name: 'other', unit: 'By', sum: { aggregationTemporality: 1, dataPoints } },
  { name: 'cumulative', unit: 'By', sum: { aggregationTemporality: 2, dataPoints } },
  { name: 'g', unit: 'By', gauge: { dataPoints } },
  { name: 'h', histogram: { aggregationTemporality: 1, dataPoints: [{ count: '1' }] } },
]
const requests = [
  batchOf('metrics', {
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'r', value: { intValue: '1' } }] },
        scopeMetrics: [{ scope: { name: 's' }, metrics }],
      },
      { scopeMetrics: [{ metrics: metrics.slice(1) }, { metrics: metrics.slice(0, 1) }] },
    ],
  }),
  items.metrics(3),
]

compare({ type: 'delta_to_rate', factory: deltaToRate, recorded: 'test/processors/delta_to_rate/collector.json' }, [
  { name: 'one metric', signal: 'metrics', config: { metrics: ['d'] }, requests },
  {
    name: 'all of them',
    signal: 'metrics',
    config: { metrics: ['d', 'unitless', 'cumulative', 'g', 'h', 'd'] },
    requests,
  },
  { name: 'none of them', signal: 'metrics', config: { metrics: ['none', ''] }, requests },
])

compareRefusals({ type: 'delta_to_rate', factory: deltaToRate }, [
  { name: 'no metrics', signal: 'metrics', config: {}, message: /./ },
  { name: 'an empty list', signal: 'metrics', config: { metrics: [] }, message: /must name at least one metric/ },
])
