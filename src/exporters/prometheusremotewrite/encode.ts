// The rows of a batch as requests, in both versions of remote write.
// https://prometheus.io/docs/specs/prw/remote_write_spec/ and …/remote_write_spec_2_0/
import { SnappyWriter } from '../../wire/snappy.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { FirstVersion, metadataOf } from './encode-v1.ts'
import { SecondVersion } from './encode-v2.ts'
import type { WriteRequest } from './request.ts'
import type { Rows } from './rows.ts'
import type { KnownSeries, SeriesMemory } from './series.ts'

export interface EncodeOptions {
  readonly version: 1 | 2
  readonly maxBytes: number
  /** Of the first version; the second has it in any case. */
  readonly sendsMetadata: boolean
}

/** How series are written in one version, for one request after the other. */
export interface Version {
  /** All series of the points of a known one. */
  write(out: ByteWriter, rows: Rows, known: KnownSeries): void
  /** What goes in front of all series, as far as they are written: how large it is, where it stands, and back to there. */
  readonly headSizeBytes: number
  mark(): number
  rewind(mark: number): void
  /** What goes in front; the next request begins. */
  takeHead(): Buffer
}

/** Requests of at most `maxBytes`, but for a group that is larger alone. */
export function encodeRows(rows: Rows, memory: SeriesMemory, options: EncodeOptions): WriteRequest[] {
  const version = options.version === 1 ? new FirstVersion(memory) : new SecondVersion(memory.terms)
  const requests = new RequestWriter(version, options.maxBytes)
  for (const known of rows.series) requests.add(rows, known)
  const list = requests.end()
  if (options.version === 1 && options.sendsMetadata && rows.series.length > 0) list.push(metadataRequest(rows))
  return list
}

/**
 * Requests are written here, one after the other, and compressed piece by piece: what is not compressed yet is never much, whatever
 * a request may have.
 */
let scratch = new ByteWriter(128 * 1024)
const snappy = new SnappyWriter()
/** What one large group has taken is not kept for the small ones after it. */
const KEPT_BYTES = 512 * 1024

class RequestWriter {
  readonly #version: Version
  readonly #maxBytes: number
  readonly #out = scratch
  readonly #requests: WriteRequest[] = []
  /** How much of the request at hand is compressed and gone. */
  #goneBytes = 0
  #ends: number[] = []
  #groupItems: number[] = []
  #items = 0
  #samples = 0

  constructor(version: Version, maxBytes: number) {
    this.#version = version
    this.#maxBytes = maxBytes
    this.#out.clear()
    snappy.clear()
  }

  add(rows: Rows, known: KnownSeries): void {
    const out = this.#out
    const version = this.#version
    const before = out.length
    const mark = version.mark()
    version.write(out, rows, known)
    const isOver = this.#goneBytes + out.length + version.headSizeBytes > this.#maxBytes
    if (isOver && this.#ends.length > 0) {
      out.length = before
      version.rewind(mark)
      this.#finish()
      version.write(out, rows, known)
    }
    this.#ends.push(this.#goneBytes + out.length)
    this.#groupItems.push(known.items)
    this.#items += known.items
    this.#samples += samplesOf(rows, known)
    const goneBytes = snappy.writeBlocks(out.bytes, out.length)
    this.#goneBytes += goneBytes
    if (goneBytes > 0) out.remove(0, goneBytes)
  }

  end(): WriteRequest[] {
    if (this.#ends.length > 0) this.#finish()
    if (this.#out.bytes.length > KEPT_BYTES) scratch = new ByteWriter(128 * 1024)
    return this.#requests
  }

  #finish(): void {
    const out = this.#out
    snappy.write(out.bytes, out.length)
    const head = this.#version.takeHead()
    this.#requests.push({
      body: snappy.take(head),
      headBytes: head.length,
      ends: this.#ends,
      groupItems: this.#groupItems,
      items: this.#items,
      samples: this.#samples,
    })
    out.clear()
    this.#goneBytes = 0
    this.#ends = []
    this.#groupItems = []
    this.#items = 0
    this.#samples = 0
  }
}

function samplesOf(rows: Rows, known: KnownSeries): number {
  let samples = 0
  for (let row = known.first; row >= 0; row = rows.next[row]!) samples += rows.layouts[row]!.parts.length
  return samples
}

function metadataRequest({ series }: Rows): WriteRequest {
  const families = new Map(series.map(({ family }) => [family.name, family]))
  const metadata = metadataOf(families.values())
  snappy.clear()
  snappy.write(metadata, metadata.length)
  const body = snappy.take(NO_HEAD)
  return { body, headBytes: 0, ends: [metadata.length], groupItems: [0], items: 0, samples: 0 }
}

const NO_HEAD = Buffer.alloc(0)
