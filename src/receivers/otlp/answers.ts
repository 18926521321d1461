// What a sender is told, in the encoding that it spoke.
import type { Signal } from '../../data/index.ts'
import type { HttpAnswer } from '../../net/exchange.ts'
import { encodeStatus, encodeStatusJson, httpStatusOf, retryAfterOf, type Status, statusOf } from '../../net/status.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { signalNames } from './signals.ts'

export type Format = 'protobuf' | 'json'
export const contentTypes: Readonly<Record<Format, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** Export*ServiceResponse with nothing in it: everything was taken. */
export const taken: Readonly<Record<Format, Buffer>> = {
  protobuf: Buffer.alloc(0),
  json: Buffer.from('{"partialSuccess":{}}'),
}

/**
 * Export*ServiceResponse = 1: partial_success
 * Export*PartialSuccess  = 1: rejected_* (int64), 2: error_message
 */
export function encodePartialSuccess(format: Format, signal: Signal, rejectedItems: number, message: string): Buffer {
  if (format === 'json') {
    const partialSuccess = { [signalNames[signal].rejected]: String(rejectedItems), errorMessage: message }
    return Buffer.from(JSON.stringify({ partialSuccess }))
  }
  const out = new ByteWriter(32 + message.length * 3)
  out.byte(0x0a)
  const partial = out.beginLength()
  out.byte(0x08)
  out.varint(rejectedItems)
  out.byte(0x12)
  out.text(message)
  out.endLength(partial)
  return out.take()
}

const encodeRefusal = (format: Format, status: Status): Buffer =>
  format === 'json' ? Buffer.from(encodeStatusJson(status)) : encodeStatus(status)

/** What a refused sender is told over HTTP. */
export function refusalAnswer(error: unknown, format: Format): HttpAnswer {
  const status = statusOf(error)
  const httpStatus = httpStatusOf(error, status)
  const headers: string[] = []
  let body: Buffer
  if (httpStatus === 404 || httpStatus === 405 || httpStatus === 415) {
    // As the collector answers: who sends the wrong type, or elsewhere, may not read the right one either.
    headers.push('Content-Type', 'text/plain')
    body = Buffer.from(`${httpStatus} ${status.message}`)
  } else {
    headers.push('Content-Type', contentTypes[format])
    body = encodeRefusal(format, status)
  }
  if (httpStatus === 405) headers.push('Allow', 'POST')
  if (status.retryDelayMs !== undefined) headers.push('Retry-After', retryAfterOf(status.retryDelayMs))
  return { httpStatus, headers, body }
}
