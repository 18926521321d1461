// What remembers metric streams: for deltas, rates, aggregates, and whatever else needs to know what came last.
export {
  type Cumulative,
  type CumulativeHistogram,
  type CumulativeTotals,
  type DeltaFault,
  type DeltaLimits,
  type DeltaSlot,
  Deltas,
} from './deltas.ts'
export { coarser, halved } from './exponential.ts'
export { MetricStreams, type Stream, type StreamLimits, type StreamSlot } from './streams.ts'
export { type Met, Turnover } from './turnover.ts'
