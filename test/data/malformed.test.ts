import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import { decodeOtlpJson } from '../../src/data/otlpjson/decode.ts'
import { encodeOtlpJson } from '../../src/data/otlpjson/encode.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { AnyVisitor, Context, Visitor } from '../../src/data/visitors.ts'
import { JsonWriter } from '../../src/wire/json.ts'
import { MalformedError } from '../../src/wire/malformed.ts'
import { expectedNodes } from './oracle.ts'
import { decoded, ROUNDS, randomMessage, seeded, signals } from './random.ts'

const context: Context = { abort: new AbortController().signal, metadata: new Map() }

/** What came through reads as protobufjs reads it; but that refuses text that is no UTF-8. */
function compare(signal: Signal, batch: Batch, bytes: Buffer): void {
  let expected: unknown[]
  try {
    expected = expectedNodes(signal, decoded(signal, bytes))
  } catch (error) {
    assert.match(String(error), /utf-8/)
    return
  }
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
  assert.deepEqual(nodes, expected)
}

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
    compare(signal, batch, bytes)
    assert.equal(decodeOtlpJson(signal, encodeOtlpJson(batch)).items, batch.items)
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
