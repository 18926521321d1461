// Packets and configs that this receiver and the collector's must understand alike.
export interface Case {
  readonly name: string
  readonly config?: object
  readonly packets: readonly string[]
}

const mapping = (observer_type: string, more: object = {}): object => ({
  timer_histogram_mapping: ['timing', 'histogram', 'distribution'].map((statsd_type) => ({
    statsd_type,
    observer_type,
    ...more,
  })),
})
const numbers = (count: number, make: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => make(i))
const samples = (values: readonly number[], more = ''): string[] => values.map((value) => `latency:${value}|ms${more}`)
const bounds = [{ matcher_pattern: '^lat', buckets: [1, 10, 100] }]

export const cases: readonly Case[] = [
  { name: 'counters add up', packets: ['a:1|c', 'a:2|c\na:3|c', 'b:-4|c', 'a:5|c|#k:v'] },
  { name: 'a counter is cut to a whole number', packets: ['a:1.9|c', 'a:0.5|c', 'b:-1.9|c', 'c:1e3|c', 'd:.5|c'] },
  { name: 'a counter of fractions', config: { counter_type: 'float' }, packets: ['a:1.5|c', 'a:0.25|c', 'a:1|c|@0.3'] },
  {
    name: 'sampled counters',
    packets: ['a:1|c|@0.1', 'a:20|c|@0.25', 'a:1|c|@1', 'b:3|c|@0.7|#k:v', 'b:3|c|#k:v|@0.7'],
  },
  { name: 'monotonic counters', config: { is_monotonic_counter: true }, packets: ['a:1|c'] },
  { name: 'large counters', packets: ['a:9007199254740991|c', 'b:4611686018427387904|c', 'c:1e15|c'] },
  { name: 'the last value of a gauge', packets: ['a:1|g', 'a:2.5|g', 'b:-3|g', 'c:1e-9|g', 'd:+7|g', 'e:0|g'] },
  { name: 'a gauge with signs', packets: ['a:10|g', 'a:+2.5|g', 'a:-1|g', 'b:-5|g', 'b:-5|g', 'c:1|g|@0.5'] },
  { name: 'a gauge that is set again', packets: ['a:10|g', 'a:+1|g', 'a:3|g', 'a:+1|g'] },
  {
    name: 'tags',
    packets: ['a:1|c|#k:v,z:1', 'a:1|c|#z:1,k:v', 'a:1|c|#k:w', 'a:1|c|#k:v,k:w', 'a:1|c|#', 'a:1|c|#k:v:w'],
  },
  { name: 'empty tags', packets: ['a:1|c|#k:v,,z:1', 'a:1|c|#,k:v', 'a:1|c|#k:v,'] },
  {
    name: 'tags without a value',
    config: { enable_simple_tags: true },
    packets: ['a:1|c|#k', 'a:1|c|#k:', 'a:1|c|#k,z:1'],
  },
  { name: 'tags without a value are refused', packets: ['a:1|c|#k', 'a:1|c|#k:', 'a:1|c|#:v', 'a:2|c'] },
  {
    name: 'the metric type',
    config: { enable_metric_type: true },
    packets: ['a:1|c|#k:v', 'a:1|g', 'a:1|ms', 'a:1|h', 'a:1|d'],
  },
  { name: 'containers', packets: ['a:1|c|c:abc', 'a:1|c|#k:v|c:abc', 'a:1|c|c:'] },
  { name: 'text beyond ASCII', packets: ['größe:1|c|#ort:Zürich ✓', 'größe:1|c|#ort:Zürich ✓'] },
  { name: 'names with anything in them', packets: ['a.b/c-d e,f=g;h:1|c', '0:1|c', '_e:1|c', '$%&:1|c'] },
  { name: 'timers as gauges', packets: ['a:1|ms', 'a:1|ms', 'a:2.5|ms|@0.1', 'a:1|h|#k:v', 'a:-1|d'] },
  { name: 'timers as summaries', config: mapping('summary'), packets: samples(numbers(101, (i) => (i * 37) % 101)) },
  {
    name: 'sampled summaries',
    config: mapping('summary'),
    packets: [...samples([5, 1, 3]), ...samples([2, 4], '|@0.25'), ...samples([10], '|@0.5'), 'one:1|h', 'one:1|d'],
  },
  {
    name: 'percentiles',
    config: mapping('summary', { summary: { percentiles: [0, 12.5, 50, 99.9, 100] } }),
    packets: samples(numbers(40, (i) => i * i)),
  },
  { name: 'timers as exponential histograms', config: mapping('histogram'), packets: samples([1, 2, 3, 4, 8, 1000]) },
  {
    name: 'exponential histograms of signs and zero',
    config: mapping('histogram'),
    packets: [...samples([0, -1, 1, -1.5, 0.001]), 'zeros:0|ms', 'zeros:0|ms', 'one:7.25|ms'],
  },
  {
    name: 'sampled exponential histograms',
    config: mapping('histogram'),
    packets: [...samples([1, 2, 3], '|@0.3'), ...samples([100], '|@0.001')],
  },
  {
    name: 'few buckets',
    config: {
      timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'histogram', histogram: { max_size: 4 } }],
    },
    packets: samples([...numbers(50, (i) => 1.1 ** i), 2 ** -1022, 5e-324, 1.7e308, 1024, 0.125]),
  },
  {
    name: 'many buckets',
    config: { timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'histogram' }] },
    packets: samples(numbers(300, (i) => 0.5 + ((i * 7919) % 300) ** 1.5)),
  },
  {
    name: 'buckets with bounds',
    config: mapping('histogram', { histogram: { explicit_buckets: bounds } }),
    packets: [...samples([0.5, 1, 1.5, 10, 99, 100, 100.5, -3]), ...samples([7], '|@0.25'), 'other:5|ms'],
  },
  {
    name: 'histograms say what becomes of distributions',
    config: { timer_histogram_mapping: [{ statsd_type: 'histogram', observer_type: 'summary' }] },
    packets: ['a:1|h', 'a:2|d', 'a:3|ms'],
  },
  { name: 'packets of many lines', packets: [Array.from({ length: 500 }, (_, i) => `a:1|c|#i:${i % 7}`).join('\n')] },
  { name: 'empty lines', packets: ['\na:1|c\n\na:2|c\n'] },
  {
    name: 'bad lines cost themselves alone',
    packets: [
      'a:1|c\na:1|x\n:1|c\na:|c\na\na:1\na|1|c\na:1|\na:x|c\na:NaN|c\na:inf|g\na:1e999|g\na:1|c|@x\na:1|c|?x\na:1|ms|T1\na:1|c|Tx\nb:2|c',
    ],
  },
]
