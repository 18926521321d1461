// The same transforms of the same metrics, here and in the collector.
import type { Batch } from '../../../src/data/index.ts'
import metricsTransform from '../../../src/processors/metrics_transform/index.ts'
import type { Plain } from '../../data/random.ts'
import { type Comparison, compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
const number = (key: string, intValue: string): Plain => ({ key, value: { intValue } })
const labels = (of: Readonly<Record<string, string>>): Plain[] =>
  Object.entries(of).map(([key, value]) => text(key, value))
const times = { startTimeUnixNano: '1000000000', timeUnixNano: '2000000000' }
const later = { startTimeUnixNano: '1500000000', timeUnixNano: '3000000000' }
const int = (value: number | string, of: Readonly<Record<string, string>> = {}, when: Plain = times): Plain => ({
  ...when,
  asInt: String(value),
  attributes: labels(of),
})
const real = (asDouble: number, of: Readonly<Record<string, string>> = {}, when: Plain = times): Plain => ({
  ...when,
  asDouble,
  attributes: labels(of),
})
const exemplar = (value: Plain): Plain => ({ timeUnixNano: '5', ...value })
const histogram = (counts: number[], of: Readonly<Record<string, string>> = {}, more: Plain = {}): Plain => ({
  ...times,
  count: String(counts.reduce((sum, count) => sum + count, 0)),
  sum: counts.length * 1.5,
  min: 0.5,
  max: counts[0],
  bucketCounts: counts.map(String),
  explicitBounds: counts.slice(1).map((_, i) => i + 0.5),
  exemplars: [exemplar({ asDouble: 0.25 }), exemplar({ asInt: '7' })],
  attributes: labels(of),
  ...more,
})
const exponential = (
  offset: number,
  counts: number[],
  of: Readonly<Record<string, string>> = {},
  more: Plain = {},
): Plain => ({
  ...times,
  count: String(counts.reduce((sum, count) => sum + count, 0)),
  sum: 2.5,
  scale: 2,
  zeroCount: '1',
  positive: { offset, bucketCounts: counts.map(String) },
  exemplars: [exemplar({ asDouble: 0.25 })],
  attributes: labels(of),
  ...more,
})

const metrics: Plain[] = [
  {
    name: 'system.cpu.usage',
    unit: 's',
    description: 'time',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        int(10, { state: 'user', cpu: '0' }),
        int(7, { state: 'system', cpu: '0' }),
        int(3, { state: 'user', cpu: '1' }),
        int(4, { cpu: '1', state: 'system' }),
        int(1, { state: 'idle', cpu: '1' }, later),
        int(8, { state: 'idle' }),
      ],
    },
  },
  {
    name: 'memory',
    unit: 'By',
    gauge: {
      dataPoints: [
        real(1.5, { state: 'used', host: 'a' }),
        real(2.5, { state: 'free', host: 'a' }, later),
        real(-4, { state: 'used', host: 'b' }),
        { ...real(8, { host: 'b' }), attributes: [number('state', '5'), text('host', 'b')] },
        real(9e300, {}),
        { ...times, attributes: labels({ state: 'nothing' }) },
      ],
    },
  },
  {
    name: 'deltas',
    sum: {
      aggregationTemporality: 1,
      dataPoints: [
        int(5, { a: 'x' }),
        int(6, { a: 'y' }),
        int(7, { a: 'z' }, { ...times, startTimeUnixNano: '900000000' }),
      ],
    },
  },
  {
    name: 'latency',
    unit: 'ms',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        histogram([1, 2, 3], { route: '/a' }),
        histogram([4, 5, 6], { route: '/b' }, { startTimeUnixNano: '7' }),
        histogram([4, 5], { route: '/c' }),
        histogram([1, 1, 1], { route: '/d' }, { min: undefined, max: undefined }),
        histogram([0, 0, 0], { route: '/e' }, { startTimeUnixNano: '1' }),
      ],
    },
  },
  {
    name: 'latency.exp',
    exponentialHistogram: {
      aggregationTemporality: 1,
      dataPoints: [
        exponential(3, [1, 2], { route: '/a' }),
        exponential(3, [4, 0, 6], { route: '/b' }),
        exponential(5, [7], { route: '/c' }),
        exponential(3, [7], { route: '/d' }, { scale: 3, negative: { offset: -4, bucketCounts: ['2'] } }),
      ],
    },
  },
  {
    name: 'quantiles',
    summary: { dataPoints: [{ ...times, count: '3', sum: 4, attributes: labels({ route: '/a' }) }] },
  },
  { name: 'http.get.requests', unit: '1', gauge: { dataPoints: [int(1, { code: '200' }), int(2, { code: '500' })] } },
  {
    name: 'http.POST.requests',
    unit: '1',
    gauge: { dataPoints: [int(3, { code: '200' }), int(4, { code: '500' }), int(9, { code: '500' })] },
  },
  { name: 'http.put.bytes', unit: 'By', gauge: { dataPoints: [int(3, { code: '200' })] } },
  { name: 'nothing', gauge: {} },
]

