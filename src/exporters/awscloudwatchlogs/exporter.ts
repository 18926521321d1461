// Log records become log events, each in the group and stream that the templates give it.
import { AwsClient } from '../../aws/index.ts'
import {
  LOGS_API,
  LogEvents,
  LogNotes,
  type LogsClient,
  LogsSink,
  NameTemplate,
  type PutLogEvents,
  sinkOptions,
} from '../../aws/logs/index.ts'
import type { Clock, Exporter, Settings } from '../../contract/index.ts'
import { type Batch, type LogRecord, textOfValue, type Visitor } from '../../data/index.ts'
import { type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import type { AwsCloudwatchLogsConfig } from './config.ts'
import { DocumentWriter } from './document.ts'
import { readEmf } from './emf.ts'

export function createAwsCloudwatchLogsExporter(
  config: AwsCloudwatchLogsConfig,
  settings: Settings,
  client: LogsClient = new AwsClient(LOGS_API, config, settings),
): Exporter {
  const { clock } = settings
  const notes = new LogNotes(settings)
  const sink = new LogsSink(client, sinkOptions(config, settings))
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

function createEncode(config: AwsCloudwatchLogsConfig, clock: Clock, notes: LogNotes) {
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
