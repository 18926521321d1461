import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { PermanentError, RetryableError, ShutdownError, TooLargeError } from '../../src/contract/index.ts'
import { decodeOtlp } from '../../src/data/index.ts'
import {
  codeOfHttpStatus,
  decodeGrpcMessage,
  decodeStatus,
  encodeGrpcMessage,
  encodeStatus,
  encodeStatusJson,
  errorOfHttp,
  errorOfStatus,
  GRPC,
  httpStatusOf,
  isRetryableHttp,
  parseRetryAfter,
  RefusedError,
  refusalReasonOf,
  retryAfterOf,
  statusOf,
  statusOfTrailers,
  trailersOf,
} from '../../src/net/status.ts'

const answerTo = (error: unknown) => {
  const status = statusOf(error)
  return { grpc: status.code, http: httpStatusOf(error, status), retryDelayMs: status.retryDelayMs }
}

test('what is retryable says when, what is final never invites a retry', async (t) => {
  const malformed = t.throws(() => decodeOtlp('traces', Buffer.from([0xff])))
  const table: [error: unknown, grpc: number, http: number, retryDelayMs: number | undefined, reason: string][] = [
    [new RetryableError('full'), GRPC.UNAVAILABLE, 503, 1000, 'unavailable'],
    [new RetryableError('full', { waitMs: 30_000 }), GRPC.UNAVAILABLE, 503, 30_000, 'unavailable'],
    [new ShutdownError('going'), GRPC.UNAVAILABLE, 503, 1000, 'shutdown'],
    [new TypeError('a bug'), GRPC.UNAVAILABLE, 503, 1000, 'unavailable'],
    ['a text', GRPC.UNAVAILABLE, 503, 1000, 'unavailable'],
    [malformed, GRPC.INVALID_ARGUMENT, 400, undefined, 'malformed'],
    [new PermanentError('no'), GRPC.INTERNAL, 500, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'http_400' }), GRPC.INVALID_ARGUMENT, 400, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'http_413' }), GRPC.RESOURCE_EXHAUSTED, 413, undefined, 'permanent_error'],
    [new TooLargeError('no'), GRPC.RESOURCE_EXHAUSTED, 413, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'http_503' }), GRPC.INTERNAL, 500, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'grpc_unavailable' }), GRPC.INTERNAL, 500, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'grpc_permission_denied' }), 7, 403, undefined, 'permanent_error'],
    [new PermanentError('no', { reason: 'grpc_ok' }), GRPC.INTERNAL, 500, undefined, 'permanent_error'],
    [new RefusedError(415, GRPC.INVALID_ARGUMENT, 'bad_content_type', 'no'), 3, 415, undefined, 'bad_content_type'],
    [new RefusedError(413, GRPC.RESOURCE_EXHAUSTED, 'too_large', 'no'), 8, 413, undefined, 'too_large'],
  ]
  for (const [error, grpc, http, retryDelayMs, reason] of table) {
    t.same(answerTo(error), { grpc, http, retryDelayMs }, String(error))
    t.equal(refusalReasonOf(error), reason)
    if (retryDelayMs === undefined) t.notOk(isRetryableHttp(http), `${http} is final`)
  }
})

test('an answer becomes the error that says whether to send again, by gRPC', async (t) => {
  const retryable = [1, 4, 10, 11, 14, 15]
  for (let code = 1; code <= 17; code++) {
    const error = errorOfStatus({ code, message: 'm' })
    t.equal(error instanceof RetryableError, retryable.includes(code), `code ${code}`)
  }
  const exhausted = errorOfStatus({ code: GRPC.RESOURCE_EXHAUSTED, message: 'slow down', retryDelayMs: 7000 })
  t.match(exhausted, { name: 'RetryableError', waitMs: 7000, reason: 'grpc_resource_exhausted' })
  t.match(errorOfStatus({ code: 3, message: 'bad' }), { name: 'PermanentError', message: 'INVALID_ARGUMENT: bad' })
  t.match(errorOfStatus({ code: 99, message: '' }), { name: 'PermanentError', reason: 'grpc_code_99' })
})

test('an answer becomes the error that says whether to send again, by HTTP', async (t) => {
  for (const status of [400, 401, 403, 404, 408, 413, 500, 501])
    t.match(errorOfHttp(status, 'x'), { name: 'PermanentError', reason: `http_${status}` })
  for (const status of [429, 502, 503, 504]) t.match(errorOfHttp(status, ''), { name: 'RetryableError' })
  t.match(errorOfHttp(429, 'later', 5000), { waitMs: 5000, message: 'HTTP 429: later' })
  t.equal(codeOfHttpStatus(418), GRPC.UNKNOWN)
})