const requests: Batch[] = [
  batchOf('metrics', {
    resourceMetrics: [
      {
        resource: { attributes: [text('host.name', 'h1')] },
        scopeMetrics: [{ scope: { name: 's', version: '1' }, metrics }, { metrics: metrics.slice(0, 2) }],
      },
      { resource: { attributes: [text('host.name', 'h2')] }, scopeMetrics: [{ metrics: metrics.slice(5) }] },
    ],
  }),
]

const cases: Comparison[] = []
const each = (name: string, ...transforms: object[]): void =>
  void cases.push({ name, signal: 'metrics', config: { transforms }, requests, isUnordered: true })
const update = (include: string, of: object = {}): object => ({ include, action: 'update', ...of })
const pattern = (include: string, of: object = {}): object => ({ ...update(include, of), match_type: 'regexp' })
const operating = (include: string, ...operations: object[]): object => update(include, { operations })

each('a new name', update('memory', { new_name: 'mem' }))
each(
  'new names one after the other',
  update('memory', { new_name: 'mem' }),
  update('mem', { new_name: 'm' }),
  update('memory', { new_name: 'x' }),
)
each('no new name', update('memory'))
for (const [template, as] of [
  ['$1', 'digits'],
  ['cpu.${1}', 'braces'],
  ['${verb}.${what}', 'names'],
  ['$verb-$what', 'names without braces'],
  ['$0.$$.$9.$nobody.$1x', 'all kinds'],
  ['$nobody', 'a name that is none'],
  ['plain', 'no group'],
  ['$', 'a dollar'],
] as const)
  each(`new names of patterns: ${as}`, pattern('http\\.(?P<verb>[a-zA-Z]+)\\.(?P<what>.*)', { new_name: template }))
each('a pattern in the middle', pattern('s', { new_name: 'has-s' }))

each(
  'add a label',
  operating(
    'memory',
    { action: 'add_label', new_label: 'state', new_value: 'none' },
    { action: 'add_label', new_label: 'x', new_value: 'y' },
  ),
)
each('rename a label', operating('memory', { action: 'update_label', label: 'host', new_label: 'node' }))
each(
  'rename a label over another',
  operating('system.cpu.usage', { action: 'update_label', label: 'state', new_label: 'cpu' }),
)
each(
  'other values',
  operating('system.cpu.usage', {
    action: 'update_label',
    label: 'state',
    value_actions: [
      { value: 'user', new_value: 'U' },
      { value: 'idle', new_value: '' },
    ],
  }),
)
each('a label that is not there', operating('memory', { action: 'update_label', label: 'none', new_label: 'x' }))
each(
  'delete a value',
  operating('system.cpu.usage', { action: 'delete_label_value', label: 'state', label_value: 'idle' }),
)
each(
  'delete the value of every point',
  pattern('http', { operations: [{ action: 'delete_label_value', label: 'code', label_value: '200' }] }),
)
each('delete what is no text', operating('memory', { action: 'delete_label_value', label: 'state', label_value: '' }))
each('toggle', pattern('.*', { operations: [{ action: 'toggle_scalar_data_type' }] }))
each(
  'toggle twice',
  pattern('cpu', { operations: [{ action: 'toggle_scalar_data_type' }, { action: 'toggle_scalar_data_type' }] }),
)
for (const experimental_scale of [1000, 0.001, -2, 2.5])
  each(
    `scale by ${experimental_scale}`,
    pattern(experimental_scale < 0 ? 'cpu|memory|latency$' : '.*', {
      operations: [{ action: 'experimental_scale_value', experimental_scale }],
    }),
  )

