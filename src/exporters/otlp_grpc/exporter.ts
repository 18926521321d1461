// A batch's chunks are the message as they stand: nothing is decoded, nothing is joined.
import type { OutgoingHttpHeaders } from 'node:http2'
import type { Exporter, Host, Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { type Delivery, deliver } from '../../delivery/index.ts'
import { noteWithoutEffect } from '../../net/client-config.ts'
import { GrpcClient } from '../../net/grpc-client.ts'
import { bookPartialSuccess, decodePartialSuccess, errorOfGrpc, otlpNames, PROTOBUF } from '../../net/otlp.ts'
import { GRPC } from '../../net/status.ts'
import type { OtlpGrpcConfig } from './config.ts'

interface Message {
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
}

export function createOtlpGrpcExporter(config: OtlpGrpcConfig, settings: Settings): Exporter {
  const { log } = settings
  const client = new GrpcClient(config, config.timeout, settings)

  const open = async (host: Host): Promise<void> => {
    client.start(host)
    noteWithoutEffect(config, 'grpc', log)
    await client.open()
  }
  const close = async (): Promise<void> => client.close()

  const delivery = <S extends Signal>(signal: S): Delivery<S, Message> => {
    let headers: OutgoingHttpHeaders | undefined
    return {
      open,
      close,
      encode: ({ chunks, sizeBytes, items }) => [{ request: { chunks, sizeBytes }, items }],
      async send({ request, items }, context, drop) {
        headers ??= client.method(otlpNames[signal].grpcPath)
        const { status, message } = await client.unary(
          headers,
          request.chunks,
          request.sizeBytes,
          context.abort,
          context,
        )
        if (status.code !== GRPC.OK) throw errorOfGrpc(status)
        const partial = decodePartialSuccess(signal, PROTOBUF, message)
        if (partial !== undefined) bookPartialSuccess(partial, { signal, items }, drop, log)
      },
    }
  }
  const of = { traces: delivery('traces'), metrics: delivery('metrics'), logs: delivery('logs') }
  return deliver(of, config, settings)
}
