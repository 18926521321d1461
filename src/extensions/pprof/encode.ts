// pprof's format: https://github.com/google/pprof/blob/main/proto/profile.proto, gzipped.
//   Profile:   sample_type 1, sample 2, location 4, function 5, string_table 6, time_nanos 9, duration_nanos 10,
//              period_type 11, period 12, default_sample_type 14
//   ValueType: type 1, unit 2        Sample: location_id 1 (packed), value 2 (packed)
//   Location:  id 1, line 4          Line: function_id 1, line 2       Function: id 1, name 2, filename 4, start_line 5
// Texts are indices into the string table, whose first is empty.
import { gzipSync } from 'node:zlib'
import { ByteWriter } from '../../wire/writer.ts'
import type { Frame, Profile, ValueType } from './profile.ts'

export function encodeProfile(profile: Profile): Buffer {
  const { types, samples, period, periodType, timeMs, durationMs } = profile
  const out = new ByteWriter(64 * 1024)
  const tables = new Tables()
  for (const type of types) message(out, 1, () => valueType(out, type, tables))
  for (const { stack, values } of samples)
    message(out, 2, () => {
      message(out, 1, () => {
        for (const frame of stack) out.varint(tables.location(frame))
      })
      message(out, 2, () => {
        for (const value of values) out.varint(value)
      })
    })
  for (const [index, { functionName, url, line }] of tables.frames.entries()) {
    const id = index + 1
    message(out, 4, () => {
      number(out, 1, id)
      message(out, 4, () => {
        number(out, 1, id)
        number(out, 2, line)
      })
    })
    message(out, 5, () => {
      number(out, 1, id)
      number(out, 2, tables.text(functionName))
      number(out, 4, tables.text(url))
      number(out, 5, line)
    })
  }
  number(out, 9, Math.round(timeMs * 1e6))
  number(out, 10, Math.round(durationMs * 1e6))
  message(out, 11, () => valueType(out, periodType, tables))
  number(out, 12, period)
  number(out, 14, tables.text(types.at(-1)!.type))
  for (const text of tables.texts) {
    out.byte((6 << 3) | LENGTH)
    out.text(text)
  }
  return gzipSync(out.take())
}

const VARINT = 0
const LENGTH = 2

function valueType(out: ByteWriter, { type, unit }: ValueType, tables: Tables): void {
  number(out, 1, tables.text(type))
  number(out, 2, tables.text(unit))
}

function number(out: ByteWriter, field: number, value: number): void {
  out.byte((field << 3) | VARINT)
  out.int64(Number.isSafeInteger(value) ? value : BigInt(value))
}

function message(out: ByteWriter, field: number, write: () => void): void {
  out.byte((field << 3) | LENGTH)
  const from = out.beginLength()
  write()
  out.endLength(from)
}

/** What samples refer to, each once. */
class Tables {
  readonly texts: string[] = ['']
  readonly frames: Frame[] = []
  readonly #texts = new Map<string, number>([['', 0]])
  readonly #locations = new Map<string, number>()

  text(text: string): number {
    return indexOf(this.#texts, text, () => this.texts.push(text) - 1)
  }

  /** Ids begin at 1. */
  location(frame: Frame): number {
    const key = `${frame.functionName}\0${frame.url}\0${frame.line}`
    return indexOf(this.#locations, key, () => this.frames.push(frame))
  }
}

function indexOf(table: Map<string, number>, key: string, add: () => number): number {
  let index = table.get(key)
  if (index === undefined) table.set(key, (index = add()))
  return index
}
