// What CloudWatch Logs sends to a subscription, in all the wrappings that it comes in.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
// payload  = gzip(document), or one or more documents as text
// document = { messageType: DATA_MESSAGE | CONTROL_MESSAGE, owner, logGroup, logStream, subscriptionFilters, logEvents }
// Lambda   = { awslogs: { data: base64(payload) } }
import { decompress } from '../../net/decompress.ts'
import { GRPC, RefusedError } from '../../net/status.ts'

export interface LogEvent {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly message: string
  /** When the filter emits system fields: whose event it was. */
  readonly account: string | undefined
  readonly region: string | undefined
}

export interface Subscription {
  readonly owner: string
  readonly logGroup: string
  readonly logStream: string
  readonly logEvents: readonly LogEvent[]
}

/** What came instead of a document: Firehose with message extraction on sends the bare messages. */
export interface BareMessages {
  readonly messages: string
}

/**
 * The documents of one payload, those of CONTROL_MESSAGE (which only ask whether anybody is there) left out.
 * Rejects with a `RefusedError` that says what it is instead.
 */
export async function readPayload(payload: Buffer, room: UnpackedRoom): Promise<(Subscription | BareMessages)[]> {
  const bytes = isGzip(payload) ? await decompress('gzip', payload, room.leftBytes) : payload
  room.take(bytes.length)
  const text = utf8(bytes)
  const documents = splitDocuments(text)
  if (documents === undefined) return [{ messages: text }]
  return documents.map(readDocument).filter((one) => one !== undefined)
}

/** How much may come out of all payloads of a request together. */
export class UnpackedRoom {
  leftBytes: number
  constructor(limitBytes: number) {
    this.leftBytes = limitBytes
  }
  take(sizeBytes: number): void {
    if (sizeBytes > this.leftBytes) {
      throw new RefusedError(
        413,
        GRPC.RESOURCE_EXHAUSTED,
        'too_large',
        'the payloads are larger than max_request_body_size',
      )
    }
    this.leftBytes -= sizeBytes
  }
}

/** What a Lambda function gets, or what was posted as such; undefined when it is something else. */
export function lambdaPayload(event: unknown): Buffer | undefined {
  if (!isObject(event) || !isObject(event.awslogs)) return undefined
  const { data } = event.awslogs
  if (typeof data !== 'string') throw malformed('must be base64 text', 'awslogs.data')
  return fromBase64(data, 'awslogs.data')
}

/** Throws what node passes over: characters that are none of base64's. */
export function fromBase64(text: string, path: string): Buffer {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw malformed('must be base64', path)
  return Buffer.from(text, 'base64')
}

export const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('must be gzip or UTF-8 text, got other bytes', 'payload')
  }
}

/**
 * Firehose may put several into a record, one after the other, with or without line breaks. Undefined when the text does
 * not look like documents of CloudWatch Logs at all.
 */
function splitDocuments(text: string): unknown[] | undefined {
  if (!/^\s*\{\s*"/.test(text)) return undefined
  const whole = parse(text)
  if (whole !== undefined) return isDocument(whole) ? [whole] : undefined
  const parts = text.split(/(?<=\})\s*(?=\{\s*"messageType")/)
  const documents = parts.map(parse)
  if (documents.every(isDocument)) return documents
  // It began like one: half of it, or something in between, is a mistake of the sender, not a message.
  if (/^\s*\{[^{}]*"messageType"\s*:/.test(text)) throw malformed('must be whole JSON documents', 'payload')
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isDocument = (value: unknown): boolean => isObject(value) && 'messageType' in value

function readDocument(document: unknown): Subscription | undefined {
  if (!isObject(document)) throw malformed('must be an object', 'payload')
  const { messageType, logEvents } = document
  if (messageType === 'CONTROL_MESSAGE') return undefined
  if (messageType !== 'DATA_MESSAGE') {
    throw malformed(
      `must be DATA_MESSAGE or CONTROL_MESSAGE, got ${JSON.stringify(messageType)?.slice(0, 100)}`,
      'messageType',
    )
  }
  if (!Array.isArray(logEvents)) throw malformed('must be a list', 'logEvents')
  return {
    owner: textAt(document, 'owner'),
    logGroup: textAt(document, 'logGroup'),
    logStream: textAt(document, 'logStream'),
    logEvents: logEvents.map(readEvent),
  }
}

function readEvent(event: unknown, index: number): LogEvent {
  const path = `logEvents[${index}]`
  if (!isObject(event)) throw malformed('must be an object', path)
  const { id, timestamp, message, extractedFields } = event
  if (typeof id !== 'string') throw malformed('must be a text', `${path}.id`)
  if (typeof message !== 'string') throw malformed('must be a text', `${path}.message`)
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0 || timestamp > MAX_TIME_MS) {
    throw malformed('must be milliseconds since 1970', `${path}.timestamp`)
  }
  const system = isObject(extractedFields) ? extractedFields : {}
  return {
    id,
    timestamp,
    message,
    account: optionalText(system['@aws.account']),
    region: optionalText(system['@aws.region']),
  }
}

/** What 64 bits of nanoseconds hold. */
const MAX_TIME_MS = 18_446_744_073_709

const optionalText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function textAt(document: Readonly<Record<string, unknown>>, key: string): string {
  const value = document[key]
  if (typeof value !== 'string') throw malformed('must be a text', key)
  return value
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const malformed = (problem: string, path: string): RefusedError =>
  new RefusedError(400, GRPC.INVALID_ARGUMENT, 'malformed', `${path}: ${problem}`)
