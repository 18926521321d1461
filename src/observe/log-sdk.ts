// The only file that imports the logs SDK.
import {
  BatchLogRecordProcessor,
  ConsoleLogRecordExporter,
  LoggerProvider,
  type LogRecordExporter,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import type { TelemetryProcessor } from '../config/index.ts'
import type { Level } from './log.ts'
import type { LogRecords } from './log-records.ts'
import { type OtlpSettings, otlpOptions } from './otlp-options.ts'
import type { OwnResource } from './resource.ts'
import { sdkResource } from './sdk-resource.ts'
import { within } from './within.ts'

const WHERE = 'service::telemetry::logs::processors::exporter::otlp'
const STOP_MS = 2000
const SEVERITIES: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17 }

export async function openLogRecords(
  processors: readonly TelemetryProcessor[],
  resource: OwnResource,
): Promise<LogRecords> {
  const provider = new LoggerProvider({
    resource: sdkResource(resource),
    processors: await Promise.all(processors.map(processorOf)),
  })
  const logger = provider.getLogger('sluice')
  return {
    write({ level, message, fields }) {
      logger.emit({
        severityNumber: SEVERITIES[level],
        severityText: level,
        body: message,
        attributes: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, attributeOf(value)])),
      })
    },
    stop: () => within(STOP_MS, provider.shutdown()),
  }
}

const attributeOf = (value: unknown): string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : (JSON.stringify(value) ?? '')

async function processorOf({ batch, simple }: TelemetryProcessor): Promise<LogRecordProcessor> {
  if (batch === undefined) return new SimpleLogRecordProcessor({ exporter: await exporterOf(simple!.exporter) })
  return new BatchLogRecordProcessor({
    exporter: await exporterOf(batch.exporter),
    scheduledDelayMillis: batch.schedule_delay,
    exportTimeoutMillis: batch.export_timeout,
    maxQueueSize: batch.max_queue_size,
    maxExportBatchSize: Math.min(batch.max_export_batch_size, batch.max_queue_size),
  })
}

async function exporterOf({ otlp }: { readonly otlp?: OtlpSettings | undefined }): Promise<LogRecordExporter> {
  if (otlp === undefined) return new ConsoleLogRecordExporter()
  const { OTLPLogExporter } =
    otlp.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-logs-otlp-http')
      : await import('@opentelemetry/exporter-logs-otlp-proto')
  const options = otlpOptions(otlp, '/v1/logs', WHERE)
  return new OTLPLogExporter(options as ConstructorParameters<typeof OTLPLogExporter>[0])
}
