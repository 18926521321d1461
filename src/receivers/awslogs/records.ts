// From documents of CloudWatch Logs to log records.
import { type Batch, Builder, instantFromMillis, parseJsonValue } from '../../data/index.ts'
import type { BareMessages, LogEvent, Subscription } from './payload.ts'

export interface RecordSettings {
  readonly parsesJson: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Resource attributes of all: what a Firehose stream adds. */
  readonly common: Readonly<Record<string, string>>
}

/**
 * A resource for each account, region, group and stream. Group and stream stand there twice: as lists under the names of the
 * semantic conventions, and as texts under those that the collector's `awscloudwatch` receiver gives them.
 */
export function recordsOf(
  documents: readonly (Subscription | BareMessages)[],
  settings: RecordSettings,
): Batch<'logs'> {
  const builder = new Builder('logs')
  for (const document of documents) {
    if ('messages' in document) addMessages(builder, document, settings)
    else addEvents(builder, document, settings)
  }
  return builder.build()
}

function addEvents(builder: Builder<'logs'>, document: Subscription, settings: RecordSettings): void {
  let open: LogEvent | undefined
  for (const event of document.logEvents) {
    if (open === undefined || open.account !== event.account || open.region !== event.region) {
      beginResource(builder, document, event, settings)
      open = event
    }
    builder.add((record) => {
      record.time(instantFromMillis(event.timestamp))
      record.observedTime(instantFromMillis(settings.now))
      record.body(bodyOf(event.message, settings))
      record.attribute('log.record.uid', event.id)
    })
  }
}

function beginResource(
  builder: Builder<'logs'>,
  { owner, logGroup, logStream }: Subscription,
  { account, region }: LogEvent,
  { common }: RecordSettings,
): void {
  builder.resource((resource) => {
    resource.attribute('cloud.provider', 'aws')
    resource.attribute('cloud.account.id', account ?? owner)
    if (region !== undefined) resource.attribute('cloud.region', region)
    resource.attribute('aws.log.group.names', [logGroup])
    resource.attribute('aws.log.stream.names', [logStream])
    resource.attribute('cloudwatch.log.group.name', logGroup)
    resource.attribute('cloudwatch.log.stream', logStream)
    for (const [key, value] of Object.entries(common)) if (!OWN_KEYS.has(key)) resource.attribute(key, value)
  })
}

const OWN_KEYS = new Set([
  'cloud.provider',
  'cloud.account.id',
  'cloud.region',
  'aws.log.group.names',
  'aws.log.stream.names',
  'cloudwatch.log.group.name',
  'cloudwatch.log.stream',
])

/** A line each; when they happened nobody says. */
function addMessages(builder: Builder<'logs'>, { messages }: BareMessages, settings: RecordSettings): void {
  const lines = messages.split(/\r?\n/).filter((line) => line !== '')
  if (lines.length === 0) return
  builder.resource((resource) => {
    resource.attribute('cloud.provider', 'aws')
    for (const [key, value] of Object.entries(settings.common)) if (!OWN_KEYS.has(key)) resource.attribute(key, value)
  })
  for (const line of lines) {
    builder.add((record) => {
      record.observedTime(instantFromMillis(settings.now))
      record.body(bodyOf(line, settings))
    })
  }
}

function bodyOf(message: string, { parsesJson }: RecordSettings) {
  if (!parsesJson || !/^\s*\{/.test(message)) return message
  const value = parseJsonValue(message)
  return value instanceof Map ? value : message
}
