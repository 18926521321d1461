// S3, as far as PutObject goes: keeps what it is given, and notes what S3 would not take.
import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { AwsEmulator, EmulatedError, type EmulatedRequest, type EmulatorOptions } from './server.ts'

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export class S3Emulator {
  readonly aws: AwsEmulator
  /** By bucket and key: a second PUT replaces the first. */
  readonly objects = new Map<string, StoredObject>()
  /** PUTs that were taken, those that replaced something included. */
  puts = 0
  readonly #buckets: ReadonlySet<string>

  private constructor(aws: (s3: S3Emulator) => AwsEmulator, buckets: readonly string[]) {
    this.#buckets = new Set(buckets)
    this.aws = aws(this)
  }

  static async start(
    t: Test,
    of: Partial<EmulatorOptions> & { readonly buckets?: readonly string[] } = {},
  ): Promise<S3Emulator> {
    const { buckets = ['archive'], ...options } = of
    const s3 = new S3Emulator(
      (self) =>
        new AwsEmulator({
          service: 's3',
          protocol: 'xml',
          operations: { '*': (request, emulator) => self.#put(request, emulator) },
          ...options,
        }),
      buckets,
    )
    await s3.aws.listen()
    t.teardown(async () => {
      await s3.aws.stop()
      if (s3.aws.violations.length > 0) throw new Error(`limits of AWS: ${s3.aws.violations.join('; ')}`)
    })
    return s3
  }

  get stored(): StoredObject[] {
    return [...this.objects.values()]
  }

  #put(request: EmulatedRequest, { violations }: AwsEmulator): undefined {
    const { method, path, headers, raw } = request
    const [, bucket = '', key = ''] = /^\/([^/]+)\/(.*)$/.exec(decodeURIComponent(path)) ?? []
    if (method !== 'PUT') violations.push(`${method} ${path}`)
    if (!this.#buckets.has(bucket)) throw new EmulatedError('NoSuchBucket', 'The specified bucket does not exist', 404)
    if (Buffer.byteLength(key) > 1024) violations.push(`a key of ${Buffer.byteLength(key)} bytes`)
    if (key === '') violations.push('no key')
    if (raw.length > 5 * 2 ** 30) violations.push(`an object of ${raw.length} bytes`)
    const checksum = createHash('sha256').update(raw).digest('base64')
    if (headers['x-amz-checksum-sha256'] !== checksum) throw new EmulatedError('BadDigest', 'the checksum differs')
    if (!STORAGE_CLASSES.has(headers['x-amz-storage-class'] ?? 'STANDARD'))
      throw new EmulatedError('InvalidStorageClass', 'The storage class you specified is not valid')
    this.puts++
    this.objects.set(`${bucket}/${key}`, { bucket, key, headers, body: raw })
    return undefined
  }
}

const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
])
