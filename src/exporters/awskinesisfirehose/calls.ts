// Records as calls of PutRecordBatch, and what its answer says about each of them.
//
//   { "DeliveryStreamName": …, "Records": [ { "Data": base64 } … ] }
//   { "FailedPutCount": n, "RequestResponses": [ { "RecordId": … } | { "ErrorCode": …, "ErrorMessage": … } … ] }
import { AwsError } from '../../aws/index.ts'
import type { Outgoing } from '../../delivery/index.ts'
import { JsonWriter, jsonLiteral } from '../../wire/json.ts'
import { MAX_CALL_BYTES } from './limits.ts'
import type { FirehoseRecord } from './records.ts'

export type Records = readonly FirehoseRecord[]

const KEY = jsonLiteral('"Data":')
/** `{"Data":""},` */
const FRAME_BYTES = 12
const base64Bytes = (size: number): number => Math.ceil(size / 3) * 4 + FRAME_BYTES
/** `{"DeliveryStreamName":"…","Records":[…]}` */
const CALL_BYTES = 128

/** In as few calls as the limits allow, in their order. */
export function callsOf(records: Records, maxRecords: number): Outgoing<Records>[] {
  const calls: Outgoing<Records>[] = []
  let call: FirehoseRecord[] = []
  let sizeBytes = CALL_BYTES
  for (const record of records) {
    const size = base64Bytes(record.data.length)
    if (call.length >= maxRecords || (call.length > 0 && sizeBytes + size > MAX_CALL_BYTES)) {
      calls.push(outgoing(call))
      call = []
      sizeBytes = CALL_BYTES
    }
    call.push(record)
    sizeBytes += size
  }
  if (call.length > 0) calls.push(outgoing(call))
  return calls
}

export const outgoing = (records: Records): Outgoing<Records> => ({
  request: records,
  items: records.reduce((sum, { items }) => sum + items, 0),
})

/** `stream` is the name in quotes, with its key. */
export function writeCall(stream: Buffer, data: readonly Buffer[]): Buffer {
  const size = data.reduce((sum, { length }) => sum + base64Bytes(length), CALL_BYTES)
  const json = new JsonWriter(size)
  json.beginObject()
  json.key(stream)
  json.key(RECORDS)
  json.beginArray()
  for (const bytes of data) {
    json.beginObject()
    json.key(KEY)
    json.base64(bytes, 0, bytes.length)
    json.endObject()
  }
  json.endArray()
  json.endObject()
  return json.out.bytes.subarray(0, json.out.length)
}
const RECORDS = jsonLiteral('"Records":')

export interface Refused {
  readonly record: FirehoseRecord
  readonly code: string
  readonly message: string
}

/** Those that were not taken; throws an `AwsError` when the answer does not say which. */
export function refusedOf(answer: unknown, records: Records): Refused[] {
  const failed = member(answer, 'FailedPutCount')
  if (failed === undefined || failed === 0) return []
  const responses = member(answer, 'RequestResponses')
  const refused = Array.isArray(responses) && responses.length === records.length ? refusedBy(responses, records) : []
  if (refused.length === 0)
    throw new AwsError('transient', 'UnreadableAnswer', 'PutRecordBatch answers that records failed, and not which', {
      status: 200,
    })
  return refused
}

const refusedBy = (responses: readonly unknown[], records: Records): Refused[] =>
  records.flatMap((record, index) => {
    const code = member(responses[index], 'ErrorCode')
    const message = member(responses[index], 'ErrorMessage')
    if (typeof code !== 'string' || code === '') return []
    return [{ record, code, message: typeof message === 'string' ? message.slice(0, 200) : '' }]
  })

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(key) : undefined
