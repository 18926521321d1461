// What the gate refuses, what it lets through, and that the path and the byte are named.
import assert from 'node:assert/strict'
import protobuf from 'protobufjs'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import type { Signal } from '../../src/data/signal.ts'
import { MalformedError } from '../../src/wire/malformed.ts'
import { signals, types } from './random.ts'
import { bytesOf, field, itemMessage, type Piece, varint } from './wirebytes.ts'

/** What the gate says. */
function verdict(signal: Signal, bytes: Buffer): string {
  try {
    decodeOtlp(signal, bytes)
    return 'accepted'
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error))
    return error.message
  }
}
/** Of a span of that body, behind another one. */
const span = (...body: Piece[]): string => verdict('traces', itemMessage(Buffer.from([0x2a, 1, 65]), bytesOf(body)))
const SPAN = 'resourceSpans[0].scopeSpans[0].spans[1]'

test('a refusal names the path and the byte', async (t) => {
  t.equal(span(0x0a, 3, 1, 2, 3), `${SPAN}: traceId cannot have 3 bytes at byte 11`)
  t.equal(span(0x4a, 9, 0), `${SPAN}: length 9 exceeds the 1 bytes that remain at byte 11`)
  t.equal(span(0x4a, 0, 0x4a, 2, 0x12, 5), `${SPAN}.attributes[1]: length 5 exceeds the 0 bytes that remain at byte 15`)
  t.equal(span(0x7a, 2, 0x12, 5), `${SPAN}.status: length 5 exceeds the 0 bytes that remain at byte 13`)
  t.equal(span(0x33), `${SPAN}: wire type 3 at byte 11`)
  t.equal(span(0x37), `${SPAN}: wire type 7 at byte 11`)
  t.equal(span(0x30, ...new Array(10).fill(0x80), 0), `${SPAN}: varint of more than 10 bytes at byte 12`)
  t.equal(span(0x30, 0x80), `${SPAN}: varint without an end at byte 12`)
  t.equal(span(0xca, 0x80, 0x00, 0), `${SPAN}: tag is not minimal at byte 11`)
  t.equal(span(0x02, 0), `${SPAN}: field number 0 at byte 11`)
  t.equal(span(0x39, 1, 2, 3), `${SPAN}: value exceeds the message at byte 11`)
  t.equal(span(0x2a, 0xff, 0xff, 0xff, 0xff, 0x7f), `${SPAN}: varint exceeds 32 bits at byte 12`)
  t.equal(
    span(0x2a, 0xff, 0xff, 0xff, 0xff, 0x0f),
    `${SPAN}: length 4294967295 exceeds the 0 bytes that remain at byte 11`,
  )
  t.equal(
    span(0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    `${SPAN}: varint of more than 5 bytes at byte 12`,
  )
})

test('ids have their size or are absent; ids of zeros pass, as in the collector', async (t) => {
  for (const length of [1, 8, 15, 17])
    t.equal(span(field(1, new Uint8Array(length))), `${SPAN}: traceId cannot have ${length} bytes at byte 11`)
  for (const length of [1, 7, 9, 16]) {
    t.match(span(field(2, new Uint8Array(length))), /spanId cannot have/)
    t.match(span(field(4, new Uint8Array(length))), /parentSpanId cannot have/)
    t.match(span(field(13, field(2, new Uint8Array(length)))), /links\[0\]: spanId cannot have/)
  }
  t.equal(span(field(1), field(2), field(4)), 'accepted')
  t.equal(span(field(1, new Uint8Array(16)), field(2, new Uint8Array(8))), 'accepted')
})

test('a varint of ten bytes is read modulo 2^64', async (t) => {
  const value = field(2, 0x18, ...new Array<number>(9).fill(0xff), 0x7f)
  const batch = decodeOtlp('traces', itemMessage(field(9, field(1, 0x6b), value)))
  let seen: unknown
  batch.visit({ onSpan: ({ attributes }) => void (seen = attributes.get('k')) })
  t.equal(seen, -1)
})

test('groups are refused however deep they nest', async (t) => {
  t.match(span(Buffer.alloc(100_000, 0x33)), /: wire type 3 at byte/)
  t.match(span(...new Array<number>(10).fill(0x34)), /: wire type 4 at byte/)
  t.match(verdict('logs', Buffer.alloc(1000, 0xfb)), /varint|wire type/)
})

test('values may nest 32 deep and no deeper, in lists and maps', async (t) => {
  const nested = (depth: number, tag: number): Buffer => {
    let value: Uint8Array = Buffer.from([0x18, 1])
    for (let i = 0; i < depth; i++) value = field(tag, tag === 5 ? field(1, value) : field(1, field(2, value)))
    return field(9, field(1, 0x6b), field(2, value))
  }
  t.equal(span(nested(31, 5)), 'accepted')
  t.match(span(nested(40, 5)), /nests deeper than 32 values/)
  t.match(span(nested(10_000, 5)), /nests deeper than 32 values/)
  t.equal(span(nested(20, 6)), 'accepted')
  t.match(span(nested(40, 6)), /nests deeper than 32 values/)
})

test('a singular field given a million times: the last one counts', async (t) => {
  const names = Buffer.concat(Array.from({ length: 1_000_000 }, (_, i) => Buffer.from([0x2a, 1, 65 + (i % 26)])))
  let seen = ''
  decodeOtlp('traces', itemMessage(names)).visit({ onSpan: ({ name }) => void (seen = name) })
  t.equal(seen, String.fromCharCode(65 + (999_999 % 26)))
})

test('messages and oneofs that may stand once are refused the second time', async (t) => {
  t.equal(span(field(15), field(15)), `${SPAN}: status given twice at byte 13`)
  t.match(verdict('logs', itemMessage(Buffer.concat([field(5), field(5)]))), /body given twice/)
  t.match(verdict('metrics', itemMessage(Buffer.concat([field(5), field(7)]))), /sum given twice/)
  t.match(verdict('traces', field(1, field(1), field(1))), /^resourceSpans\[0\]: resource given twice/)
  t.match(verdict('traces', field(1, field(2, field(1), field(1)))), /scopeSpans\[0\]: scope given twice/)
  const asInt = Buffer.concat([Buffer.from([0x31]), Buffer.alloc(8)])
  const asDouble = Buffer.concat([Buffer.from([0x21]), Buffer.alloc(8)])
  t.match(verdict('metrics', itemMessage(field(5, field(1, asInt, asDouble)))), /dataPoints\[0\]: asDouble given twice/)
  t.match(span(field(9, field(2), field(2))), /attributes\[0\]: value given twice/)
})

test('lists of numbers are whole', async (t) => {
  const histogram = (...body: Uint8Array[]): string => verdict('metrics', itemMessage(field(9, field(1, ...body))))
  const POINT = 'resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0]'
  t.equal(histogram(field(6, new Uint8Array(16)), field(7, new Uint8Array(8))), 'accepted')
  t.equal(histogram(field(6, new Uint8Array(9))), `${POINT}: bucketCounts cannot have 9 bytes at byte 10`)
  t.match(histogram(field(7, new Uint8Array(1))), /explicitBounds cannot have 1 bytes/)
  const buckets = (...counts: number[]): string =>
    verdict('metrics', itemMessage(field(10, field(1, field(8, field(2, ...counts))))))
  t.equal(buckets(1, 0xff, 1), 'accepted')
  t.match(buckets(0x80), /dataPoints\[0\].positive: varint without an end/)
  t.match(buckets(1, 0x80), /varint without an end/)
  t.match(buckets(...new Array<number>(11).fill(0x80)), /varint of more than 10 bytes/)
})

test('a million empty resources are two million bytes and nothing more', async (t) => {
  const bytes = Buffer.alloc(2_000_000)
  for (let at = 0; at < bytes.length; at += 2) bytes[at] = 0x0a
  for (const signal of signals) {
    const batch: Batch = decodeOtlp(signal, bytes)
    t.ok(batch.isEmpty)
    t.equal(batch.sizeBytes, bytes.length)
    t.equal(batch.chunks.length, 1)
    t.equal(batch.chunks[0]!.buffer, bytes.buffer)
    t.strictSame(batch.split({ items: 1 }), [batch])
  }
})

test('five megabytes of unknown fields pass', async (t) => {
  const unknown = Buffer.concat([
    field(1000, new Uint8Array(5_000_000)),
    Buffer.from([0xf9, 0x3e, ...new Array(8).fill(1)]),
  ])
  t.equal(span(unknown), 'accepted')
})

const wireTypes: Readonly<Record<string, number>> = {
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  string: 2,
  bytes: 2,
  fixed32: 5,
}
const samples: readonly (readonly number[])[] = [[0], new Array<number>(8).fill(0), [0], [], [], [0, 0, 0, 0]]

test('every known field has its wire type, every unknown one any', async (t) => {
  let cases = 0
  for (const signal of signals)
    for (const [type, wrap] of reach(types[signal], (bytes) => bytes)) {
      for (const known of type.fieldsArray) {
        if (known.name.endsWith('Strindex')) continue
        const right = known.resolve().resolvedType instanceof protobuf.Type ? 2 : (wireTypes[known.type] ?? 0)
        for (const wireType of [0, 1, 2, 5]) {
          const bytes = wrap(Buffer.from([...varint((known.id << 3) | wireType), ...samples[wireType]!]))
          const isPacked = known.repeated && wireType === 2
          const said = verdict(signal, bytes)
          if (wireType === right || isPacked) assert.equal(said, 'accepted', `${type.name}.${known.name}`)
          else assert.match(said, new RegExp(`${known.name} has wire type ${wireType}`), type.name)
          cases++
        }
      }
      for (const wireType of [0, 1, 2, 5])
        assert.equal(
          verdict(signal, wrap(Buffer.from([...varint((31 << 3) | wireType), ...samples[wireType]!]))),
          'accepted',
        )
    }
  t.ok(cases > 300)
})

/** Every message type below, with what puts bytes of it into a whole message. */
function* reach(
  type: protobuf.Type,
  wrap: (bytes: Buffer) => Buffer,
  seen = new Set<protobuf.Type>(),
): Generator<[protobuf.Type, (bytes: Buffer) => Buffer]> {
  if (seen.has(type)) return
  seen.add(type)
  yield [type, wrap]
  for (const known of type.fieldsArray) {
    const { resolvedType } = known.resolve()
    if (resolvedType instanceof protobuf.Type) yield* reach(resolvedType, (bytes) => wrap(field(known.id, bytes)), seen)
  }
}
