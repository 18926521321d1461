// What remembers metric streams: for deltas, rates, aggregates, and whatever else needs to know what came last.
export { MetricStreams, type Stream, type StreamLimits } from './streams.ts'
