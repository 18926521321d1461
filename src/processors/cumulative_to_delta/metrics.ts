import type { Settings } from '../../contract/index.ts'
import type { MetricStreams } from '../../series/index.ts'

/** How many streams are remembered, and how many have been forgotten for want of room. */
export function observeStreams({ meter, id, pipeline }: Settings, streams: MetricStreams<unknown>): void {
  const attributes = { processor: id, pipeline: pipeline ?? '' }
  meter
    .createObservableGauge('sluice_processor_streams', {
      description: 'Metric streams that a processor remembers',
      unit: '{stream}',
    })
    .addCallback((result) => result.observe(streams.size, attributes))
  meter
    .createObservableCounter('sluice_processor_streams_evicted', {
      description: 'Metric streams that a processor has forgotten to make room for others',
      unit: '{stream}',
    })
    .addCallback((result) => result.observe(streams.evicted, attributes))
}
