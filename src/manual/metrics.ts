// What every component of a kind is counted by, whatever else it counts itself.
import type { ComponentKind } from '../contract/index.ts'

export interface Metric {
  readonly name: string
  readonly about: string
}

const ITEMS = '{spans,metric_points,log_records}'

const ACCOUNTS: readonly Metric[] = [
  {
    name: 'sluice_items_total',
    about:
      'Items by what became of them (`outcome`: entered, created, out, dropped with its `reason`, merged, refused).',
  },
  { name: 'sluice_items_in_flight', about: 'Items that are in it now.' },
]

export const METRICS_OF: Readonly<Record<ComponentKind, readonly Metric[]>> = {
  receiver: [
    { name: `otelcol_receiver_accepted_${ITEMS}`, about: 'Items that the pipelines took.' },
    { name: `otelcol_receiver_refused_${ITEMS}`, about: 'Items that the pipelines did not take.' },
    { name: `otelcol_receiver_failed_${ITEMS}`, about: 'Items that the receiver itself lost.' },
    ...ACCOUNTS,
  ],
  processor: [
    { name: 'otelcol_processor_incoming_items', about: 'Items that entered it.' },
    { name: 'otelcol_processor_outgoing_items', about: 'Items that left it.' },
    ...ACCOUNTS,
  ],
  exporter: [
    { name: `otelcol_exporter_sent_${ITEMS}`, about: 'Items delivered.' },
    { name: `otelcol_exporter_send_failed_${ITEMS}`, about: 'Items that were not delivered in the end.' },
    { name: `otelcol_exporter_enqueue_failed_${ITEMS}`, about: 'Items that the sending queue refused.' },
    { name: 'otelcol_exporter_queue_size', about: 'What waits in the sending queue, in what its sizer counts.' },
    { name: 'otelcol_exporter_queue_capacity', about: 'What the sending queue holds at most.' },
    { name: 'otelcol_exporter_queue_batch_send_size', about: 'Items in a batch made behind the queue.' },
    { name: 'otelcol_exporter_queue_batch_send_size_bytes', about: 'Bytes in a batch made behind the queue.' },
    {
      name: 'otelcol_exporter_in_flight_requests',
      about: 'Batches that are being sent, waits for another attempt included.',
    },
    ...ACCOUNTS,
  ],
  connector: ACCOUNTS,
  extension: [],
}
