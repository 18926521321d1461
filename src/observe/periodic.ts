// Own metrics that are sent, as OTLP or to standard output.
import {
  type AggregationSelector,
  AggregationType,
  ConsoleMetricExporter,
  type IMetricReader,
  InstrumentType,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import type { MetricReader } from '../config/index.ts'
import { otlpOptions } from './otlp-options.ts'

type Periodic = NonNullable<MetricReader['periodic']>

const WHERE = 'service::telemetry::metrics::readers::periodic::exporter::otlp'

export async function createPeriodicReader(
  settings: Periodic,
  metricProducers: MetricProducer[],
): Promise<IMetricReader> {
  return new PeriodicExportingMetricReader({
    exporter: await exporterOf(settings.exporter),
    exportIntervalMillis: settings.interval,
    exportTimeoutMillis: Math.min(settings.timeout, settings.interval),
    metricProducers,
  })
}

async function exporterOf({ otlp }: Periodic['exporter']): Promise<PushMetricExporter> {
  if (otlp === undefined) return new ConsoleMetricExporter()
  const options = {
    ...otlpOptions(otlp, '/v1/metrics', WHERE),
    temporalityPreference: TEMPORALITY[otlp.temporality_preference],
    aggregationPreference: aggregationOf(otlp.default_histogram_aggregation),
  }
  const { OTLPMetricExporter } =
    otlp.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter(options as ConstructorParameters<typeof OTLPMetricExporter>[0])
}

/** AggregationTemporalityPreference of the exporters. */
const TEMPORALITY = { delta: 0, cumulative: 1, lowmemory: 2 } as const

const aggregationOf =
  (histograms: NonNullable<Periodic['exporter']['otlp']>['default_histogram_aggregation']): AggregationSelector =>
  (instrument) =>
    instrument === InstrumentType.HISTOGRAM && histograms === 'base2_exponential_bucket_histogram'
      ? { type: AggregationType.EXPONENTIAL_HISTOGRAM }
      : { type: AggregationType.DEFAULT }
