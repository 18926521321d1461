// Calls by @grpc/grpc-js, an independent client, with bytes instead of messages.
import {
  type ChannelCredentials,
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import type { Test } from 'tap'
import type { Signal } from '../../src/data/index.ts'

const METHODS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

export interface GrpcOptions {
  readonly gzip?: boolean
  readonly metadata?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

export interface GrpcSender {
  readonly client: Client
  /** The answer's bytes. */
  export(signal: Signal, body: Uint8Array, options?: GrpcOptions): Promise<Buffer>
  /** As above, for a call that must fail. */
  failing(signal: Signal, body: Uint8Array, options?: GrpcOptions): Promise<ServiceError>
  call(method: string, body: Uint8Array, options?: GrpcOptions): Promise<Buffer>
}

export function grpcSender(
  t: Test,
  port: number,
  security: ChannelCredentials = credentials.createInsecure(),
): GrpcSender {
  const client = new Client(`127.0.0.1:${port}`, security, {
    'grpc.enable_retries': 0,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.default_compression_algorithm': compressionAlgorithms.identity,
  })
  const gzipping = new Client(`127.0.0.1:${port}`, security, {
    'grpc.enable_retries': 0,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
  })
  t.teardown(() => {
    client.close()
    gzipping.close()
  })
  const call: GrpcSender['call'] = (method, body, { gzip = false, metadata = {}, timeoutMs } = {}) => {
    const headers = new Metadata()
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value)
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }
    return new Promise((resolve, reject) => {
      ;(gzip ? gzipping : client).makeUnaryRequest(
        method,
        asIs,
        asIs,
        Buffer.from(body),
        headers,
        options,
        (error, answer) => (error === null ? resolve(answer!) : reject(error)),
      )
    })
  }
  return {
    client,
    call,
    export: (signal, body, options) => call(METHODS[signal], body, options),
    failing: (signal, body, options) =>
      call(METHODS[signal], body, options).then(
        () => Promise.reject(new Error('the call succeeded')),
        (error: ServiceError) => error,
      ),
  }
}

const asIs = (bytes: Buffer): Buffer => bytes
