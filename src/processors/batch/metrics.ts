// https://github.com/open-telemetry/opentelemetry-collector/blob/main/processor/batchprocessor/documentation.md
import type { Meter } from '@opentelemetry/api'

/** Why a batch was sent. */
export type Trigger = 'size' | 'timeout'

export interface BatchMetrics {
  sent(trigger: Trigger, items: number, sizeBytes: number): void
  cardinality(change: number): void
}

const SIZE_BOUNDARIES = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
  50_000, 100_000,
]
const BYTES_BOUNDARIES = Array.from({ length: 18 }, (_, i) => 128 * 2 ** i)

/** Processors of one id in several pipelines count together, so these are counters that are added to. */
export function batchMetrics(meter: Meter, processor: string): BatchMetrics {
  const attributes = { processor }
  const sendSize = meter.createHistogram('otelcol_processor_batch_batch_send_size', {
    description: 'Items in a batch',
    unit: '{unit}',
    advice: { explicitBucketBoundaries: SIZE_BOUNDARIES },
  })
  const sendSizeBytes = meter.createHistogram('otelcol_processor_batch_batch_send_size_bytes', {
    description: 'Bytes in a batch',
    unit: 'By',
    advice: { explicitBucketBoundaries: BYTES_BOUNDARIES },
  })
  const triggers = {
    size: meter.createCounter('otelcol_processor_batch_batch_size_trigger_send', {
      description: 'Batches sent because they were large enough',
      unit: '{time}',
    }),
    timeout: meter.createCounter('otelcol_processor_batch_timeout_trigger_send', {
      description: 'Batches sent because the time was up',
      unit: '{time}',
    }),
  }
  const combinations = meter.createUpDownCounter('otelcol_processor_batch_metadata_cardinality', {
    description: 'Combinations of metadata values that are batched',
    unit: '{combination}',
  })
  return {
    sent(trigger, items, sizeBytes) {
      triggers[trigger].add(1, attributes)
      sendSize.record(items, attributes)
      sendSizeBytes.record(sizeBytes, attributes)
    },
    cardinality(change) {
      combinations.add(change, attributes)
    },
  }
}
