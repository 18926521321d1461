// The collector's numbers about exporters, read when somebody looks. What was sent comes from the ledger.
// https://github.com/open-telemetry/opentelemetry-collector/blob/main/exporter/exporterhelper/documentation.md
import type { Histogram, Meter, ObservableResult } from '@opentelemetry/api'
import type { Signal } from '../data/index.ts'

const ITEM_NAMES: Readonly<Record<Signal, { readonly plural: string; readonly unit: string }>> = {
  traces: { plural: 'spans', unit: '{span}' },
  metrics: { plural: 'metric_points', unit: '{datapoint}' },
  logs: { plural: 'log_records', unit: '{record}' },
}

/** What a signal's part of an exporter counts; plain numbers. */
export interface LaneNumbers {
  readonly signal: Signal
  /** False until the exporter has met the signal: no series for what no pipeline sends. */
  readonly isUsed: boolean
  /** Undefined without a queue. */
  readonly queue: { readonly size: number; readonly capacity: number } | undefined
  readonly inFlight: number
  readonly enqueueFailedItems: number
  readonly sendFailedItems: number
}

const SIZE_BOUNDARIES = [
  10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
  50_000, 100_000,
]
const BYTES_BOUNDARIES = Array.from({ length: 18 }, (_, i) => 128 * 2 ** i)

/** Sizes of batches made behind the queue. */
export interface BatchSizes {
  record(items: number, sizeBytes: number): void
}

export function observeLanes(meter: Meter, exporter: string, lanes: readonly LaneNumbers[]): void {
  const used = () => lanes.filter(({ isUsed }) => isUsed)
  const bySignal = (pick: (lane: LaneNumbers) => number | undefined) => (result: ObservableResult) => {
    for (const lane of used()) {
      const value = pick(lane)
      if (value !== undefined) result.observe(value, { exporter, data_type: lane.signal })
    }
  }
  meter
    .createObservableGauge('otelcol_exporter_queue_size', {
      description: 'Current size of the sending queue, in what its sizer counts',
      unit: '{batch}',
    })
    .addCallback(bySignal(({ queue }) => queue?.size))
  meter
    .createObservableGauge('otelcol_exporter_queue_capacity', {
      description: 'Capacity of the sending queue, in what its sizer counts',
      unit: '{batch}',
    })
    .addCallback(bySignal(({ queue }) => queue?.capacity))
  meter
    .createObservableUpDownCounter('otelcol_exporter_in_flight_requests', {
      description: 'Batches that are being sent, waits for another attempt included',
      unit: '{request}',
    })
    .addCallback(bySignal(({ inFlight }) => inFlight))
  for (const lane of lanes) {
    const { plural, unit } = ITEM_NAMES[lane.signal]
    meter
      .createObservableCounter(`otelcol_exporter_enqueue_failed_${plural}`, {
        description: `Number of ${plural} that the sending queue refused`,
        unit,
      })
      .addCallback((result) => {
        if (lane.isUsed) result.observe(lane.enqueueFailedItems, { exporter })
      })
    meter
      .createObservableCounter(`otelcol_exporter_send_failed_${plural}`, {
        description: `Number of ${plural} that were not delivered in the end`,
        unit,
      })
      .addCallback((result) => {
        if (lane.isUsed) result.observe(lane.sendFailedItems, { exporter })
      })
  }
}

export function batchSizes(meter: Meter, exporter: string): BatchSizes {
  const items: Histogram = meter.createHistogram('otelcol_exporter_queue_batch_send_size', {
    description: 'Items in a batch made behind the queue',
    unit: '{unit}',
    advice: { explicitBucketBoundaries: SIZE_BOUNDARIES },
  })
  const bytes: Histogram = meter.createHistogram('otelcol_exporter_queue_batch_send_size_bytes', {
    description: 'Bytes in a batch made behind the queue',
    unit: 'By',
    advice: { explicitBucketBoundaries: BYTES_BOUNDARIES },
  })
  const attributes = { exporter }
  return {
    record(count, sizeBytes) {
      items.record(count, attributes)
      bytes.record(sizeBytes, attributes)
    },
  }
}
