// What an object is called: base prefix / prefix / time / file prefix, signal, something unique, and what it is.
import { randomBytes } from 'node:crypto'
import type { Signal } from '../../data/index.ts'
import { createStrftime } from './strftime.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024

export interface KeySettings {
  readonly s3_base_prefix: string
  readonly s3_prefix: string
  readonly s3_partition_format: string
  readonly s3_partition_timezone: string
  readonly file_prefix: string
  readonly unique_key_func_name: string
  readonly compression: string
}

export interface KeyBuilder {
  /** `prefix` instead of the configured one, unless it is empty. Undefined when that makes a key that S3 does not take. */
  keyOf(signal: Signal, prefix: string, nowMs: number): string | undefined
}

/** `extension`: of the format, without the dot. */
export function createKeyBuilder(config: KeySettings, extension: string): KeyBuilder {
  const { s3_base_prefix, s3_prefix, file_prefix, unique_key_func_name, compression } = config
  const partition = createStrftime(config.s3_partition_format, config.s3_partition_timezone)
  const end = `.${extension}${EXTENSIONS[compression] ?? ''}`
  const unique = unique_key_func_name === 'uuidv7' ? uuidv7 : randomNumber
  return {
    keyOf(signal, prefix, nowMs) {
      const file = `${file_prefix}${signal}_${unique(nowMs)}${end}`
      const key = joined([s3_base_prefix, prefix || s3_prefix, partition(nowMs), file])
      return Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : undefined
    },
  }
}

const EXTENSIONS: Readonly<Record<string, string>> = { gzip: '.gz', zstd: '.zst' }

/** The longest key that the config alone can make; the time takes up to a hundred bytes, the rest of the file name 60. */
export const fixedKeyBytes = (config: Pick<KeySettings, 's3_base_prefix' | 's3_prefix' | 'file_prefix'>): number =>
  Buffer.byteLength(config.s3_base_prefix + config.s3_prefix + config.file_prefix) + 160

/** One slash between two parts; `.` and `..` are left out, so that an attribute cannot lead out of the base prefix. */
function joined(parts: readonly string[]): string {
  const path = parts.filter((part) => part !== '').join('/')
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.' && segment !== '..')
  return (path.startsWith('/') ? '/' : '') + segments.join('/')
}

/** Eighteen digits; the collector's nine are too few for thousands of objects a minute: one would replace another. */
function randomNumber(): string {
  const bits = randomBytes(8).readBigUInt64BE()
  return String(100_000_000_000_000_000n + (bits % 900_000_000_000_000_000n))
}

/** RFC 9562, 5.7: milliseconds, then chance. */
export function uuidv7(nowMs: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
