// Seeded random OTLP messages over protobufjs reflection, in any order of fields.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import type { Signal } from '../../src/data/signal.ts'

const folder = fileURLToPath(new URL('proto', import.meta.url))
const root = new protobuf.Root()
root.resolvePath = (_origin, target) => join(folder, target)
root.loadSync(['trace', 'logs', 'metrics'].map((name) => `opentelemetry/proto/${name}/v1/${name}.proto`))
export const types: Readonly<Record<Signal, protobuf.Type>> = {
  traces: root.lookupType('opentelemetry.proto.trace.v1.TracesData'),
  logs: root.lookupType('opentelemetry.proto.logs.v1.LogsData'),
  metrics: root.lookupType('opentelemetry.proto.metrics.v1.MetricsData'),
}
export const signals: readonly Signal[] = ['traces', 'logs', 'metrics']

export type Plain = { [key: string]: unknown }
export type Random = (below: number) => number

/** mulberry32 */
export function seeded(seed: number): Random {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below) | 0
  }
}

/** How many random messages a test takes. `ROUNDS=50000` is a million broken messages for each signal: an hour or two. */
export const ROUNDS = Number(process.env.ROUNDS ?? 60)

export const keys = [
  'env',
  'http.route',
  'k',
  '',
  '__proto__',
  'ключ',
  'service.name',
  'a-key-that-is-longer-than-twenty-four-bytes',
  'x'.repeat(150),
]
const texts = ['', 'GET', 'prod', 'a "quoted"\n\u0001 text', 'ünïcödé ✓ 𝄞', 'y'.repeat(130), 'z'.repeat(17000)]
const int64s = [
  '0',
  '1',
  '-1',
  '42',
  '127',
  '128',
  '300',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '4294967296',
  '-4294967296',
  '1760000544157562123',
]
const doubles = [0, 1, -1.5, 1e300, NaN, Infinity, -Infinity, -0, 0.1]

/** In which order fields stand: as in the .proto, as Go writes them, or anyhow. */
export type Order = 'ascending' | 'descending' | 'shuffled'
const orders: readonly Order[] = ['ascending', 'descending', 'shuffled']

export function randomMessage(signal: Signal, random: Random, order?: Order): Uint8Array {
  const type = types[signal]
  const bytes = type.encode(type.fromObject(randomObject(type, random, 0))).finish()
  return reorder(type, bytes, random, order ?? orders[random(3)]!)
}

export function randomObject(type: protobuf.Type, random: Random, depth: number): Plain {
  const object: Plain = {}
  const chosen = new Map(
    type.oneofsArray.map((oneof) => {
      const cases = oneof.fieldsArray.filter((field) => !isForProfiles(field))
      return [oneof, cases[random(cases.length)]]
    }),
  )
  for (const field of type.fieldsArray) {
    field.resolve()
    if (isForProfiles(field)) continue
    const oneof = field.partOf
    if (oneof && !oneof.name.startsWith('_') && chosen.get(oneof) !== field) continue
    if (field.repeated) {
      const count = depth > 14 ? 0 : field.name === 'attributes' && random(60) === 0 ? 400 : random(4)
      object[field.name] = Array.from({ length: count }, () => randomValue(field, random, depth))
    } else if (random(10) > 1 || depth < 2) object[field.name] = randomValue(field, random, depth)
  }
  return object
}

/** References into the string table of profiles: outside of those they mean nothing. */
const isForProfiles = (field: protobuf.Field): boolean => field.name.endsWith('Strindex')

function randomValue(field: protobuf.Field, random: Random, depth: number): unknown {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  if (field.resolvedType instanceof protobuf.Type)
    return depth > 14 ? {} : randomObject(field.resolvedType as protobuf.Type, random, depth + 1)
  if (field.resolvedType) return random(3)
  if (field.name === 'key') return pick(keys)
  const isTrace = /trace_?id/i.test(field.name)
  const isSpan = /span_?id/i.test(field.name)
  switch (field.type) {
    case 'string':
      return random(200) === 0 ? pick(texts) : pick(texts.slice(0, -1))
    case 'bytes':
      return Buffer.from(
        Array.from({ length: isTrace ? 16 * random(2) : isSpan ? 8 * random(2) : random(20) }, () => random(256)),
      ).toString('base64')
    case 'bool':
      return random(2) === 1
    case 'double':
      return pick(doubles)
    case 'int64':
    case 'sfixed64':
      return pick(int64s)
    case 'fixed64':
    case 'uint64':
      return pick(int64s.filter((text) => !text.startsWith('-')))
    default:
      return random(5)
  }
}

/** The same message; what is repeated keeps its order. */
function reorder(type: protobuf.Type, bytes: Uint8Array, random: Random, order: Order): Uint8Array {
  return reordered(type, bytes, (fields) => {
    if (order === 'shuffled') return shuffled(fields, random)
    return fields.toSorted((a, b) => (order === 'ascending' ? a - b : b - a))
  })
}

function reordered(type: protobuf.Type, bytes: Uint8Array, order: (numbers: number[]) => number[]): Uint8Array {
  const reader = protobuf.Reader.create(bytes)
  const groups = new Map<number, Buffer[]>()
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const field = type.fieldsById[tag >>> 3]
    let piece = Buffer.alloc(0)
    if ((tag & 7) === 2 && field?.resolve().resolvedType instanceof protobuf.Type) {
      const inner = reordered(field.resolvedType as protobuf.Type, reader.bytes(), order)
      piece = Buffer.from(protobuf.Writer.create().uint32(tag).bytes(inner).finish())
    } else {
      reader.skipType(tag & 7)
      piece = Buffer.from(bytes.subarray(start, reader.pos))
    }
    groups.set(tag >>> 3, [...(groups.get(tag >>> 3) ?? []), piece])
  }
  return Buffer.concat(order([...groups.keys()]).flatMap((number) => groups.get(number)!))
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

/** For comparison: every field, defaults filled in, 64 bits as text. */
export function decoded(signal: Signal, bytes: Uint8Array): Plain {
  const type = types[signal]
  return type.toObject(type.decode(bytes), {
    longs: String,
    bytes: String,
    defaults: true,
    arrays: true,
    enums: Number,
  })
}

/** Only what is set. */
export function decodedSparse(signal: Signal, bytes: Uint8Array): Plain {
  const type = types[signal]
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, arrays: true, enums: Number })
}

export function encoded(signal: Signal, object: Plain): Uint8Array {
  const type = types[signal]
  return type.encode(type.fromObject(object)).finish()
}