test('Retry-After is seconds or a date, and anything else is nothing', async (t) => {
  const now = Date.UTC(2026, 0, 1)
  t.equal(parseRetryAfter('12', now), 12_000)
  t.equal(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now), 60_000)
  t.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0)
  for (const garbage of [undefined, '', 'soon', '-1', '1.5', '1e9', 'Thu, 99 Foo', '99999999999999999999'])
    t.equal(parseRetryAfter(garbage, now), undefined, String(garbage))
  t.equal(retryAfterOf(0), '1')
  t.equal(retryAfterOf(1001), '2')
})

test('a status survives the wire, with its retry delay', async (t) => {
  const { default: protobuf } = await import('protobufjs')
  const { root } = protobuf.parse(`syntax = "proto3";
    message Duration { int64 seconds = 1; int32 nanos = 2; }
    message RetryInfo { Duration retry_delay = 1; }
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }`)
  const Reference = root.lookupType('Status')
  const RetryInfo = root.lookupType('RetryInfo')
  for (const retryDelayMs of [undefined, 0, 1, 1500, 30_000, 86_400_000]) {
    const status = { code: 14, message: `überlastet ${'x'.repeat(200)}`, retryDelayMs }
    const bytes = encodeStatus(status)
    t.same(decodeStatus(bytes), status)
    const read = Reference.toObject(Reference.decode(bytes), { longs: Number })
    t.equal(read.code, 14)
    t.equal(read.message, status.message)
    if (retryDelayMs !== undefined) {
      t.equal(read.details[0].type_url ?? read.details[0].typeUrl, 'type.googleapis.com/google.rpc.RetryInfo')
      const info = RetryInfo.toObject(RetryInfo.decode(read.details[0].value), { longs: Number, defaults: true })
      const delay = info.retryDelay ?? info.retry_delay
      t.equal((delay.seconds ?? 0) * 1000 + (delay.nanos ?? 0) / 1e6, retryDelayMs)
    }
  }
  t.same(JSON.parse(encodeStatusJson({ code: 14, message: 'm', retryDelayMs: 1500 })), {
    code: 14,
    message: 'm',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.500s' }],
  })
  t.equal(encodeStatusJson({ code: 3, message: 'm' }), '{"code":3,"message":"m"}')
})

test('bytes that are no status are no status, whatever they are', async (t) => {
  const whole = encodeStatus({ code: 14, message: 'hello', retryDelayMs: 1500 })
  let cases = 0
  for (let end = 0; end < whole.length; end++, cases++) t.doesNotThrow(() => decodeStatus(whole.subarray(0, end)))
  for (let at = 0; at < whole.length; at++)
    for (let bit = 0; bit < 8; bit++, cases++) {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= 1 << bit
      decodeStatus(flipped)
    }
  t.equal(decodeStatus(readFileSync('package.json')), undefined)
  t.equal(decodeStatus(Buffer.alloc(20, 0xff)), undefined)
  t.ok(cases > 0)
})

test('trailers carry code, text and delay both ways', async (t) => {
  const status = { code: 14, message: '50 % voll, bitte später\r\n', retryDelayMs: 2000 }
  const trailers = trailersOf(status)
  t.notMatch(trailers['grpc-message'], /[^ -~]/)
  t.same(statusOfTrailers(trailers), status)
  t.same(trailersOf({ code: 0, message: '' }), { 'grpc-status': '0' })
  t.same(statusOfTrailers({}), { code: GRPC.UNKNOWN, message: '', retryDelayMs: undefined })
  t.equal(statusOfTrailers({ 'grpc-status': '14', 'grpc-status-details-bin': '%%%' }).retryDelayMs, undefined)
  t.equal(encodeGrpcMessage('plain text'), 'plain text')
  t.equal(decodeGrpcMessage('100% %zz %41'), '100% %zz A')
})

test('details that are longer than any header may be are not looked at', async (t) => {
  const answer = (messageLength: number) => {
    const status = { code: GRPC.UNAVAILABLE, message: 'x'.repeat(messageLength), retryDelayMs: 2000 }
    const details = encodeStatus(status).toString('base64')
    return { details, read: statusOfTrailers({ 'grpc-status': '14', 'grpc-status-details-bin': details }) }
  }
  const long = answer(12_000)
  t.ok(long.details.length < 16 * 1024)
  t.equal(long.read.retryDelayMs, 2000)
  const tooLong = answer(12_400)
  t.ok(tooLong.details.length > 16 * 1024)
  t.same(tooLong.read, { code: GRPC.UNAVAILABLE, message: '', retryDelayMs: undefined })
})
