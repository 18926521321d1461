// OTLP/JSON by way of protobufjs: its objects, with ids in hexadecimal instead of base64.
import type { Signal } from '../../../src/data/signal.ts'
import { decoded, encoded, type Plain, types } from '../random.ts'

const IDS = new Set(['traceId', 'spanId', 'parentSpanId'])

/** What a document of these bytes must say. */
export function jsonObject(signal: Signal, bytes: Uint8Array): Plain {
  const type = types[signal]
  const object = type.toObject(type.decode(bytes), { longs: String, bytes: String, enums: Number, json: true })
  return withIds(object, 'base64', 'hex') as Plain
}

/** What a document means, with all defaults filled in. */
export function meaningOf(signal: Signal, document: Plain): Plain {
  return decoded(signal, encoded(signal, withIds(document, 'hex', 'base64') as Plain))
}

function withIds(node: unknown, from: BufferEncoding, to: BufferEncoding, name = ''): unknown {
  if (IDS.has(name)) return Buffer.from(node as string, from).toString(to)
  if (Array.isArray(node)) return node.map((entry) => withIds(entry, from, to))
  if (typeof node !== 'object' || node === null) return node
  const isList = name === 'arrayValue' || name === 'kvlistValue'
  if (isList && !('values' in node)) return { values: [] }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withIds(value, from, to, key)]))
}
