// CloudWatch Logs, as strict as AWS: groups, streams and events in memory. A request that breaks a limit is refused, and noted.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html (CreateLogGroup, CreateLogStream,
// PutRetentionPolicy, DescribeLogGroups, GetLogEvents likewise)
import { EmulatedError, type EmulatorOptions } from './server.ts'

export interface StoredEvent {
  readonly timestamp: number
  readonly message: string
  readonly ingestionTime: number
}

export interface StoredGroup {
  readonly tags: Readonly<Record<string, string>>
  readonly kmsKeyId: string | undefined
  readonly logGroupClass: string
  retentionInDays: number | undefined
  /** By name; events in the order in which they came. */
  readonly streams: Map<string, StoredEvent[]>
}

type Fields = Readonly<Record<string, unknown>>

const MAX_BYTES = 1_048_576
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]
const CLASSES = ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']

export class LogsService {
  readonly groups = new Map<string, StoredGroup>()
  readonly violations: string[] = []
  /** Of PutLogEvents that were taken. */
  requests = 0
  /** Of one event; more is refused, as AWS does it. (256 KiB until April 2025.) */
  maxEventBytes = MAX_BYTES
  /** Throws an `EmulatedError` to refuse what would be taken. */
  beforeTaking: (operation: string, request: Fields) => void = () => {}
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** For `AwsEmulator`. */
  get options(): EmulatorOptions {
    const operations = ['CreateLogGroup', 'CreateLogStream', 'PutRetentionPolicy', 'PutLogEvents'] as const
    return {
      service: 'logs',
      now: this.#now,
      operations: Object.fromEntries(
        operations.map((operation) => [
          operation,
          (request, emulator) => {
            const before = this.violations.length
            try {
              return this.handle(operation, request.json())
            } finally {
              emulator.violations.push(...this.violations.slice(before))
            }
          },
        ]),
      ),
    }
  }

  handle(operation: string, request: unknown): object {
    if (!isFields(request)) throw this.#invalid(`${operation}: the request is no object`)
    switch (operation) {
      case 'CreateLogGroup':
        return this.#createGroup(request)
      case 'CreateLogStream':
        return this.#createStream(request)
      case 'PutRetentionPolicy':
        return this.#putRetention(request)
      case 'PutLogEvents':
        return this.#putEvents(request)
      default:
        throw this.#invalid(`${operation} is not called by this project`)
    }
  }

  /** All events that were taken, with where they are. */
  *events(): Generator<StoredEvent & { readonly group: string; readonly stream: string }> {
    for (const [group, { streams }] of this.groups)
      for (const [stream, events] of streams) for (const event of events) yield { group, stream, ...event }
  }

