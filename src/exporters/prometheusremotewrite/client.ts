// Posts requests of remote write, and knows what the answers mean.
import {
  type Host,
  type Logger,
  PermanentError,
  RetryableError,
  type Sender,
  type Settings,
  TooLargeError,
} from '../../contract/index.ts'
import type { Context } from '../../data/index.ts'
import { HttpClient, type HttpTarget } from '../../net/http-client.ts'
import { type HttpReply, pageInstead } from '../../net/http-reply.ts'
import { errorOfHttp, parseRetryAfter } from '../../net/status.ts'
import { userAgentOf } from '../../net/user-agent.ts'
import { clientOf, type RemoteWriteConfig } from './config.ts'
import type { WriteRequest } from './request.ts'

/** https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#required-written-response-headers */
const WRITTEN = ['x-prometheus-remote-write-samples-written', 'x-prometheus-remote-write-histograms-written'] as const

export class RemoteWriteClient {
  readonly #config: RemoteWriteConfig
  readonly #settings: Settings
  readonly #client: HttpClient
  readonly #version: 1 | 2
  #target!: HttpTarget

  constructor(config: RemoteWriteConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#version = versionOf(config)
    this.#client = new HttpClient(clientOf(config), settings)
  }

  async open(host: Pick<Host, 'extension'>): Promise<void> {
    this.#client.start(host)
    const isFirst = this.#version === 1
    this.#target = await this.#client.target(clientOf(this.#config).endpoint, {
      'content-encoding': 'snappy',
      'content-type': isFirst
        ? 'application/x-protobuf'
        : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'x-prometheus-remote-write-version': isFirst ? '0.1.0' : '2.0.0',
      'user-agent': userAgentOf(this.#settings.agent),
    })
  }

  close(): void {
    this.#client.close()
  }

  /** Rejects as `Delivery.send` does; `RefusedRequest` when the destination does not want what is in it. */
  async post(request: WriteRequest, context: Sender, abort: AbortSignal): Promise<void> {
    const { body } = request
    const headers = this.#headersFrom(context.metadata)
    const reply = await this.#client.post(this.#target, [body], body.length, abort, { headers, context })
    if (reply.status >= 200 && reply.status <= 299) {
      const page = pageInstead(reply, 'remote write')
      if (page !== undefined) throw page
      if (this.#version === 2) checkWritten(request, reply, this.#settings.log)
      return
    }
    throw errorOf(reply, this.#settings.clock.now())
  }

  #headersFrom(metadata: Context['metadata']): string[] {
    const { include_metadata_keys: keys } = this.#config
    return keys.flatMap((key) => (metadata.get(key.toLowerCase()) ?? []).flatMap((value) => [key, value]))
  }
}

export const versionOf = ({ protobuf_message }: RemoteWriteConfig): 1 | 2 =>
  protobuf_message === 'prometheus.WriteRequest' ? 1 : 2

/** The destination takes requests, but something in this one it does not: the others in it may be good. */
export class RefusedRequest extends PermanentError {
  constructor(message: string) {
    super(message, { reason: 'http_400' })
  }
}

function errorOf({ status, body, retryAfter }: HttpReply, nowMs: number): Error {
  const text = textOf(body)
  if (status === 413) return new TooLargeError(`HTTP 413: ${text}`)
  if (status === 400) return new RefusedRequest(`HTTP 400: ${text}`)
  if (status === 415) {
    return new PermanentError(`HTTP 415: ${text}: the destination does not take this protobuf_message`, {
      reason: 'http_415',
    })
  }
  const waitMs = parseRetryAfter(retryAfter, nowMs)
  // Unlike OTLP, remote write calls every 5xx temporary.
  if (status >= 500) {
    const message = `HTTP ${status}: ${text}`
    return new RetryableError(message, { reason: `http_${status}`, ...(waitMs !== undefined && { waitMs }) })
  }
  return errorOfHttp(status, text, waitMs)
}

const textOf = (body: Buffer): string => body.toString('utf8', 0, 1000).trim().replaceAll(/\s+/g, ' ')

/** A receiver of the first version only may answer 204 to a request of the second, of which it has understood nothing. */
function checkWritten({ samples }: WriteRequest, { headers }: HttpReply, log: Logger): void {
  if (samples === 0) return
  const given = WRITTEN.map((name) => headers[name]).filter((value) => value !== undefined)
  if (given.length === 0) {
    throw new PermanentError(
      'the destination does not say how many samples it has written: it does not know the second version of remote write; ' +
        'set protobuf_message: prometheus.WriteRequest',
      { reason: 'not_written' },
    )
  }
  const written = given.reduce((sum, value) => sum + Number(value), 0)
  if (written < samples) log.warn('destination has written fewer samples than it was sent', { sent: samples, written })
}
