// OTLP/JSON against protobufjs and JSON.parse.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, concat, decodeOtlp } from '../../../src/data/batch.ts'
import { decodeOtlpJson } from '../../../src/data/otlpjson/decode.ts'
import { encodeOtlpJson } from '../../../src/data/otlpjson/encode.ts'
import { decoded, type Order, ROUNDS, randomMessage, seeded, signals } from '../random.ts'
import { jsonObject, meaningOf } from './oracle.ts'

const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.chunks)
const orders: readonly Order[] = ['ascending', 'descending', 'shuffled']

for (const signal of signals)
  for (const order of orders)
    test(`${signal}, ${order}: JSON says what protobufjs reads, and reads back to the same`, async (t) => {
      let cases = 0
      for (let seed = 1; seed <= ROUNDS; seed++) {
        const bytes = randomMessage(signal, seeded(seed), order)
        const batch = decodeOtlp(signal, bytes)
        const text = encodeOtlpJson(batch as Batch)
        const empty = batch.items === 0 && bytes.length === 0
        if (!empty) assert.deepEqual(JSON.parse(text.toString()), jsonObject(signal, bytes), `seed ${seed}`)
        const again = decodeOtlpJson(signal, text)
        assert.deepEqual(decoded(signal, bytesOf(again as Batch)), decoded(signal, bytes), `seed ${seed}: back`)
        assert.equal(again.items, batch.items, `seed ${seed}: items`)
        assert.equal(decodeOtlp(signal, bytesOf(again as Batch)).items, batch.items, `seed ${seed}: gate`)
        cases += batch.items
      }
      t.ok(cases > 0)
    })

for (const signal of signals)
  test(`${signal}: a document by JSON.stringify is read as protobufjs reads it`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const object = jsonObject(signal, randomMessage(signal, seeded(seed)))
      const text = JSON.stringify(object, undefined, seed % 3)
      const batch = decodeOtlpJson(signal, Buffer.from(text))
      assert.deepEqual(decoded(signal, bytesOf(batch as Batch)), meaningOf(signal, JSON.parse(text)), `seed ${seed}`)
      cases += batch.items
    }
    t.ok(cases > 0)
  })

test('several chunks are one document', async (t) => {
  const messages = [3, 4, 5].map((seed) => decodeOtlp('traces', randomMessage('traces', seeded(seed))))
  const batch = concat(messages as [Batch<'traces'>, ...Batch<'traces'>[]])
  const again = decodeOtlpJson('traces', encodeOtlpJson(batch))
  t.ok(again.items > 0)
  t.equal(again.items, batch.items)
  t.same(decoded('traces', bytesOf(again)), decoded('traces', bytesOf(batch)))
})
