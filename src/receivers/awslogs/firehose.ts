// What Amazon Data Firehose sends to an HTTP endpoint, and the answer that it takes.
// https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
// request = { requestId, timestamp, records: [{ data: base64 }] }      answer = { requestId, timestamp, errorMessage? }
import type { IncomingMessage } from 'node:http'
import type { HttpAnswer } from '../../net/exchange.ts'
import { fromBase64, malformed } from './payload.ts'

export const requestIdOf = ({ headers }: IncomingMessage): string | undefined => {
  const id = headers['x-amz-firehose-request-id']
  return typeof id === 'string' ? id : undefined
}

/** The payloads of a request's records; one that is no base64 is the error in its place. Throws when the request is none. */
export function readFirehose(body: unknown): (Buffer | Error)[] {
  const records = isObject(body) ? body.records : undefined
  if (!Array.isArray(records)) throw malformed('must be a list', 'records')
  return records.map((record: unknown, index) => {
    const data = isObject(record) ? record.data : undefined
    const path = `records[${index}].data`
    if (typeof data !== 'string') return malformed('must be base64 text', path)
    try {
      return fromBase64(data, path)
    } catch (error) {
      return error as Error
    }
  })
}

/** `{"commonAttributes": {"name": "value"}}`, as configured for the stream. Throws when it is something else. */
export function commonAttributesOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const text = headers['x-amz-firehose-common-attributes']
  if (typeof text !== 'string') return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw malformed('must be JSON', 'X-Amz-Firehose-Common-Attributes')
  }
  const attributes = isObject(parsed) ? parsed.commonAttributes : undefined
  if (!isObject(attributes)) throw malformed('must have commonAttributes', 'X-Amz-Firehose-Common-Attributes')
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]))
}

/** Only 200 is success to Firehose; 413 goes to its backup bucket at once, everything else is sent again. */
export function firehoseAnswer(httpStatus: number, requestId: string, now: number, errorMessage?: string): HttpAnswer {
  const body = {
    requestId,
    timestamp: now,
    ...(errorMessage !== undefined && { errorMessage: errorMessage.slice(0, MAX_MESSAGE) }),
  }
  return { httpStatus, headers: ['Content-Type', 'application/json'], body: Buffer.from(JSON.stringify(body)) }
}
/** Characters that Firehose takes of it. */
const MAX_MESSAGE = 8192

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