for (const aggregation_type of ['sum', 'mean', 'min', 'max', 'median', 'count', undefined]) {
  const how = aggregation_type === undefined ? {} : { aggregation_type }
  each(
    `${aggregation_type} of labels`,
    pattern('.*', { operations: [{ action: 'aggregate_labels', label_set: ['state'], ...how }] }),
  )
  each(
    `${aggregation_type} of everything`,
    pattern('cpu|memory|deltas|latency$|http', { operations: [{ action: 'aggregate_labels', label_set: [], ...how }] }),
  )
  each(
    `${aggregation_type} of values`,
    operating('system.cpu.usage', {
      action: 'aggregate_label_values',
      label: 'state',
      aggregated_values: ['user', 'system'],
      new_value: 'busy',
      ...how,
    }),
  )
  each(
    `${aggregation_type} of routes`,
    pattern('latency', {
      operations: [
        {
          action: 'aggregate_label_values',
          label: 'route',
          aggregated_values: ['/a', '/b', '/d', '/e'],
          new_value: '/',
          ...how,
        },
      ],
    }),
  )
  if (aggregation_type === undefined) continue
  each(`combine by ${aggregation_type}`, {
    include: '^http\\.(?P<verb>.*)\\.requests$',
    match_type: 'regexp',
    action: 'combine',
    new_name: 'http.requests',
    aggregation_type,
  })
  each(`combine by ${aggregation_type}, then aggregate`, {
    include: '^http\\.(.*)\\.requests$',
    match_type: 'regexp',
    action: 'combine',
    new_name: 'http.requests',
    submatch_case: 'lower',
    aggregation_type,
    operations: [{ action: 'aggregate_labels', label_set: ['code'], aggregation_type }],
  })
}
each(
  'of a mixture of integers and doubles',
  operating(
    'deltas',
    { action: 'toggle_scalar_data_type' },
    { action: 'aggregate_labels', label_set: [], aggregation_type: 'sum' },
  ),
)

const combine = (include: string, of: object = {}): object => ({
  include,
  match_type: 'regexp',
  action: 'combine',
  new_name: 'combined',
  aggregation_type: 'sum',
  ...of,
})
each('combine one', combine('^memory$'))
each('combine what does not fit: units', combine('^http'))
each('combine what does not fit: types', combine('latency'))
each('combine summaries', combine('quantiles'))
each('combine nothing', combine('none'))
each('combine with an upper case', combine('^http\\.(?P<verb>.*)\\.requests$', { submatch_case: 'upper' }))
each('combine histograms', combine('^latency$'))

const insert = (include: string, of: object = {}): object => ({ include, action: 'insert', new_name: 'copy', ...of })
each('insert', insert('memory'))
each(
  'insert histograms, changed',
  insert('latency', { operations: [{ action: 'experimental_scale_value', experimental_scale: 10 }] }),
)
each(
  'insert by pattern',
  insert('^http\\.(.*)$', {
    match_type: 'regexp',
    new_name: 'copy.${1}',
    operations: [{ action: 'delete_label_value', label: 'code', label_value: '200' }],
  }),
)
each(
  'insert, then work on the copy',
  insert('memory'),
  operating('copy', { action: 'add_label', new_label: 'is', new_value: 'copy' }),
)
each(
  'insert without what is deleted',
  insert('http.put.bytes', { operations: [{ action: 'delete_label_value', label: 'code', label_value: '200' }] }),
)
each('insert what has no points', insert('nothing'))

