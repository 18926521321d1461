// Spans become segment documents, and requests of up to 50 of them; what X-Ray does not take is settled document by document.
import { type AwsApi, AwsClient, deliveryError } from '../../aws/index.ts'
import { SegmentEncoder } from '../../aws/xray/segment.ts'
import { type Exporter, PermanentError, RetryableError, type Settings } from '../../contract/index.ts'
import type { Batch } from '../../data/index.ts'
import { Burst, type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import { dropRefused, settle } from './answer.ts'
import type { AwsXrayConfig } from './config.ts'
import { halves, type PutTraceSegments, requestsOf } from './requests.ts'
import { createTelemetry } from './telemetry.ts'

export const XRAY_API: AwsApi = {
  signingName: 'xray',
  endpointPrefix: 'xray',
  endpointVariable: 'XRAY',
  protocol: { type: 'rest-json' },
}

/** Of `AwsClient`, what is needed here. */
export type XrayClient = Pick<AwsClient, 'start' | 'call' | 'close'>

export function createAwsXrayExporter(
  config: AwsXrayConfig,
  settings: Settings,
  client: XrayClient = new AwsClient(XRAY_API, config, settings),
): Exporter {
  const notes = new Notes(settings)
  const telemetry = createTelemetry(config, settings, client)
  const encoder = new SegmentEncoder({
    indexedAttributes: config.indexed_attributes,
    indexAllAttributes: config.index_all_attributes,
    logGroups: config.aws_log_groups,
    ...(!config.skip_timestamp_validation && { nowMs: () => settings.clock.now() }),
  })

  const encode = (batch: Batch<'traces'>, drop: Drop): readonly Outgoing<PutTraceSegments>[] => {
    const documents = encoder.encode(batch)
    for (const { reason } of documents.dropped) {
      drop(1, reason)
      notes.lost(1, reason)
    }
    for (const cut of documents.cut)
      notes.cut(cut.step, `trace ${cut.traceId}, span ${cut.spanId}: ${cut.sizeBytes} bytes`)
    const requests = requestsOf(documents)
    encoder.giveBack()
    return requests
  }

  const send = async (
    outgoing: Outgoing<PutTraceSegments>,
    { abort }: { readonly abort: AbortSignal },
    drop: Drop,
  ): Promise<void> => {
    const { body, documents } = outgoing.request
    let answer: unknown
    try {
      answer = await client.call({ operation: '/TraceSegments', chunks: [body], sizeBytes: body.length }, abort)
    } catch (error) {
      telemetry?.recorder.failed(error)
      throw deliveryError(error)
    }
    const settled = settle(outgoing, answer)
    telemetry?.recorder.sent(documents.length - (settled?.documents ?? 0))
    if (settled === undefined) return
    const { refused, left, leftReason, leftMessage } = settled
    const [only] = refused
    if (only !== undefined && only.spans === outgoing.items && left === undefined)
      throw new PermanentError(only.message, { reason: only.reason })
    dropRefused(settled, drop)
    for (const { spans, reason, message } of refused) notes.lost(spans, reason, message)
    if (left !== undefined) throw new RetryableError(leftMessage, { reason: leftReason, remaining: left })
  }

  return deliver<PutTraceSegments>(
    {
      traces: {
        async open() {
          await client.start()
          telemetry?.start()
        },
        encode,
        send,
        split: halves,
        async close() {
          telemetry?.stop()
          notes.close()
          client.close()
        },
      },
    },
    config,
    settings,
  )
}

/** What becomes of documents that are not whole, or not there. */
class Notes {
  readonly lost: (spans: number, reason: string, message?: string) => void
  readonly cut: (step: string, message: string) => void
  readonly #bursts: readonly Burst[]

  constructor({ id, clock, log, meter }: Settings) {
    const lost = new Burst(clock, log.error.bind(log), 'data lost: spans that X-Ray does not take', {})
    const cut = new Burst(
      clock,
      log.warn.bind(log),
      'segment documents are larger than X-Ray takes: parts are left out',
      {},
    )
    const documents = meter.createCounter('sluice_exporter_cut_segment_documents', {
      description: 'Segment documents that were larger than X-Ray takes, of which parts were left out',
      unit: '{document}',
    })
    this.#bursts = [lost, cut]
    this.lost = (spans, reason, message = '') => lost.add(spans, reason, message)
    this.cut = (step, message) => {
      documents.add(1, { exporter: id })
      cut.add(1, step, message)
    }
  }

  close(): void {
    for (const burst of this.#bursts) burst.end()
  }
}
