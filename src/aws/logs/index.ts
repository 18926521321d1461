// Log events to CloudWatch Logs: for every exporter that sends some.
//
//   encode: const events = new LogEvents(…); events.add(events.streamOf(group, stream), timeMs, bytes, start, end, items)
//           return events.take(drop)
//   send:   (outgoing, context, drop) => sink.send(outgoing, context, drop)
export { LogEvents, type LogEventsOptions, type PutLogEvents } from './events.ts'
export { FORMER_MAX_MESSAGE_BYTES, MAX_AGE_MS, MAX_AHEAD_MS, MAX_MESSAGE_BYTES } from './limits.ts'
export { cleanGroupName, cleanStreamName } from './names.ts'
export { LogNotes } from './notes.ts'
export { type LogGroupConfig, logGroupName, logGroupSettings, logStreamName } from './settings.ts'
export { LOGS_API, type LogsCaller, type LogsClient, LogsSink, type LogsSinkOptions, sinkOptions } from './sink.ts'
export { NameTemplate } from './template.ts'