  #createGroup(request: Fields): object {
    this.#only(request, 'logGroupName', 'tags', 'kmsKeyId', 'logGroupClass')
    const name = this.#groupName(request)
    const { tags = {}, kmsKeyId, logGroupClass = 'STANDARD' } = request
    if (!isTags(tags) || (request.tags !== undefined && Object.keys(tags).length === 0))
      throw this.#invalid('tags: 1 to 50, keys of 1 to 128 and values of up to 256 of their characters')
    if (kmsKeyId !== undefined && (typeof kmsKeyId !== 'string' || kmsKeyId.length > 256))
      throw this.#invalid('kmsKeyId: up to 256 characters')
    if (typeof logGroupClass !== 'string' || !CLASSES.includes(logGroupClass)) throw this.#invalid('logGroupClass')
    this.beforeTaking('CreateLogGroup', request)
    if (this.groups.has(name))
      throw new EmulatedError('ResourceAlreadyExistsException', 'The specified log group already exists')
    this.groups.set(name, { tags, kmsKeyId, logGroupClass, retentionInDays: undefined, streams: new Map() })
    return {}
  }

  #createStream(request: Fields): object {
    this.#only(request, 'logGroupName', 'logStreamName')
    const group = this.#groupName(request)
    const stream = this.#streamName(request)
    this.beforeTaking('CreateLogStream', request)
    const { streams } = this.#group(group)
    if (streams.has(stream))
      throw new EmulatedError('ResourceAlreadyExistsException', 'The specified log stream already exists')
    streams.set(stream, [])
    return {}
  }

  #putRetention(request: Fields): object {
    this.#only(request, 'logGroupName', 'retentionInDays')
    const name = this.#groupName(request)
    const { retentionInDays } = request
    if (typeof retentionInDays !== 'number' || !RETENTIONS.includes(retentionInDays))
      throw this.#invalid(`retentionInDays: ${retentionInDays} is not in the list`)
    this.beforeTaking('PutRetentionPolicy', request)
    this.#group(name).retentionInDays = retentionInDays
    return {}
  }

  #putEvents(request: Fields): object {
    this.#only(request, 'logGroupName', 'logStreamName', 'logEvents')
    const name = this.#groupName(request)
    const streamName = this.#streamName(request)
    const events = this.#checkedEvents(request.logEvents)
    this.beforeTaking('PutLogEvents', request)
    const { streams, retentionInDays } = this.#group(name)
    const stream = streams.get(streamName)
    if (stream === undefined)
      throw new EmulatedError('ResourceNotFoundException', 'The specified log stream does not exist.')
    const now = this.#now()
    const firstFrom = (timeMs: number): number => {
      const found = events.findIndex(({ timestamp }) => timestamp >= timeMs)
      return found < 0 ? events.length : found
    }
    const tooOldEnd = firstFrom(now - 14 * DAY_MS)
    const expiredEnd = retentionInDays === undefined ? 0 : firstFrom(now - retentionInDays * DAY_MS)
    const tooNewStart = firstFrom(now + 2 * HOUR_MS + 1)
    const from = Math.max(tooOldEnd, expiredEnd)
    for (const event of events.slice(from, tooNewStart)) stream.push({ ...event, ingestionTime: now })
    this.requests++
    const rejected = {
      ...(tooOldEnd > 0 && { tooOldLogEventEndIndex: tooOldEnd }),
      ...(expiredEnd > 0 && { expiredLogEventEndIndex: expiredEnd }),
      ...(tooNewStart < events.length && { tooNewLogEventStartIndex: tooNewStart }),
    }
    const isAllTaken = Object.keys(rejected).length === 0
    return { nextSequenceToken: String(this.requests), ...(isAllTaken ? {} : { rejectedLogEventsInfo: rejected }) }
  }

  #checkedEvents(events: unknown): { timestamp: number; message: string }[] {
    if (!Array.isArray(events) || events.length < 1 || events.length > 10_000)
      throw this.#invalid(
        `logEvents: 1 to 10,000 are allowed, there are ${Array.isArray(events) ? events.length : 'none'}`,
      )
    let sizeBytes = 0
    let largestBytes = 0
    let before = 0
    for (const event of events) {
      if (!isEvent(event)) throw this.#invalid(`logEvents: ${JSON.stringify(event).slice(0, 100)} is no event`)
      if (event.timestamp < before)
        throw this.#invalid('Log events in a single PutLogEvents request must be in chronological order.')
      before = event.timestamp
      const eventBytes = Buffer.byteLength(event.message) + 26
      largestBytes = Math.max(largestBytes, eventBytes)
      sizeBytes += eventBytes
    }
    if (sizeBytes > MAX_BYTES) throw this.#invalid(`Upload too large: ${sizeBytes} bytes exceeds limit of ${MAX_BYTES}`)
    // Nobody can know of a former limit.
    if (largestBytes > this.maxEventBytes)
      throw new EmulatedError(
        'InvalidParameterException',
        `Log event too large: ${largestBytes} bytes exceeds limit of ${this.maxEventBytes}`,
      )
    if (before - events[0].timestamp > DAY_MS)
      throw this.#invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
    return events
  }

  #group(name: string): StoredGroup {
    const group = this.groups.get(name)
    if (group === undefined)
      throw new EmulatedError('ResourceNotFoundException', 'The specified log group does not exist.')
    return group
  }

  #groupName({ logGroupName: name }: Fields): string {
    if (typeof name !== 'string' || !/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name))
      throw this.#invalid(`logGroupName: ${JSON.stringify(name)?.slice(0, 600)}`)
    return name
  }
  #streamName({ logStreamName: name }: Fields): string {
    if (typeof name !== 'string' || !/^[^:*]{1,512}$/.test(name))
      throw this.#invalid(`logStreamName: ${JSON.stringify(name)?.slice(0, 600)}`)
    return name
  }

  #only(request: Fields, ...names: readonly string[]): void {
    for (const name of Object.keys(request)) if (!names.includes(name)) throw this.#invalid(`unknown member ${name}`)
  }

  #invalid(problem: string): EmulatedError {
    this.violations.push(problem)
    return new EmulatedError('InvalidParameterException', problem)
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEvent = (value: unknown): value is { timestamp: number; message: string } =>
  isFields(value) &&
  Object.keys(value).length === 2 &&
  typeof value.message === 'string' &&
  value.message !== '' &&
  value.message.isWellFormed() &&
  typeof value.timestamp === 'number' &&
  Number.isInteger(value.timestamp) &&
  value.timestamp >= 0

function isTags(value: unknown): value is Readonly<Record<string, string>> {
  if (!isFields(value) || Object.keys(value).length > 50) return false
  return Object.entries(value).every(
    ([key, text]) =>
      typeof text === 'string' &&
      /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) &&
      /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(text),
  )
}