each(
  'update where labels match',
  pattern('.*', {
    experimental_match_labels: { state: '^us' },
    new_name: 'x',
    operations: [
      { action: 'update_label', label: 'state', new_label: 's' },
      { action: 'toggle_scalar_data_type' },
      { action: 'add_label', new_label: 'a', new_value: 'b' },
    ],
  }),
)
each(
  'update where all labels match',
  update('http.get.requests', {
    experimental_match_labels: { none: '' },
    new_name: 'x',
    operations: [{ action: 'add_label', new_label: 'a', new_value: 'b' }],
  }),
)
each(
  'scale where labels match',
  pattern('.*', {
    experimental_match_labels: { route: '/[ab]' },
    operations: [{ action: 'experimental_scale_value', experimental_scale: 2 }],
  }),
)
each(
  'insert where labels match',
  insert('system.cpu.usage', { experimental_match_labels: { state: 'user', cpu: '1' } }),
)
each('insert where no labels match', insert('system.cpu.usage', { experimental_match_labels: { state: 'none' } }))
each('insert where a label is a number', insert('memory', { experimental_match_labels: { state: '' } }))

const group = (include: string, of: object = {}): object => ({
  include,
  match_type: 'regexp',
  action: 'group',
  group_resource_labels: { 'resource.type': 'http' },
  ...of,
})
each('group', group('^http'))
each(
  'group twice',
  group('^http\\.get'),
  group('^http', { group_resource_labels: { 'host.name': 'other', x: 'y' } }),
  group('none'),
)
each('group everything', group('.*'))

compare(
  {
    type: 'metrics_transform',
    factory: metricsTransform,
    recorded: 'test/processors/metrics_transform/collector.json',
  },
  cases,
)

const refused = (name: string, transform: object, message: RegExp) => ({
  name,
  config: { transforms: [transform] },
  message,
  signal: 'metrics' as const,
})
compareRefusals({ type: 'metrics_transform', factory: metricsTransform }, [
  refused('no include', { action: 'update' }, /./),
  refused('an empty include', update(''), /must not be empty/),
  refused('a strange match_type', update('a', { match_type: 'glob' }), /must be one of strict, regexp/),
  refused('a bad pattern', pattern('('), /missing|unexpected/i),
  refused('a bad pattern of a label', pattern('a', { experimental_match_labels: { b: '[' } }), /missing|unexpected/i),
  refused('a strange action', update('a', { action: 'delete' }), /must be one of update, insert, combine, group/),
  refused('insert without a name', { include: 'a', action: 'insert' }, /insert needs new_name/),
  refused(
    'combine without a name',
    { include: 'a', action: 'combine', aggregation_type: 'sum' },
    /combine needs new_name/,
  ),
  refused(
    'combine without an aggregation',
    { include: 'a', action: 'combine', new_name: 'b' },
    /combine needs aggregation_type/,
  ),
  refused('group without labels', { include: 'a', action: 'group' }, /group needs group_resource_labels/),
  refused(
    'a strange aggregation',
    combine('a', { aggregation_type: 'p99' }),
    /must be one of sum, mean, min, max, median, count/,
  ),
  refused('a strange case', combine('a', { submatch_case: 'camel' }), /must be one of lower, upper/),
  refused('a strange operation', operating('a', { action: 'explode' }), /must be one of add_label/),
  refused('update_label without a label', operating('a', { action: 'update_label' }), /update_label needs label/),
  refused(
    'add_label without a label',
    operating('a', { action: 'add_label', new_value: 'x' }),
    /add_label needs new_label/,
  ),
  refused(
    'add_label without a value',
    operating('a', { action: 'add_label', new_label: 'x' }),
    /add_label needs new_value/,
  ),
  refused(
    'a scale of nothing',
    operating('a', { action: 'experimental_scale_value' }),
    /experimental_scale_value needs experimental_scale/,
  ),
  refused(
    'a strange aggregation of an operation',
    operating('a', { action: 'aggregate_labels', aggregation_type: 'avg' }),
    /must be one of sum, mean/,
  ),
])
