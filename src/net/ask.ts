// A question to a metadata service, over TCP, TLS or a unix socket: a small answer, soon or never.
import { type RequestOptions, request as requestHttp } from 'node:http'
import type { Clock } from '../contract/index.ts'

export interface Question {
  readonly url: URL
  readonly method?: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  /** Instead of the URL's host. */
  readonly socketPath?: string | undefined
  readonly tls?: Tls | undefined
  /** For the whole answer; without it `abort` alone ends the wait. */
  readonly timeoutMs?: number
  /** Of an answer; what is longer is none. */
  readonly maxBytes?: number
}
export interface Tls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly rejectUnauthorized?: boolean
}
export interface Answer {
  readonly status: number
  readonly text: string
}

/** It said nothing within `timeoutMs`. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
}

/** The daemon of a large machine says a lot about itself. */
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024

/** Whatever status the answer has; rejects when there is no whole one. */
export async function ask(question: Question, clock: Clock, abort: AbortSignal): Promise<Answer> {
  const { url, method = 'GET', headers = {}, socketPath, tls, timeoutMs, maxBytes = DEFAULT_MAX_BYTES } = question
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestHttp
  const where = socketPath ?? url.host
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      reject(error)
      asked.destroy()
    }
    const fail = (why: string, cause?: unknown): void => end(new Error(`${where}: ${why}`, { cause }))
    const cancel =
      timeoutMs === undefined
        ? () => {}
        : clock.after(timeoutMs, () => end(new SilenceError(`${where}: no answer within ${timeoutMs} ms`)))
    const stop = (): void => fail('no answer in time', abort.reason)
    const options: RequestOptions = { method, headers, agent: false, ...(socketPath && { socketPath }), ...tls }
    const asked = request(url, options)
    abort.addEventListener('abort', stop, { once: true })
    asked.on('error', (error) => fail(error.message || String(error), error))
    asked.on('close', () => {
      cancel()
      abort.removeEventListener('abort', stop)
      reject(new Error(`${where}: no answer`))
    })
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      let sizeBytes = 0
      response.on('error', (error) => fail(error.message, error))
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length
        if (sizeBytes > maxBytes) fail(`the answer has more than ${maxBytes} bytes`)
        else chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    asked.end()
    if (abort.aborted) stop()
  })
}
