import type { Exporter, Host, Settings } from '../../contract/index.ts'
import { Burst, type Delivery, type DeliveryConfig, deliver, type Outgoing } from '../../delivery/index.ts'
import { noteWithoutEffect } from '../../net/client-config.ts'
import { createNaming } from '../../prometheus/names.ts'
import { resourceLabelsOf, strategyOf } from '../../prometheus/settings.ts'
import { RemoteWriteClient, versionOf } from './client.ts'
import { Collector, type Loss } from './collect.ts'
import { clientOf, parallelismOf, type RemoteWriteConfig } from './config.ts'
import { encodeRows } from './encode.ts'
import type { WriteRequest } from './request.ts'
import { sendAll } from './send.ts'
import { Wal } from './wal.ts'
import { deliverThroughWal } from './wal-exporter.ts'

export type Requests = readonly WriteRequest[]

export function createRemoteWriteExporter(config: RemoteWriteConfig, settings: Settings): Exporter {
  const { clock, log } = settings
  const client = new RemoteWriteClient(config, settings)
  const collector = new Collector(collectOptions(config))
  settings.meter
    .createObservableGauge('sluice_exporter_prometheusremotewrite_series', {
      description: 'Series that are remembered.',
    })
    .addCallback((result) => result.observe(collector.memory.size, { exporter: settings.id }))
  const encodeOptions = {
    version: versionOf(config),
    maxBytes: config.max_batch_size_bytes,
    sendsMetadata: config.send_metadata,
  }
  const losses = new Map<Loss, Burst>()
  const refusals = new Burst(clock, log.error.bind(log), 'data lost: the destination does not want it', {})
  const parallelism = parallelismOf(config)
  const delivery: Delivery<'metrics', Requests> = {
    async open(host: Host) {
      noteWithoutEffect(clientOf(config), 'http', log)
      await client.open(host)
    },
    async close() {
      client.close()
      for (const burst of [refusals, ...losses.values()]) burst.end()
    },
    encode(batch, drop) {
      const { rows, lost } = collector.collect(batch, clock.now())
      for (const [reason, { points, metric }] of lost) {
        drop(points, reason)
        let burst = losses.get(reason)
        if (burst === undefined) losses.set(reason, (burst = new Burst(clock, log.error.bind(log), LOST, {})))
        burst.add(points, reason, `${metric}: ${reasons[reason]}`)
      }
      return outgoingOf(encodeRows(rows, collector.memory, encodeOptions))
    },
    send: ({ request }, context, drop) =>
      sendAll(
        request,
        {
          parallelism,
          post: (one, context, abort) => client.post(one, context, abort),
          onRefused: (error, items) => refusals.add(items, 'refused', error.message),
        },
        context,
        drop,
      ),
  }
  const deliveryConfig = deliveryConfigOf(config)
  if (config.wal === undefined) return deliver({ metrics: delivery }, deliveryConfig, settings)
  return deliverThroughWal(delivery, new Wal(config.wal, settings), deliveryConfig, config.wal, settings)
}

/** All of a batch in one go: some requests may be under way at once, none of the next batch. */
const outgoingOf = (requests: Requests): Outgoing<Requests>[] =>
  requests.length === 0 ? [] : [{ request: requests, items: requests.reduce((sum, { items }) => sum + items, 0) }]

const collectOptions = (config: RemoteWriteConfig) => {
  const naming = createNaming(strategyOf(config), config.namespace)
  const { convert_explicit_histograms_to_nhcb: isNative, keep_classic_histograms: isBoth } = config
  return {
    naming,
    externalLabels: Object.entries(config.external_labels).map(
      ([name, value]) => [/^__/.test(name) ? name : (naming.label(name) ?? name), value] as const,
    ),
    isResourceLabel: resourceLabelsOf(config),
    hasScopeLabels: !config.disable_scope_info,
    hasTargetInfo: config.target_info.enabled,
    histograms: isNative ? (isBoth ? 'both' : 'native') : 'classic',
  } as const
}

/** Samples of a series must arrive in order: one batch after the other. */
const deliveryConfigOf = (config: RemoteWriteConfig): DeliveryConfig => ({
  auth: clientOf(config).auth,
  timeout: config.timeout,
  retry_on_failure: config.retry_on_failure,
  sending_queue: {
    enabled: config.remote_write_queue.enabled,
    queue_size: config.remote_write_queue.queue_size,
    num_consumers: 1,
    sizer: 'requests',
    block_on_overflow: false,
    wait_for_result: false,
  },
})

const LOST = 'data lost: points that cannot be written'

const reasons: Readonly<Record<Loss, string>> = {
  invalid_buckets: 'bounds must ascend, and there is one bucket more than bounds',
  invalid_count: 'the counts of the buckets do not add up to that of the point',
  invalid_label: 'the key of an attribute is empty',
  invalid_name: 'the name of the metric has no letter or digit',
  invalid_quantile: 'quantiles are from 0 to 1',
  invalid_scale: 'the scale of an exponential histogram is from -4 to 20',
  invalid_time: 'the point ends before it starts',
  invalid_value: 'the point has no value',
  unsupported_temporality: 'only cumulative points can be written: put a deltatocumulative processor in front',
}
