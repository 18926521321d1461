import { test } from 'tap'
import { PermanentError } from '../../src/contract/index.ts'
import { testSettings } from '../../src/testing/index.ts'
import { batchOf, rig } from './fake.ts'
import { Reader } from './reader.ts'

test('the numbers of several exporters stand beside each other, under the names of the collector', async (t) => {
  const reader = new Reader()
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const sending_queue = { queue_size: 2, num_consumers: 1 }
  const [first, second] = await Promise.all(
    ['first', 'second'].map((id) => rig({ sending_queue }, { settings: testSettings({ id, meter: reader.meter }) })),
  )
  t.same(await reader.read(), {}, 'nothing of signals that never came')
  first!.destination.otherwise = () => gate
  for (const id of ['a', 'b']) await first!.offer(batchOf('traces', [id]))
  await t.rejects(first!.offer(batchOf('traces', ['c', 'd', 'e'])))
  second!.destination.otherwise = async () => {
    throw new PermanentError('no')
  }
  await second!.offer(batchOf('logs', ['x', 'y']))
  await second!.advance(0)
  t.same(await reader.read(), {
    'otelcol_exporter_queue_size{exporter=first,data_type=traces}': 2,
    'otelcol_exporter_queue_capacity{exporter=first,data_type=traces}': 2,
    'otelcol_exporter_in_flight_requests{exporter=first,data_type=traces}': 1,
    'otelcol_exporter_enqueue_failed_spans{exporter=first}': 3,
    'otelcol_exporter_send_failed_spans{exporter=first}': 0,
    'otelcol_exporter_queue_size{exporter=second,data_type=logs}': 0,
    'otelcol_exporter_queue_capacity{exporter=second,data_type=logs}': 2,
    'otelcol_exporter_in_flight_requests{exporter=second,data_type=logs}': 0,
    'otelcol_exporter_enqueue_failed_log_records{exporter=second}': 0,
    'otelcol_exporter_send_failed_log_records{exporter=second}': 2,
  })
  open()
  await first!.advance(0)
  t.match(await reader.read(), {
    'otelcol_exporter_queue_size{exporter=first,data_type=traces}': 0,
    'otelcol_exporter_in_flight_requests{exporter=first,data_type=traces}': 0,
  })
})

test('an exporter without a queue has no numbers of one', async (t) => {
  const reader = new Reader()
  const { offer } = await rig(
    { sending_queue: { enabled: false } },
    { settings: testSettings({ id: 'direct', meter: reader.meter }) },
  )
  await offer(batchOf('metrics', ['a']))
  t.same(Object.keys(await reader.read()), [
    'otelcol_exporter_in_flight_requests{exporter=direct,data_type=metrics}',
    'otelcol_exporter_enqueue_failed_metric_points{exporter=direct}',
    'otelcol_exporter_send_failed_metric_points{exporter=direct}',
  ])
})

test('batches made behind the queue are measured', async (t) => {
  const reader = new Reader()
  const sending_queue = { batch: { min_size: 2 } }
  const { offer, advance } = await rig(
    { sending_queue },
    { settings: testSettings({ id: 'batching', meter: reader.meter }) },
  )
  const batches = ['a', 'b', 'c', 'd'].map((id) => batchOf('logs', [id]))
  for (const batch of batches) await offer(batch)
  await advance(0)
  t.match(await reader.read(), {
    'otelcol_exporter_queue_batch_send_size{exporter=batching}': 4,
    'otelcol_exporter_queue_batch_send_size_bytes{exporter=batching}': 4 * batches[0]!.sizeBytes,
  })
})
