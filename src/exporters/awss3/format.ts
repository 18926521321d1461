// What stands in an object, by the name of the marshaler.
import { LineWriter } from '../../aws/lines/lines.ts'
import { SIGNALS } from '../../contract/index.ts'
import { type Batch, encodeOtlpJson, type Signal, textOfValue } from '../../data/index.ts'
import type { Drop } from '../../delivery/index.ts'
import { ByteWriter } from '../../wire/writer.ts'
import type { AwsS3Config } from './config.ts'
import { SumoWriter } from './sumo.ts'

export type Marshaler = AwsS3Config['marshaler']

export interface Content {
  readonly chunks: readonly Uint8Array[]
  readonly items: number
}

export interface Format {
  /** Of keys, without the dot. */
  readonly extension: string
  readonly contentType: string
  /** Whether the compression is part of the file (`.json.gz`) and not of its transfer. */
  readonly isArchive: boolean
  readonly signals: readonly Signal[]
  /** What cannot be in it is dropped. */
  encode(batch: Batch, drop: Drop): Content
}

const LOGS: readonly Signal[] = ['logs']

export function createFormat(marshaler: Marshaler): Format {
  switch (marshaler) {
    case 'otlp_json':
      return {
        ...common('json', 'application/json', SIGNALS),
        encode: (batch) => ({ chunks: [encodeOtlpJson(batch)], items: batch.items }),
      }
    case 'otlp_proto':
      return {
        ...common('binpb', 'application/x-protobuf', SIGNALS),
        encode: ({ chunks, items }) => ({ chunks, items }),
      }
    case 'json_lines':
      return { ...common('jsonl', 'application/x-ndjson', SIGNALS), encode: jsonLines(new LineWriter()) }
    case 'body':
      return { ...common('txt', 'text/plain; charset=utf-8', LOGS), encode: bodies }
    case 'sumo_ic': {
      const writer = new SumoWriter()
      return {
        ...common('json', 'application/x-ndjson', LOGS),
        isArchive: true,
        encode: (batch, drop) => (isLogs(batch) ? writer.encode(batch, drop) : { chunks: [], items: 0 }),
      }
    }
  }
}

const common = (extension: string, contentType: string, signals: readonly Signal[]) => ({
  extension,
  contentType,
  signals,
  isArchive: false,
})

const jsonLines =
  (lines: LineWriter) =>
  (batch: Batch): Content => {
    const out = new ByteWriter(batch.sizeBytes * 2)
    lines.write(batch, (bytes, start, end) => {
      out.raw(bytes, start, end)
      out.byte(NEWLINE)
    })
    return { chunks: [out.bytes.subarray(0, out.length)], items: batch.items }
  }

/** Bodies as texts, a line each. */
function bodies(batch: Batch): Content {
  const out = new ByteWriter(batch.sizeBytes)
  if (isLogs(batch))
    batch.visit({
      onLog(record) {
        out.utf8(textOfValue(record.body))
        out.byte(NEWLINE)
      },
    })
  return { chunks: [out.bytes.subarray(0, out.length)], items: batch.items }
}

const NEWLINE = 0x0a
const isLogs = (batch: Batch): batch is Batch<'logs'> => batch.signal === 'logs'
