// Batches as records of a stream, none larger than it may be, and each with how many items it carries.
import { LineWriter } from '../../aws/lines/lines.ts'
import { type Batch, encodeOtlpJson, textOfValue } from '../../data/index.ts'
import { ByteWriter } from '../../wire/writer.ts'
import type { FirehoseConfig } from './config.ts'

export interface FirehoseRecord {
  readonly data: Buffer
  readonly items: number
}

/** An item that is larger than a record may be is not in the records; `onTooLarge` hears of it. */
export type EncodeRecords = (batch: Batch, onTooLarge: (items: number) => void) => FirehoseRecord[]

export function createEncodeRecords({ encoding, pack_records, max_record_size }: FirehoseConfig): EncodeRecords {
  const isCompressed = encoding.compression === 'gzip' || encoding.compression === 'zstd'
  // What cannot be compressed gets a little larger.
  const maxBytes = isCompressed ? max_record_size - 512 - Math.ceil(max_record_size / 128) : max_record_size
  switch (encoding.name) {
    case 'json_lines': {
      const writer = new LineWriter()
      return (batch, onTooLarge) => {
        const lines = new Lines(maxBytes, pack_records, onTooLarge)
        writer.write(batch, (bytes, start, end) => lines.add(bytes, start, end))
        return lines.end()
      }
    }
    case 'body':
      return (batch, onTooLarge) => bodies(batch, new Lines(maxBytes, pack_records, onTooLarge))
    case 'otlp_json':
      return (batch, onTooLarge) => requests(batch, otlpJson, maxBytes, onTooLarge)
    case 'otlp_proto':
      return (batch, onTooLarge) => requests(batch, otlpProto, maxBytes, onTooLarge)
  }
}

const NEWLINE = 0x0a

/** Gathers lines into records. */
class Lines {
  readonly #maxBytes: number
  readonly #isPacked: boolean
  readonly #onTooLarge: (items: number) => void
  readonly #out = new ByteWriter(16_384)
  readonly #records: FirehoseRecord[] = []
  #items = 0

  constructor(maxBytes: number, isPacked: boolean, onTooLarge: (items: number) => void) {
    this.#maxBytes = maxBytes
    this.#isPacked = isPacked
    this.#onTooLarge = onTooLarge
  }

  add(bytes: Buffer, start: number, end: number): void {
    const size = end - start + 1
    if (size > this.#maxBytes) return this.#onTooLarge(1)
    if (this.#out.length + size > this.#maxBytes) this.#close()
    this.#out.raw(bytes, start, end)
    this.#out.byte(NEWLINE)
    this.#items++
    if (!this.#isPacked) this.#close()
  }

  end(): FirehoseRecord[] {
    this.#close()
    return this.#records
  }

  #close(): void {
    if (this.#items === 0) return
    this.#records.push({ data: this.#out.take(), items: this.#items })
    this.#out.clear()
    this.#items = 0
  }
}

function bodies(batch: Batch, lines: Lines): FirehoseRecord[] {
  if (isLogs(batch))
    batch.visit({
      onLog(record) {
        const text = Buffer.from(textOfValue(record.body))
        lines.add(text, 0, text.length)
      },
    })
  return lines.end()
}

const isLogs = (batch: Batch): batch is Batch<'logs'> => batch.signal === 'logs'

/** A request a record; one that is too large is cut in halves, down to single items. */
function requests(
  batch: Batch,
  encode: (batch: Batch) => Buffer,
  maxBytes: number,
  onTooLarge: (items: number) => void,
): FirehoseRecord[] {
  const data = encode(batch)
  if (data.length <= maxBytes) return [{ data, items: batch.items }]
  if (batch.items < 2) {
    onTooLarge(batch.items)
    return []
  }
  return batch
    .split({ items: Math.ceil(batch.items / 2) })
    .flatMap((half) => requests(half, encode, maxBytes, onTooLarge))
}

const otlpJson = (batch: Batch): Buffer => Buffer.concat([encodeOtlpJson(batch), NEWLINE_BYTES])
const NEWLINE_BYTES = Buffer.from('\n')

/** With its length before it, a varint, as CloudWatch's metric streams do it: readers find where requests begin. */
function otlpProto({ chunks, sizeBytes }: Batch): Buffer {
  const out = new ByteWriter(sizeBytes + 10)
  out.varint(sizeBytes)
  return Buffer.concat([out.take(), ...chunks])
}
