// A batch becomes an object, or one for each bucket and prefix. Its key is made once: an upload that is repeated replaces
// itself, and nothing is there twice.
import { createHash } from 'node:crypto'
import { AwsClient, type BucketPlace, deliveryError, encodeRfc3986, placeOf, S3_API } from '../../aws/index.ts'
import { type Exporter, type Settings, TooLargeError } from '../../contract/index.ts'
import type { Batch, Context, Signal } from '../../data/index.ts'
import { Burst, type Deliveries, type Delivery, type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import { createCompress } from '../../net/compress.ts'
import { type AwsS3Config, awsConfigOf, BUCKET } from './config.ts'
import { createFormat, type Format } from './format.ts'
import { createKeyBuilder, type KeyBuilder } from './key.ts'
import { createRoute, type Part } from './route.ts'

/** Of one PUT, https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html */
const MAX_OBJECT_BYTES = 5 * 2 ** 30

interface S3Object {
  readonly bucket: string
  readonly key: string
  /** Compressed when it is first sent, and kept for the attempts after it. */
  body: Promise<Body> | undefined
  chunks: readonly Uint8Array[]
}
interface Body {
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly sha256: Buffer
}

export function createAwsS3Exporter(config: AwsS3Config, settings: Settings): Exporter {
  const format = createFormat(config.marshaler)
  const uploads = new Uploads(config, format, settings)
  const open = (): Promise<void> => uploads.open()
  const close = async (): Promise<void> => uploads.close()
  const delivery = <S extends Signal>(): Delivery<S, S3Object> => ({
    open,
    close,
    encode: (batch, drop) => uploads.encode(batch, drop),
    send: ({ request }, context) => uploads.send(request, context),
  })
  const of: Deliveries<S3Object> = {
    ...(format.signals.includes('traces') && { traces: delivery<'traces'>() }),
    ...(format.signals.includes('metrics') && { metrics: delivery<'metrics'>() }),
    ...(format.signals.includes('logs') && { logs: delivery<'logs'>() }),
  }
  return deliver(of, config, settings)
}

class Uploads {
  readonly #config: AwsS3Config
  readonly #settings: Settings
  readonly #format: Format
  readonly #client: AwsClient
  readonly #keys: KeyBuilder
  readonly #route: (batch: Batch) => Part[]
  readonly #places = new Map<string, BucketPlace>()
  readonly #headers: Readonly<Record<string, string>>
  readonly #compress: ReturnType<typeof createCompress> | undefined
  readonly #elsewhere: Burst

  constructor(config: AwsS3Config, format: Format, settings: Settings) {
    const { s3uploader: uploader } = config
    this.#config = config
    this.#settings = settings
    this.#format = format
    this.#client = new AwsClient(S3_API, awsConfigOf(uploader), settings, { fallbackRegion: 'us-east-1' })
    this.#keys = createKeyBuilder(uploader, format.extension)
    this.#route = createRoute(config.resource_attrs_to_s3)
    const { compression, storage_class, acl } = uploader
    const isCompressed = compression === 'gzip' || compression === 'zstd'
    if (isCompressed) this.#compress = createCompress(compression)
    this.#headers = {
      'content-type': format.contentType,
      'x-amz-storage-class': storage_class,
      ...(acl !== '' && { 'x-amz-acl': acl }),
      ...(isCompressed && !format.isArchive && { 'content-encoding': compression }),
    }
    const warn = settings.log.warn.bind(settings.log)
    const message = 'attributes make no place that S3 has: data goes where the config says'
    this.#elsewhere = new Burst(settings.clock, warn, message, {})
  }

  async open(): Promise<void> {
    const { retry_mode, retry_max_attempts, retry_max_backoff } = this.#config.s3uploader
    for (const [setting, value] of Object.entries({ retry_mode, retry_max_attempts, retry_max_backoff }))
      if (value !== undefined)
        this.#settings.log.info('setting has no effect', {
          setting: `s3uploader::${setting}`,
          why: 'retry_on_failure says how an upload is tried again',
        })
    await this.#client.start()
  }

  encode(batch: Batch, drop: Drop): Outgoing<S3Object>[] {
    return this.#route(batch).flatMap((part) => {
      const bucket = this.#bucketOf(part)
      if (bucket === undefined) {
        drop(part.batch.items, 'no_bucket')
        return []
      }
      const { chunks, items } = this.#format.encode(part.batch, drop)
      if (items === 0) return []
      return [{ request: { bucket, key: this.#keyOf(part), chunks, body: undefined }, items }]
    })
  }

  async send(object: S3Object, { abort }: Context): Promise<void> {
    const { endpoint, path } = this.#placeOf(object.bucket)
    object.body ??= this.#bodyOf(object)
    const { chunks, sizeBytes, sha256 } = await object.body
    if (sizeBytes > MAX_OBJECT_BYTES)
      throw new TooLargeError(`an object of ${sizeBytes} bytes, at most ${MAX_OBJECT_BYTES}`)
    const call = {
      method: 'PUT',
      operation: path + object.key.split('/').map(encodeRfc3986).join('/'),
      endpoint,
      chunks,
      sizeBytes,
      payloadHash: sha256.toString('hex'),
      // Buckets with Object Lock want a checksum; the hash is there for the signature anyway.
      headers: { ...this.#headers, 'x-amz-checksum-sha256': sha256.toString('base64') },
    } as const
    try {
      await this.#client.call(call, abort)
    } catch (error) {
      throw deliveryError(error)
    }
  }

  close(): void {
    this.#elsewhere.end()
    this.#client.close()
  }

  #bucketOf({ bucket, batch }: Part): string | undefined {
    const configured = this.#config.s3uploader.s3_bucket || undefined
    if (bucket === '') return configured
    if (BUCKET.test(bucket)) return bucket
    if (configured !== undefined) this.#elsewhere.add(batch.items, 'bucket', JSON.stringify(bucket.slice(0, 100)))
    return configured
  }

  #keyOf({ prefix, batch }: Part): string {
    const nowMs = this.#settings.clock.now()
    const key = this.#keys.keyOf(batch.signal, prefix, nowMs)
    if (key !== undefined) return key
    this.#elsewhere.add(batch.items, 'prefix', JSON.stringify(prefix.slice(0, 100)))
    return this.#keys.keyOf(batch.signal, '', nowMs)!
  }

  #placeOf(bucket: string): BucketPlace {
    let place = this.#places.get(bucket)
    if (place === undefined) {
      if (this.#places.size >= MAX_PLACES) this.#places.clear()
      this.#places.set(bucket, (place = placeOf(bucket, this.#client.session, this.#config.s3uploader)))
    }
    return place
  }

  async #bodyOf(object: S3Object): Promise<Body> {
    let { chunks } = object
    let sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    if (this.#compress !== undefined) {
      const compressed = await this.#compress(chunks, sizeBytes)
      chunks = [compressed]
      sizeBytes = compressed.length
    }
    object.chunks = chunks
    const hash = createHash('sha256')
    for (const chunk of chunks) hash.update(chunk)
    return { chunks, sizeBytes, sha256: hash.digest() }
  }
}

/** Buckets whose names come from attributes may be many. */
const MAX_PLACES = 1000
