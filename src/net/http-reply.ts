// An answer, read to its end and never beyond 4 MiB, before and after decompression.
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { messageOf, PermanentError, RetryableError } from '../contract/index.ts'
import { decompressLz4 } from '../wire/lz4.ts'
import { decompressSnappy, decompressSnappyStream } from '../wire/snappy-reader.ts'
import { UnpackedTooLargeError } from '../wire/unpacked.ts'

/** https://opentelemetry.io/docs/specs/otlp/: clients limit what they read, and do not try again. */
export const MAX_REPLY_BYTES = 4 * 1024 * 1024

export interface HttpReply {
  readonly status: number
  /** Without parameters, in lower case. */
  readonly contentType: string
  readonly retryAfter: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * What a 2xx with a page for people is, where `protocol` has none. It is from somebody else: a proxy that wants a login, a network's
 * front page, an endpoint with the wrong path; all of them may be put right while the data waits.
 */
export function pageInstead({ status, contentType, body }: HttpReply, protocol: string): RetryableError | undefined {
  if (contentType !== 'text/html') return undefined
  const text = body.toString('utf8', 0, 1000).trim().replaceAll(/\s+/g, ' ')
  return new RetryableError(
    `HTTP ${status} with a page for people is no answer of ${protocol}: something else answers at this endpoint, check its path and ` +
      `what is in between: ${text}`,
    { reason: 'bad_response' },
  )
}

/**
 * Calls `done` once: with the answer, or with a `PermanentError` when it is too large, or with what broke the connection.
 * An error status whose text breaks off is an answer all the same.
 */
export function readReply(
  request: ClientRequest,
  response: IncomingMessage,
  done: (reply: HttpReply | Error) => void,
): void {
  const status = response.statusCode ?? 0
  const isSuccess = status >= 200 && status <= 299
  const chunks: Buffer[] = []
  let size = 0
  const giveUp = (): void => {
    done(tooLarge())
    request.destroy()
  }
  response.on('error', (error) => done(isSuccess ? error : replyOf(response, status, [])))
  if (Number(response.headers['content-length']) > MAX_REPLY_BYTES) return giveUp()
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_REPLY_BYTES) giveUp()
    else chunks.push(chunk)
  })
  response.on('end', () => done(replyOf(response, status, chunks)))
}

function replyOf(response: IncomingMessage, status: number, chunks: readonly Buffer[]): HttpReply | Error {
  const { headers } = response
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  const decompressed = decompressReply(body, headers['content-encoding'])
  if (decompressed instanceof Error) return decompressed
  return {
    status,
    contentType: (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase(),
    retryAfter: headers['retry-after'],
    headers,
    body: decompressed,
  }
}

/** Nobody asked for compression, but some servers compress what they like. */
export function decompressReply(body: Buffer, encoding: string | undefined): Buffer | PermanentError {
  const decompress = DECOMPRESS[encoding?.trim().toLowerCase() ?? 'identity']
  if (decompress === undefined)
    return new PermanentError(`the answer has an unknown compression, ${JSON.stringify(encoding)}`, {
      reason: 'bad_response',
    })
  try {
    return body.length === 0 ? body : decompress(body)
  } catch (error) {
    if (error instanceof UnpackedTooLargeError) return tooLarge()
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge()
    return new PermanentError(`the answer cannot be decompressed: ${messageOf(error)}`, { reason: 'bad_response' })
  }
}

const bounded = { maxOutputLength: MAX_REPLY_BYTES }
const DECOMPRESS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  '': (body) => body,
  gzip: (body) => gunzipSync(body, bounded),
  'x-gzip': (body) => gunzipSync(body, bounded),
  deflate: (body) => inflateSync(body, bounded),
  zstd: (body) => zstdDecompressSync(body, bounded),
  snappy: (body) => decompressSnappy(body, MAX_REPLY_BYTES),
  'x-snappy-framed': (body) => decompressSnappyStream(body, MAX_REPLY_BYTES),
  lz4: (body) => decompressLz4(body, MAX_REPLY_BYTES),
}

const tooLarge = (): PermanentError =>
  new PermanentError(`the answer is larger than ${MAX_REPLY_BYTES} bytes`, { reason: 'response_too_large' })
