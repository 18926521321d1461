// What becomes of a series, by its type and its name, as the config says.
import { DEFAULT_BUCKETS, DEFAULT_PERCENTILES, type Mapping, type StatsdConfig } from './config.ts'
import type { StatsdType } from './line.ts'
import { Counter, Distinct, EachSample, Explicit, Exponential, type Gathered, Gauge, Summary } from './series.ts'

/** Makes what gathers the values of a series of that name; undefined when nobody wants them. */
export type Observe = (name: string) => Gathered | undefined

export function observersOf(config: StatsdConfig): Readonly<Record<StatsdType, Observe>> {
  const { timer_histogram_mapping: mappings, counter_type: counterType } = config
  // The later of two counts. As in the collector histograms and distributions are alike when only one of them is named.
  const last = (...types: readonly Mapping['statsd_type'][]): Mapping | undefined =>
    mappings.findLast((mapping) => types.includes(mapping.statsd_type))
  const histogram = last('histogram')
  const distribution = last('distribution')
  return {
    counter: () => new Counter(counterType),
    gauge: () => new Gauge(),
    set: () => new Distinct(),
    timing: observerOf(last('timer', 'timing')),
    histogram: observerOf(histogram ?? distribution),
    distribution: observerOf(distribution ?? histogram),
  }
}

function observerOf(mapping: Mapping | undefined): Observe {
  if (mapping === undefined) return () => undefined
  const { max_size, explicit_buckets } = mapping.histogram
  const { percentiles } = mapping.summary
  switch (mapping.observer_type) {
    case 'disabled':
      return () => undefined
    case 'gauge':
      return () => new EachSample()
    case 'summary':
      return () => new Summary(percentiles.length > 0 ? percentiles : DEFAULT_PERCENTILES)
    case 'histogram': {
      const explicit = explicit_buckets.map(({ matcher_pattern, buckets }) => ({ pattern: matcher_pattern, buckets }))
      return (name) => {
        const bounds = explicit.find(({ pattern }) => pattern.test(name))?.buckets
        return bounds === undefined ? new Exponential(max_size || DEFAULT_BUCKETS) : new Explicit(bounds)
      }
    }
  }
}
