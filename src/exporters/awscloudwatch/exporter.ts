// Points are collected for a period, then sent as PutMetricData calls: AWS bills and throttles calls.

import { Losses, pointLossTexts } from '../../aws/cloudwatch/losses.ts'
import { noteNamespaceOfAws } from '../../aws/cloudwatch/settings.ts'
import { AwsClient } from '../../aws/index.ts'
import type { Exporter, Host, Settings } from '../../contract/index.ts'
import { Burst, type Delivery, deliver } from '../../delivery/index.ts'
import { CallWriter, halvesOf, MAX_CALL_BYTES, type MetricData } from './calls.ts'
import { createPut, MONITORING_API, type MonitoringClient } from './client.ts'
import { Collector } from './collector.ts'
import type { AwsCloudWatchConfig } from './config.ts'
import { Intake, type Loss } from './intake.ts'
import type { DimensionNote } from './targets.ts'

export function createAwsCloudWatchExporter(
  config: AwsCloudWatchConfig,
  settings: Settings,
  client: MonitoringClient = new AwsClient(MONITORING_API, config, settings),
): Exporter {
  const { clock, log, memory } = settings
  const ledger = () => settings.ledger('metrics')
  const losses = new Losses<Loss, DimensionNote>(settings, 'data lost: points that are not sent', lossTexts, noteTexts)
  const lost = new Burst(clock, log.error.bind(log), 'data lost: it was collected and could not be handed on', {})
  const intake = new Intake(config, clock, ledger, {
    onLoss: (points, reason, metric) => losses.lost(points, reason, metric),
    onNote: (note, what) => losses.noted(note, what),
  })
  observe(intake, settings)
  noteNamespaceOfAws(config.namespace, settings.log)
  const sender = deliver({ metrics: delivery(config, settings, client) }, config, settings)
  const collector = new Collector(config, intake, sender.consumers.metrics!, {
    clock,
    memory,
    ledger,
    onLost: (items, reason, error) => lost.add(items, reason, error),
  })
  return {
    consumers: { metrics: collector.consume },
    start: async (host: Host) => sender.start?.(host),
    async stop(abort) {
      await collector.stop()
      await sender.stop?.(abort)
      await collector.settled()
      losses.end()
      lost.end()
    },
  }
}

function delivery(
  config: AwsCloudWatchConfig,
  { clock }: Settings,
  client: MonitoringClient,
): Delivery<'metrics', MetricData> {
  const limits = { maxDatums: config.max_datums_per_call, maxBytes: MAX_CALL_BYTES }
  const calls = new CallWriter(limits, () => clock.now())
  const put = createPut(client, config.compression === 'gzip')
  return {
    open: () => client.start(),
    encode: (batch, drop) => calls.encode(batch, drop),
    send: (outgoing, { abort }) => put(outgoing, abort),
    split: ({ request }) => halvesOf(request),
    close: async () => client.close(),
  }
}

function observe(intake: Intake, { meter, id }: Settings): void {
  const gauge = (name: string, description: string, value: () => number): void => {
    meter
      .createObservableGauge(name, { description })
      .addCallback((result) => result.observe(value(), { exporter: id }))
  }
  gauge('sluice_exporter_awscloudwatch_aggregates', 'Metrics that are collected for.', () => intake.aggregates.size)
  gauge('sluice_exporter_awscloudwatch_series', 'Cumulative series that are remembered.', () => intake.streams)
  meter
    .createObservableCounter('sluice_exporter_awscloudwatch_evicted_series', {
      description: 'Cumulative series forgotten for want of room (max_series).',
    })
    .addCallback((result) => result.observe(intake.evictedStreams, { exporter: id }))
}

const lossTexts: Readonly<Record<Loss, string | undefined>> = {
  ...pointLossTexts,
  invalid_name: 'the name of a metric has 1 to 255 characters',
  no_rollup: 'drop_original_metrics has the metric, and the point has the dimensions of no roll-up',
  too_old: 'CloudWatch takes what is up to two weeks old',
  too_new: 'CloudWatch takes what is up to two hours ahead',
}

const noteTexts: Readonly<Record<DimensionNote, string>> = {
  too_many_dimensions:
    'points have more attributes than CloudWatch takes dimensions: the last in the alphabet are none',
  unfit_dimension:
    'names or values of attributes are not what CloudWatch takes as a dimension: they are written otherwise',
}
