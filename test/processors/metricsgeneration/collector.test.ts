import metricsGeneration from '../../../src/processors/metricsgeneration/index.ts'
import type { Plain } from '../../data/random.ts'
import { type Comparison, compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf, items } from '../../kit/otlp.ts'

const point = (value: Plain, key = 'a'): Plain => ({
  startTimeUnixNano: '1000000000',
  timeUnixNano: '2000000000',
  attributes: [{ key, value: { stringValue: 'b' } }],
  exemplars: [{ asInt: '3', timeUnixNano: '5' }],
  ...value,
})
const metrics: Plain[] = [
  {
    name: 'usage',
    unit: 'By',
    description: 'x',
    gauge: { dataPoints: [point({ asInt: '7' }), point({ asDouble: 0.25 }, 'c'), point({ asDouble: 0 }, 'd')] },
  },
  { name: 'limit', unit: 'By', gauge: { dataPoints: [point({ asInt: '8' }), point({ asInt: '100' }, 'c')] } },
  { name: 'zero', gauge: { dataPoints: [point({ asInt: '0' })] } },
  { name: 'requests', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point({ asInt: '41' })] } },
  { name: 'latency', histogram: { dataPoints: [{ count: '3' }] } },
  { name: 'nothing', gauge: {} },
  { name: 'valueless', gauge: { dataPoints: [point({}), point({ asInt: '4' })] } },
]
const resource = (name: string): Plain => ({ attributes: [{ key: 'r', value: { stringValue: name } }] })
const requests = [
  batchOf('metrics', {
    resourceMetrics: [
      {
        resource: resource('both'),
        scopeMetrics: [{ scope: { name: 's' }, metrics }, { metrics: metrics.slice(0, 1) }],
      },
      { resource: resource('first'), scopeMetrics: [{ metrics: [metrics[0]!] }] },
      { resource: resource('second'), scopeMetrics: [{ metrics: [metrics[1]!, metrics[3]!] }] },
      {
        resource: resource('apart'),
        scopeMetrics: [{ metrics: [metrics[1]!] }, { metrics: [metrics[0]!, metrics[2]!] }],
      },
    ],
  }),
  items.metrics(2),
]

const cases: Comparison[] = []
const each = (name: string, ...rules: object[]): void =>
  void cases.push({ name, signal: 'metrics', config: { rules }, requests })
const calculate = (operation: string, of: object = {}): object => ({
  name: `made.${operation}`,
  unit: '1',
  type: 'calculate',
  metric1: 'usage',
  metric2: 'limit',
  operation,
  ...of,
})
const scale = (operation: string, scale_by: number, of: object = {}): object => ({
  name: `scaled.${operation}`,
  type: 'scale',
  metric1: 'usage',
  operation,
  scale_by,
  ...of,
})

for (const operation of ['add', 'subtract', 'multiply', 'divide', 'percent']) {
  each(`${operation} two`, calculate(operation))
  each(`${operation} one`, scale(operation, 1.5, { unit: 'KiBy' }))
  each(`${operation} of a sum`, calculate(operation, { metric1: 'requests' }))
  each(`${operation} with zero`, calculate(operation, { metric2: 'zero' }))
  each(`${operation} with a histogram`, calculate(operation, { metric2: 'latency' }))
  each(`${operation} with nothing`, calculate(operation, { metric2: 'nothing' }))
}
each('of a histogram', calculate('add', { metric1: 'latency' }), scale('multiply', 2, { metric1: 'latency' }))
each('of a metric without points', calculate('add', { metric1: 'nothing' }))
each('of what is not there', calculate('add', { metric1: 'none' }), calculate('add', { metric2: 'none' }))
each(
  'one after the other',
  calculate('add'),
  scale('multiply', 10, { name: 'again', metric1: 'made.add' }),
  scale('multiply', 3),
)
each(
  'a name that is there',
  scale('multiply', 2, { name: 'requests' }),
  scale('multiply', 3, { name: 'x', metric1: 'requests' }),
)
each(
  'of points without a value',
  calculate('add', { metric1: 'valueless' }),
  scale('divide', 2, { metric1: 'valueless' }),
  calculate('subtract', { metric2: 'valueless' }),
)
each('no rules')

compare(
  {
    type: 'metricsgeneration',
    factory: metricsGeneration,
    recorded: 'test/processors/metricsgeneration/collector.json',
  },
  cases,
)

const refused = (name: string, rule: object, message: RegExp) => ({
  name,
  config: { rules: [rule] },
  message,
  signal: 'metrics' as const,
})
compareRefusals({ type: 'metricsgeneration', factory: metricsGeneration }, [
  refused('no name', { ...calculate('add'), name: '' }, /must not be empty/),
  refused('no type', { name: 'a', metric1: 'b', operation: 'add' }, /./),
  refused('a strange type', { ...calculate('add'), type: 'guess' }, /must be one of calculate, scale/),
  refused('no metric1', { ...calculate('add'), metric1: '' }, /must not be empty/),
  refused('no metric2', { ...calculate('add'), metric2: undefined }, /calculate needs a metric2/),
  refused('no scale', { ...scale('add', 1), scale_by: undefined }, /must be above 0 for scale/),
  refused('a scale of zero', scale('add', 0), /must be above 0 for scale/),
  refused('a strange operation', calculate('modulo'), /must be one of add, subtract, multiply, divide, percent/),
  refused('its own name', { ...calculate('add'), name: 'usage' }, /must not be that of metric1/),
  refused('the name of the second', { ...calculate('add'), name: 'limit' }, /must not be that of metric2/),
])
