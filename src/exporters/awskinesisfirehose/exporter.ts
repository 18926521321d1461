// Records that the stream did not take are sent again, those alone: what was taken is never sent twice.
import { AwsClient, deliveryError } from '../../aws/index.ts'
import { type Exporter, RetryableError, type Settings } from '../../contract/index.ts'
import type { Batch, Context, Signal } from '../../data/index.ts'
import { Burst, type Deliveries, type Delivery, type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import { createCompress } from '../../net/compress.ts'
import { jsonLiteral } from '../../wire/json.ts'
import { callsOf, outgoing, type Records, type Refused, refusedOf, writeCall } from './calls.ts'
import type { FirehoseConfig } from './config.ts'
import { createEncodeRecords, type EncodeRecords } from './records.ts'

export function createFirehoseExporter(config: FirehoseConfig, settings: Settings): Exporter {
  const stream = new Stream(config, settings)
  const open = (): Promise<void> => stream.open()
  const close = async (): Promise<void> => stream.close()
  const delivery = <S extends Signal>(): Delivery<S, Records> => ({
    open,
    close,
    encode: (batch, drop) => stream.encode(batch, drop),
    send: (call, context) => stream.send(call, context),
    split: ({ request }) => halvesOf(request),
  })
  const of: Deliveries<Records> =
    config.encoding.name === 'body'
      ? { logs: delivery() }
      : { traces: delivery(), metrics: delivery(), logs: delivery() }
  return deliver(of, config, settings)
}

function halvesOf(records: Records): Outgoing<Records>[] | undefined {
  if (records.length < 2) return undefined
  const middle = Math.ceil(records.length / 2)
  return [outgoing(records.slice(0, middle)), outgoing(records.slice(middle))]
}

class Stream {
  readonly #config: FirehoseConfig
  readonly #client: AwsClient
  readonly #encode: EncodeRecords
  readonly #name: Buffer
  readonly #compress: ReturnType<typeof createCompress> | undefined
  readonly #tooLarge: Burst

  constructor(config: FirehoseConfig, settings: Settings) {
    const { clock, log } = settings
    this.#config = config
    this.#client = new AwsClient(
      {
        signingName: 'firehose',
        endpointPrefix: 'firehose',
        endpointVariable: 'FIREHOSE',
        protocol: { type: 'json', version: '1.1', targetPrefix: 'Firehose_20150804' },
      },
      config,
      settings,
    )
    this.#encode = createEncodeRecords(config)
    this.#name = jsonLiteral(`"DeliveryStreamName":${JSON.stringify(config.delivery_stream)}`)
    const { compression } = config.encoding
    if (compression === 'gzip' || compression === 'zstd') this.#compress = createCompress(compression)
    this.#tooLarge = new Burst(clock, log.error.bind(log), 'data lost: items are larger than a record may be', {
      max_record_size: config.max_record_size,
    })
  }

  open(): Promise<void> {
    return this.#client.start()
  }

  encode(batch: Batch, drop: Drop): Outgoing<Records>[] {
    const records = this.#encode(batch, (items) => {
      drop(items, 'too_large')
      this.#tooLarge.add(items, 'too_large')
    })
    return callsOf(records, this.#config.max_records_per_batch)
  }

  async send({ request: records }: Outgoing<Records>, { abort }: Context): Promise<void> {
    const refused = await this.#put(records, abort).catch((error: unknown) => {
      throw deliveryError(error)
    })
    const [first] = refused
    if (first === undefined) return
    // No code of a record is known to be final.
    const text = `${refused.length} of ${records.length} records were not taken: ${first.code}: ${first.message}`
    throw new RetryableError(text, {
      reason: 'partial_failure',
      remaining: outgoing(refused.map(({ record }) => record)),
    })
  }

  async #put(records: Records, abort: AbortSignal): Promise<Refused[]> {
    const compress = this.#compress
    const data =
      compress === undefined
        ? records.map((record) => record.data)
        : await Promise.all(records.map((record) => compress([record.data], record.data.length)))
    const body = writeCall(this.#name, data)
    const call = { operation: 'PutRecordBatch', chunks: [body], sizeBytes: body.length }
    return refusedOf(await this.#client.call(call, abort), records)
  }

  close(): void {
    this.#tooLarge.end()
    this.#client.close()
  }
}
