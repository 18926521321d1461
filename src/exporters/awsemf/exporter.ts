// Metrics become events of the embedded metric format, which go to CloudWatch Logs, or to stdout.
import { noteNamespaceOfAws } from '../../aws/cloudwatch/settings.ts'
import { AwsClient } from '../../aws/index.ts'
import {
  FORMER_MAX_MESSAGE_BYTES,
  LOGS_API,
  LogEvents,
  LogNotes,
  type LogsClient,
  LogsSink,
  MAX_MESSAGE_BYTES,
  NameTemplate,
  type PutLogEvents,
  sinkOptions,
} from '../../aws/logs/index.ts'
import type { Exporter, Settings } from '../../contract/index.ts'
import type { Attributes, Batch } from '../../data/index.ts'
import { type Delivery, type Drop, deliver } from '../../delivery/index.ts'
import type { AwsEmfConfig } from './config.ts'
import { createLosses } from './losses.ts'
import { Lines, writeLines } from './stdout.ts'
import { type EventSink, Translation } from './translate.ts'
import { UnfittedDeclarations } from './unfitted.ts'

export function createAwsEmfExporter(
  config: AwsEmfConfig,
  settings: Settings,
  client: LogsClient = new AwsClient(LOGS_API, config, settings),
  stdout: NodeJS.WritableStream = process.stdout,
): Exporter {
  noteNamespaceOfAws(config.namespace, settings.log)
  return config.output_destination === 'stdout'
    ? deliver({ metrics: toStdout(config, settings, stdout) }, config, settings)
    : deliver({ metrics: toLogs(config, settings, client) }, config, settings)
}

function toLogs(config: AwsEmfConfig, settings: Settings, client: LogsClient): Delivery<'metrics', PutLogEvents> {
  const notes = new LogNotes(settings)
  const losses = createLosses(settings)
  const sink = new LogsSink(client, sinkOptions(config, settings))
  const streams = new Streams(config, settings, notes)
  const translation = createTranslation(config, settings, streams, losses, true)
  const unfitted = new UnfittedDeclarations(settings, () => translation.unfittedDeclarations)
  return {
    open: () => client.start(),
    encode(batch, drop) {
      translate(translation, streams, batch, drop)
      unfitted.looked()
      return streams.events.take(drop)
    },
    send: (outgoing, context, drop) => sink.send(outgoing, context, drop),
    async close() {
      sink.close()
      notes.close()
      losses.end()
      unfitted.end()
      client.close()
    },
  }
}

function toStdout(
  config: AwsEmfConfig,
  settings: Settings,
  stdout: NodeJS.WritableStream,
): Delivery<'metrics', Buffer> {
  const losses = createLosses(settings)
  const lines = new Lines()
  const translation = createTranslation(config, settings, lines, losses, false)
  const unfitted = new UnfittedDeclarations(settings, () => translation.unfittedDeclarations)
  return {
    encode(batch, drop) {
      translate(translation, lines, batch, drop)
      unfitted.looked()
      return lines.take()
    },
    send: ({ request }) => writeLines(stdout, request),
    async close() {
      losses.end()
      unfitted.end()
    },
  }
}

/** A translation that fails leaves nothing behind. */
function translate(translation: Translation, sink: { clear(): void }, batch: Batch<'metrics'>, drop: Drop): void {
  try {
    translation.translate(batch, drop)
  } catch (error) {
    sink.clear()
    throw error
  }
}

function createTranslation(
  config: AwsEmfConfig,
  { clock, meter, id }: Settings,
  sink: EventSink,
  losses: ReturnType<typeof createLosses>,
  isNested: boolean,
): Translation {
  const translation = new Translation(config, clock, sink, {
    isNested,
    maxEventBytes: MAX_MESSAGE_BYTES,
    wantedEventBytes: FORMER_MAX_MESSAGE_BYTES,
    onLoss: (points, reason, metric) => losses.lost(points, reason, metric),
    onNote: (note, label) => losses.noted(note, label),
  })
  const { streams, evicted } = streamMetrics
  meter
    .createObservableGauge(streams.name, streams)
    .addCallback((result) => result.observe(translation.streams, { exporter: id }))
  meter
    .createObservableCounter(evicted.name, evicted)
    .addCallback((result) => result.observe(translation.evictedStreams, { exporter: id }))
  return translation
}

const streamMetrics = {
  streams: { name: 'sluice_exporter_awsemf_series', description: 'Cumulative series that are remembered.' },
  evicted: {
    name: 'sluice_exporter_awsemf_evicted_series',
    description: 'Cumulative series forgotten for want of room (max_series).',
  },
}

/** The groups and streams that events go to. */
class Streams implements EventSink {
  readonly events: LogEvents
  readonly #groups: NameTemplate | undefined
  readonly #streams: NameTemplate

  constructor(config: AwsEmfConfig, { clock, agent }: Settings, notes: LogNotes) {
    this.events = new LogEvents({ clock, onTruncated: notes.onTruncated, onCleaned: notes.onCleaned })
    const { log_group_name, log_stream_name } = config
    this.#groups = log_group_name === '' ? undefined : new NameTemplate(log_group_name, notes.onMissing)
    this.#streams = new NameTemplate(log_stream_name || `otel-stream-${agent.instanceId}`, notes.onMissing)
  }

  enter(resource: Attributes): void {
    this.#groups?.enter(resource)
    this.#streams.enter(resource)
  }

  streamOf(attributes: Attributes, timeMs: number, namespace: string): number {
    const group = this.#groups?.nameOf(attributes, timeMs) ?? `/metrics/${namespace}`
    return this.events.streamOf(group, this.#streams.nameOf(attributes, timeMs))
  }

  add(stream: number, timeMs: number, json: Buffer, start: number, end: number, items: number): void {
    this.events.addNested(stream, timeMs, json, start, end, items)
  }

  clear(): void {
    this.events.clear()
  }
}
