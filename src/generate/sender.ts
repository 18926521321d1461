// One connection to an OTLP destination.
import type { OutgoingHttpHeaders } from 'node:http2'
import * as v from 'valibot'
import { section } from '../config/schema.ts'
import { isRetryable, messageOf, PermanentError, RetryableError, type Settings } from '../contract/index.ts'
import { type Batch, encodeOtlpJson, type Signal } from '../data/index.ts'
import { grpcClientSettings, httpClientSettings } from '../net/client-config.ts'
import { GrpcClient } from '../net/grpc-client.ts'
import { HttpClient, type HttpTarget } from '../net/http-client.ts'
import { decodePartialSuccess, errorOfGrpc, errorOfReply, JSON_TYPE, otlpNames, PROTOBUF } from '../net/otlp.ts'
import { GRPC } from '../net/status.ts'
import { userAgentOf } from '../net/user-agent.ts'
import type { Target } from './target.ts'

export interface Sender {
  /** How many of the items were refused, the others being taken. Rejects when all were. */
  send(batch: Batch, abort: AbortSignal): Promise<number>
  close(): void
}

export interface SenderSettings {
  readonly target: Target
  readonly compression: 'none' | 'gzip' | 'zstd'
  readonly headers: Readonly<Record<string, string>>
  /** Takes any certificate. */
  readonly insecure: boolean
}

const TIMEOUT_MS = 30_000

/** Rejects when the settings do not fit together. */
export async function openSender(of: SenderSettings, settings: Settings): Promise<Sender> {
  const sender = of.target.protocol === 'grpc' ? await openGrpc(of, settings) : await openHttp(of, settings)
  return {
    async send(batch, abort) {
      const late = new AbortController()
      const cancel = settings.clock.after(TIMEOUT_MS, () =>
        late.abort(new RetryableError(`no answer within ${TIMEOUT_MS / 1000} s`, { reason: 'timeout' })),
      )
      try {
        return await sender.send(batch, AbortSignal.any([abort, late.signal]))
      } finally {
        cancel()
      }
    },
    close: () => sender.close(),
  }
}

async function openHttp(
  { target, compression, headers, insecure }: SenderSettings,
  settings: Settings,
): Promise<Sender> {
  const isJson = target.protocol === 'http/json'
  const contentType = isJson ? JSON_TYPE : PROTOBUF
  const config = v.parse(section(httpClientSettings({ compression: 'none' })), {
    endpoint: target.url.href,
    headers,
    compression,
    tls: { insecure_skip_verify: insecure },
  })
  const client = new HttpClient(config, settings)
  const targets = new Map<Signal, HttpTarget>()
  const targetOf = async (signal: Signal): Promise<HttpTarget> => {
    let known = targets.get(signal)
    if (known === undefined) {
      const url = target.url.href.replace(/\/$/, '') + otlpNames[signal].path
      known = await client.target(url, { 'content-type': contentType, 'user-agent': userAgentOf(settings.agent) })
      targets.set(signal, known)
    }
    return known
  }
  return {
    async send(batch, abort) {
      const chunks = isJson ? [encodeOtlpJson(batch)] : batch.chunks
      const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      const reply = await client.post(await targetOf(batch.signal), chunks, sizeBytes, abort)
      if (reply.status < 200 || reply.status > 299) throw errorOfReply(reply, settings.clock.now())
      return rejected(batch, decodePartialSuccess(batch.signal, reply.contentType, reply.body))
    },
    close: () => client.close(),
  }
}

async function openGrpc(
  { target, compression, headers, insecure }: SenderSettings,
  settings: Settings,
): Promise<Sender> {
  const config = v.parse(section(grpcClientSettings({ compression: 'none' })), {
    endpoint: target.url.origin,
    headers,
    compression,
    tls: target.url.protocol === 'http:' ? { insecure: true } : { insecure_skip_verify: insecure },
  })
  const client = new GrpcClient(config, TIMEOUT_MS, settings)
  await client.open()
  const methods = new Map<Signal, OutgoingHttpHeaders>()
  return {
    async send(batch, abort) {
      const { signal, chunks, sizeBytes } = batch
      const method = methods.get(signal) ?? client.method(otlpNames[signal].grpcPath)
      methods.set(signal, method)
      const { status, message } = await client.unary(method, chunks, sizeBytes, abort)
      if (status.code !== GRPC.OK) throw errorOfGrpc(status)
      return rejected(batch, decodePartialSuccess(signal, PROTOBUF, message))
    },
    close: () => client.close(),
  }
}

const rejected = ({ items }: Batch, partial: ReturnType<typeof decodePartialSuccess>): number =>
  Math.min(items, partial?.rejectedItems ?? 0)

/** Nobody listens there, or nobody that speaks this protocol: no use to go on. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof RetryableError && error.reason === 'connection_error'

/** What a person should know about a refusal, in a line. */
export const explain = (error: unknown): string =>
  error instanceof PermanentError || isRetryable(error) ? messageOf(error) : String(error)
