import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Attributes, decodeOtlp, KnownAttributes } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { JsonWriter } from '../../src/wire/json.ts'
import { batchOf } from '../kit/otlp.ts'
import { keys, ROUNDS, randomMessage, seeded } from './random.ts'

test('known attributes say what the attributes say, unknown ones come in their order', async (t) => {
  const random = seeded(31)
  const list = keys.filter((_, i) => i % 2 === 0)
  const known = new KnownAttributes(list)
  let cases = 0
  const look = (attributes: Attributes): void => {
    known.open(attributes)
    const map = attributes.toMap()
    for (const [number, key] of list.entries()) {
      const index = known.at(number)
      assert.equal(index >= 0, attributes.has(key), key)
      assert.deepEqual(known.value(index), attributes.get(key))
      assert.equal(known.string(index), attributes.getString(key))
      assert.equal(known.number(index), attributes.getNumber(key))
      assert.equal(known.typeOf(index), attributes.typeOf(key))
      const text = attributes.getString(key)
      assert.equal(known.isText(index), text !== undefined)
      if (text !== undefined) {
        assert.equal(known.bytes.utf8Slice(known.start, known.end), text)
        assert.ok(known.equals(index, known.bytes.subarray(known.start, known.end)))
      }
      assert.ok(!known.equals(index, Buffer.from('no such text')))
      if (index >= 0) assert.equal(known.numberOf(index), number)
    }
    const seen = new Set<string>()
    for (let index = 0; index < known.count; index++) {
      const key = known.key(index)
      const json = new JsonWriter(1)
      json.beginObject()
      known.writeKey(index, json)
      known.writeValue(index, json)
      json.endObject()
      assert.ok(Object.hasOwn(JSON.parse(json.take().toString()), key))
      assert.equal(known.numberOf(index) >= 0, list.includes(key))
      assert.ok(known.find(Buffer.from(key)) >= 0)
      assert.ok(known.hasPrefix(index, Buffer.from(key.slice(0, 1))))
      assert.ok(!known.hasPrefix(index, Buffer.from(`${key}x`)))
      seen.add(key)
      cases++
    }
    assert.deepEqual(seen, new Set(map.keys()))
  }
  for (let round = 0; round < ROUNDS; round++) {
    const batch = decodeOtlp('traces', Buffer.from(randomMessage('traces', random)))
    batch.visit({
      onSpan(span) {
        look(span.attributes)
        span.eachEvent((event) => look(event.attributes))
      },
    })
    batch.rewrite(
      [
        {
          onSpan({ attributes }) {
            attributes.set('env', 'changed')
            attributes.delete('k')
            attributes.set('new', 1)
            look(attributes)
          },
        },
      ],
      testContext(),
    )
  }
  t.ok(cases > 0)
})

test('of a known key given twice the first counts, and the other is not there', async (t) => {
  const known = new KnownAttributes(['a'])
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const attributes = [attribute('b', '0'), attribute('a', '1'), attribute('a', '2')]
  batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes }] }] }] }).visit({
    onSpan(span) {
      known.open(span.attributes)
    },
  })
  t.equal(known.count, 2)
  t.equal(known.string(known.at(0)), '1')
  t.equal(known.numberOf(0), -1)
  known.close()
  t.equal(known.count, 0)
  t.equal(known.at(0), -1)
  t.equal(known.find(Buffer.from('b')), -1)
})
