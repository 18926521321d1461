import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { AnyVisitor, Context, Visitor } from '../../src/data/visitors.ts'
import { JsonWriter } from '../../src/wire/json.ts'
import { MalformedError } from '../../src/wire/malformed.ts'
import { ROUNDS, randomMessage, seeded, signals } from './random.ts'

const context: Context = { abort: new AbortController().signal, metadata: new Map() }

/** Everything that reads or writes, on whatever the gate let through. */
function exercise(signal: Signal, batch: Batch): void {
  const json = new JsonWriter()
  const look = (node: { toObject(): object; attributes: { writeJson(json: JsonWriter): void } }): void => {
    json.clear()
    node.toObject()
    node.attributes.writeJson(json)
    JSON.parse(json.out.bytes.toString('utf8', 0, json.out.length))
  }
  const reader: AnyVisitor = {
    onResource: look,
    onScope: look,
    onSpan: look,
    onLog: look,
    onPoint: look,
    onMetric: (metric) => {
      metric.toObject()
    },
  }
  batch.visit(reader as Visitor)
  let count = 0
  const editor: AnyVisitor = {
    onScope(scope) {
      scope.name = 'edited'
    },
    onSpan(span) {
      span.attributes.set('env', 'x')
      span.name = 'edited'
      return count++ % 3 > 0
    },
    onLog(record) {
      record.attributes.delete('env')
      record.body = 'edited'
      return count++ % 3 > 0
    },
    onPoint(point) {
      point.attributes.set('env', 1)
      return count++ % 3 > 0
    },
  }
  const rewritten = batch.rewrite([editor as Visitor], context)
  assert.equal(decodeOtlp(signal, Buffer.concat(rewritten.chunks)).items, rewritten.items)
  assert.equal(
    batch.split({ items: 2 }).reduce((sum, part) => sum + part.items, 0),
    batch.items,
  )
}

/** True when it was let through. */
function attempt(signal: Signal, bytes: Buffer, what: string): boolean {
  let batch: Batch
  try {
    batch = decodeOtlp(signal, bytes)
  } catch (error) {
    assert.ok(error instanceof MalformedError, `${what}: ${error}`)
    assert.ok(error.offset >= 0 && error.offset <= bytes.length, what)
    return false
  }
  try {
    exercise(signal, batch)
  } catch (error) {
    throw new Error(what, { cause: error })
  }
  return true
}

for (const signal of signals) {
  test(`${signal}: a message cut at any byte is malformed, or whole entries`, async (t) => {
    let refused = 0
    for (let seed = 1; seed <= ROUNDS / 30; seed++) {
      const bytes = Buffer.from(randomMessage(signal, seeded(seed))).subarray(0, 4000)
      for (let size = 0; size < bytes.length; size++)
        if (!attempt(signal, bytes.subarray(0, size), `seed ${seed}, ${size} bytes`)) refused++
    }
    t.ok(refused > 0)
  })

  test(`${signal}: flipped bytes are refused or read without harm`, async (t) => {
    let refused = 0
    let accepted = 0
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = seeded(seed)
      const bytes = Buffer.from(randomMessage(signal, random))
      if (bytes.length === 0) continue
      for (let round = 0; round < 20; round++) {
        const broken = Buffer.from(bytes)
        for (let flips = 1 + random(3); flips > 0; flips--) broken[random(broken.length)]! ^= 1 + random(255)
        if (attempt(signal, broken, `seed ${seed}, round ${round}`)) accepted++
        else refused++
      }
    }
    t.ok(refused > 0 && accepted > 0)
  })

  test(`${signal}: noise is refused or read without harm`, async (t) => {
    const random = seeded(7)
    let refused = 0
    for (let round = 0; round < ROUNDS * 20; round++) {
      const noise = Array.from({ length: random(40) }, () => [10, 18, 2, 0, 34, 74, 255, random(256)][random(8)]!)
      if (!attempt(signal, Buffer.from(noise), `round ${round}`)) refused++
    }
    t.ok(refused > 0)
  })
}

const span = (...body: number[]): Buffer => {
  const wrap = (tag: number, inside: number[]): number[] => [tag, inside.length, ...inside]
  return Buffer.from(wrap(0x0a, wrap(0x12, [...wrap(0x12, [0x2a, 1, 65]), ...wrap(0x12, body)])))
}
const refusal = (bytes: Buffer): string => {
  try {
    decodeOtlp('traces', bytes)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

test('a refusal names the path and the byte', async (t) => {
  t.equal(
    refusal(span(0x0a, 3, 1, 2, 3)),
    'resourceSpans[0].scopeSpans[0].spans[1]: traceId cannot have 3 bytes at byte 11',
  )
  t.equal(
    refusal(span(0x4a, 9, 0)),
    'resourceSpans[0].scopeSpans[0].spans[1]: length 9 exceeds the 1 bytes that remain at byte 11',
  )
  t.equal(
    refusal(span(0x4a, 0, 0x4a, 2, 0x12, 5)),
    'resourceSpans[0].scopeSpans[0].spans[1].attributes[1]: length 5 exceeds the 0 bytes that remain at byte 15',
  )
  t.equal(refusal(span(0x33)), 'resourceSpans[0].scopeSpans[0].spans[1]: wire type 3 at byte 11')
  t.equal(
    refusal(span(0x30, ...new Array(10).fill(0x80), 0)),
    'resourceSpans[0].scopeSpans[0].spans[1]: varint of more than 10 bytes at byte 12',
  )
  t.equal(refusal(span(0xca, 0x80, 0x00, 0)), 'resourceSpans[0].scopeSpans[0].spans[1]: tag is not minimal at byte 11')
  t.equal(refusal(span(0x02, 0)), 'resourceSpans[0].scopeSpans[0].spans[1]: field number 0 at byte 11')
})

test('values may nest 32 deep and no deeper', async (t) => {
  const nested = (depth: number): number[] => {
    let value: number[] = [0x18, 1]
    for (let i = 0; i < depth; i++) {
      const list = [0x0a, ...length(value.length), ...value]
      value = [0x2a, ...length(list.length), ...list]
    }
    const body = [0x0a, 1, 65, 0x12, ...length(value.length), ...value]
    return [0x4a, ...length(body.length), ...body]
  }
  const length = (size: number): number[] => (size < 128 ? [size] : [(size & 127) | 128, size >> 7])
  const wrap = (inside: number[]): Buffer => {
    const scope = [0x12, ...length(inside.length), ...inside]
    const resource = [0x12, ...length(scope.length), ...scope]
    return Buffer.from([0x0a, ...length(resource.length), ...resource])
  }
  t.equal(refusal(wrap(nested(28))), 'accepted')
  t.match(refusal(wrap(nested(40))), /nests deeper/)
})
