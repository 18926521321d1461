// Log records become log events, each in the group and stream that the templates give it.
import { AwsClient } from '../../aws/index.ts'
import {
  LOGS_API,
  LogEvents,
  type LogsCaller,
  LogsSink,
  NameTemplate,
  type PutLogEvents,
} from '../../aws/logs/index.ts'
import type { Clock, Exporter, Settings } from '../../contract/index.ts'
import { type Batch, type LogRecord, textOfValue, type Visitor } from '../../data/index.ts'
import { Burst, type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import type { AwsCloudwatchLogsConfig } from './config.ts'
import { DocumentWriter } from './document.ts'
import { readEmf } from './emf.ts'

/** Of `AwsClient`, what is needed here. */
export type LogsClient = LogsCaller & Pick<AwsClient, 'start' | 'close'>

export function createAwsCloudwatchLogsExporter(
  config: AwsCloudwatchLogsConfig,
  settings: Settings,
  client: LogsClient = new AwsClient(LOGS_API, config, settings),
): Exporter {
  const { clock, log } = settings
  const notes = new Notes(settings)
  const sink = new LogsSink(client, {
    clock,
    log,
    concurrency: Math.max(1, config.num_workers),
    retentionDays: config.log_retention,
    tags: config.tags,
    kmsKeyId: config.kms_key_id,
    logGroupClass: config.log_group_class,
  })
  const encode = createEncode(config, clock, notes)
  return deliver<PutLogEvents>(
    {
      logs: {
        open: () => client.start(),
        encode,
        send: (outgoing, context, drop) => sink.send(outgoing, context, drop),
        async close() {
          sink.close()
          notes.close()
          client.close()
        },
      },
    },
    config,
    settings,
  )
}

/** What is worth telling and no loss. */
class Notes {
  readonly #truncated: Burst
  readonly #cleaned: Burst
  readonly #missing: Burst
  readonly onTruncated: (excessBytes: number) => void
  readonly onCleaned: (name: string) => void
  readonly onMissing: (placeholder: string) => void

  constructor({ id, clock, log, meter }: Settings) {
    const warn = log.warn.bind(log)
    this.#truncated = new Burst(clock, warn, 'log events are longer than AWS takes: their ends are cut off', {})
    this.#cleaned = new Burst(clock, warn, 'names of log groups or streams have characters that AWS does not take', {})
    this.#missing = new Burst(clock, warn, 'records lack what names of log groups or streams are made of', {})
    const counter = (name: string, description: string, unit: string) =>
      meter.createCounter(name, { description, unit })
    const events = counter('sluice_exporter_truncated_log_events', 'Log events whose ends were cut off', '{event}')
    const bytes = counter('sluice_exporter_truncated_log_bytes', 'Bytes that were cut off log events', 'By')
    const names = counter(
      'sluice_exporter_cleaned_log_names',
      'Names that were made fit for AWS, batch by batch',
      '{name}',
    )
    this.onTruncated = (excessBytes) => {
      events.add(1, { exporter: id })
      bytes.add(excessBytes, { exporter: id })
      this.#truncated.add(1, 'too_large')
    }
    this.onCleaned = (name) => {
      names.add(1, { exporter: id })
      this.#cleaned.add(1, 'unfit_name', JSON.stringify(name.slice(0, 100)))
    }
    this.onMissing = (placeholder) => this.#missing.add(1, 'missing_attribute', `{${placeholder}} is "undefined"`)
  }

  close(): void {
    for (const burst of [this.#truncated, this.#cleaned, this.#missing]) burst.end()
  }
}

function createEncode(config: AwsCloudwatchLogsConfig, clock: Clock, notes: Notes) {
  const groups = new NameTemplate(config.log_group_name, notes.onMissing)
  const streams = new NameTemplate(config.log_stream_name, notes.onMissing)
  const events = new LogEvents({ clock, onTruncated: notes.onTruncated, onCleaned: notes.onCleaned })
  const document = new DocumentWriter()
  let drop: Drop = () => {}

  const addDocument = (record: LogRecord): void => {
    const timeMs = timeOf(record, clock)
    const { attributes } = record
    const stream = events.streamOf(groups.nameOf(attributes, timeMs), streams.nameOf(attributes, timeMs))
    document.write(record)
    const { bytes, length } = document.json.out
    events.addNested(stream, timeMs, bytes, 0, length)
  }

  const addBody = (record: LogRecord): void => {
    const text = textOfValue(record.body)
    const emf = readEmf(text)
    if (text === '') drop(1, 'empty_body')
    else if (config.emf_only && emf?.hasMetrics !== true) drop(1, 'not_emf')
    else {
      const timeMs = timeOf(record, clock)
      const { attributes } = record
      const group = emf?.group ?? groups.nameOf(attributes, timeMs)
      const stream = emf?.stream ?? streams.nameOf(attributes, timeMs)
      events.addText(events.streamOf(group, stream), timeMs, text)
    }
  }

  const visitor: Visitor<'logs'> = {
    onResource(resource) {
      groups.enter(resource.attributes)
      streams.enter(resource.attributes)
      if (!config.raw_log) document.enterResource(resource)
    },
    onScope(scope) {
      if (!config.raw_log) document.enterScope(scope)
    },
    onLog: config.raw_log ? addBody : addDocument,
  }
  return (batch: Batch<'logs'>, report: Drop): Outgoing<PutLogEvents>[] => {
    drop = report
    try {
      batch.visit(visitor)
    } catch (error) {
      events.clear()
      throw error
    }
    return events.take(report)
  }
}

/** When it happened, else when it was seen, else now. */
function timeOf(record: LogRecord, clock: Clock): number {
  const { time } = record
  if (!time.isZero) return time.millis
  const { observedTime } = record
  return observedTime.isZero ? clock.now() : observedTime.millis
}
