// What protobuf allows and encoders do not write: a field given again, a list in several pieces or one by one.
import assert from 'node:assert/strict'
import type protobuf from 'protobufjs'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import { decodeOtlpJson } from '../../src/data/otlpjson/decode.ts'
import { encodeOtlpJson } from '../../src/data/otlpjson/encode.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { AnyVisitor, Visitor } from '../../src/data/visitors.ts'
import { expectedNodes } from './oracle.ts'
import { jsonObject } from './otlpjson/oracle.ts'
import { decoded, type Plain, ROUNDS, randomObject, seeded, types } from './random.ts'
import { bytesOf, field, itemMessage, varint } from './wirebytes.ts'

const typeOf = (signal: Signal, name: string): protobuf.Type => types[signal].root.lookupType(name)

function checkSame(signal: Signal, bytes: Buffer, what: string): number {
  const batch: Batch = decodeOtlp(signal, bytes)
  const nodes: object[] = []
  const look = (node: { toObject(): object }): void => void nodes.push(node.toObject())
  const visitor: AnyVisitor = {
    onResource: look,
    onScope: look,
    onMetric: look,
    onSpan: look,
    onLog: look,
    onPoint: look,
  }
  batch.visit(visitor as Visitor)
  assert.deepEqual(nodes, expectedNodes(signal, decoded(signal, bytes)), what)
  const text = encodeOtlpJson(batch)
  assert.deepEqual(JSON.parse(text.toString()), jsonObject(signal, bytes), `${what}: JSON`)
  const back = decoded(signal, Buffer.concat(decodeOtlpJson(signal, text).chunks))
  assert.deepEqual(back, decoded(signal, bytes), `${what}: back`)
  return nodes.length
}

test('a message written in two pieces is one: of a field the last counts, lists go on', async (t) => {
  let cases = 0
  for (const [signal, name, once] of [
    ['traces', 'Span', ['status']],
    ['logs', 'LogRecord', ['body']],
  ] as const) {
    const type = typeOf(signal, name)
    for (let seed = 1; seed <= ROUNDS / 3; seed++) {
      const random = seeded(seed)
      const pieces = [1, 2, 3].map((piece) => {
        const object: Plain = randomObject(type, random, 3)
        if (piece > 1) for (const field of once) delete object[field]
        return Buffer.from(type.encode(type.fromObject(object)).finish())
      })
      cases += checkSame(signal, itemMessage(Buffer.concat(pieces), pieces[0]!), `${name}, seed ${seed}`)
    }
  }
  t.ok(cases > 0)
})

test('a list of numbers is read packed, in several pieces, and one by one', async (t) => {
  const fixed64 = (...values: bigint[]): Buffer => Buffer.from(new BigUint64Array(values).buffer)
  const double = (...values: number[]): Buffer => Buffer.from(new Float64Array(values).buffer)
  const single = (number: number, wireType: number, value: Uint8Array): Buffer =>
    bytesOf([...varint((number << 3) | wireType), value])
  const histogram = bytesOf([
    field(6, fixed64(1n, 2n)),
    single(6, 1, fixed64(2n ** 63n)),
    field(7, double(0.5)),
    field(6, fixed64(4n)),
    field(6),
    single(7, 1, double(Infinity)),
    single(7, 1, double(Number.NaN)),
  ])
  const buckets = bytesOf([field(2, 1, 0xff, 1), single(2, 0, Buffer.from([5])), field(2, 7)])
  const metrics = itemMessage(field(9, field(1, histogram)), field(10, field(1, field(8, buckets), field(9, buckets))))
  t.ok(checkSame('metrics', metrics, 'pieces') > 0)
  decodeOtlp('metrics', metrics).visit({
    onPoint(point) {
      if (point.type === 'histogram') {
        t.strictSame(point.exactBucketCounts, [1n, 2n, 2n ** 63n, 4n])
        t.strictSame(point.bucketCounts, [1, 2, 2 ** 63, 4])
        t.strictSame(point.explicitBounds, [0.5, Infinity, Number.NaN])
      } else {
        t.strictSame(point.positive.bucketCounts, [1, 255, 5, 7])
        t.strictSame(point.negative.exactBucketCounts, [1n, 255n, 5n, 7n])
      }
    },
  })
})

test('of the cases of a value the last one counts', async (t) => {
  const value = field(2, field(1, 0x61), 0x10, 1, field(5, field(1)), 0x18, 5)
  t.ok(checkSame('logs', itemMessage(field(6, field(1, 0x6b), value)), 'oneof') > 0)
  const key = bytesOf([field(1, 0x61), field(1, 0x62), field(2, 0x18, 5)])
  t.ok(checkSame('logs', itemMessage(field(6, key)), 'key') > 0)
})
