// In protobuf a batch's chunks are the request as they stand: nothing is decoded, nothing is joined.
import { type Exporter, type Host, type Settings, SIGNALS } from '../../contract/index.ts'
import { type Batch, encodeOtlpJson, type Signal } from '../../data/index.ts'
import { type Deliveries, type Delivery, deliver } from '../../delivery/index.ts'
import { noteWithoutEffect } from '../../net/client-config.ts'
import { HttpClient, type HttpTarget } from '../../net/http-client.ts'
import { pageInstead } from '../../net/http-reply.ts'
import { bookPartialSuccess, decodePartialSuccess, errorOfReply, JSON_TYPE, PROTOBUF } from '../../net/otlp.ts'
import { userAgentOf } from '../../net/user-agent.ts'
import { type OtlpHttpConfig, urlOf } from './config.ts'

interface Body {
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
}

export function createOtlpHttpExporter(config: OtlpHttpConfig, settings: Settings): Exporter {
  const { log, clock } = settings
  const client = new HttpClient(config, settings)
  const { bodyOf, contentType } = encodings[config.encoding]
  const headers = {
    'content-type': contentType,
    'user-agent': userAgentOf(settings.agent),
  }

  const targets = new Map<Signal, HttpTarget>()

  const open = async (host: Host): Promise<void> => {
    client.start(host)
    noteWithoutEffect(config, 'http', log)
    if (config.profiles_endpoint !== '')
      log.info('setting has no effect', { setting: 'profiles_endpoint', why: 'profiles are not carried' })
    for (const signal of SIGNALS) {
      const url = urlOf(signal, config)
      if (url !== undefined) targets.set(signal, await client.target(url, headers))
    }
  }
  const close = async (): Promise<void> => client.close()

  const delivery = <S extends Signal>(signal: S): Delivery<S, Body> | undefined =>
    urlOf(signal, config) === undefined
      ? undefined
      : {
          open,
          close,
          encode: (batch) => [{ request: bodyOf(batch), items: batch.items }],
          async send({ request: { chunks, sizeBytes }, items }, context, drop) {
            const reply = await client.post(targets.get(signal)!, chunks, sizeBytes, context.abort, { context })
            if (reply.status < 200 || reply.status > 299) throw errorOfReply(reply, clock.now())
            const page = pageInstead(reply, 'OTLP')
            if (page !== undefined) throw page
            const partial = decodePartialSuccess(signal, reply.contentType, reply.body)
            if (partial !== undefined) bookPartialSuccess(partial, { signal, items }, drop, log)
          },
        }
  const [traces, metrics, logs] = [delivery('traces'), delivery('metrics'), delivery('logs')]
  const of: Deliveries<Body> = { ...(traces && { traces }), ...(metrics && { metrics }), ...(logs && { logs }) }
  return deliver(of, config, settings)
}

const encodings = {
  proto: { contentType: PROTOBUF, bodyOf: ({ chunks, sizeBytes }: Batch): Body => ({ chunks, sizeBytes }) },
  json: {
    contentType: JSON_TYPE,
    bodyOf(batch: Batch): Body {
      const text = encodeOtlpJson(batch)
      return { chunks: [text], sizeBytes: text.length }
    },
  },
}
