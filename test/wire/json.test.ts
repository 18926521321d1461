import assert from 'node:assert/strict'
import { test } from 'tap'
import { JsonWriter, jsonLiteral, memberOf, nestedJsonLiteral, nestedMember } from '../../src/wire/json.ts'
import { instantFromBigInt } from '../../src/wire/time.ts'
import { seeded } from '../data/random.ts'

function written(write: (json: JsonWriter) => void): string {
  const json = new JsonWriter(1)
  write(json)
  return json.take().toString()
}

test('commas come by themselves', async (t) => {
  const text = written((json) => {
    json.beginObject()
    json.key(jsonLiteral('"a":'))
    json.beginArray()
    json.number(1)
    json.null()
    json.boolean(true)
    json.endArray()
    json.keyText('b')
    json.string('x')
    json.keyText('c')
    json.beginObject()
    json.endObject()
    json.endObject()
  })
  t.equal(text, '{"a":[1,null,true],"b":"x","c":{}}')
  t.equal(
    written((json) => {
      for (const value of [1, 2]) {
        json.number(value)
        json.newline()
      }
    }),
    '1\n2\n',
  )
})

test('numbers read back to the same double, and what JSON has no number for is a string', async (t) => {
  const values = [0, -0, 1, -1, 9007199254740991, 2 ** 53, 2 ** 64, 1e21, 1e-7, 0.1, 5e-324, 1.7976931348623157e308]
  for (const value of values) t.ok(Object.is(JSON.parse(written((json) => json.number(value))), value), String(value))
  for (const value of [Number.NaN, Infinity, -Infinity])
    t.equal(
      written((json) => json.number(value)),
      `"${value}"`,
    )
  t.equal(
    written((json) => json.bigint(2n ** 64n)),
    '18446744073709551616',
  )
})

test('64-bit integers in quotes keep every digit and their sign', async (t) => {
  const values = [
    0n,
    1n,
    -1n,
    2n ** 32n,
    -(2n ** 32n),
    2n ** 63n - 1n,
    -(2n ** 63n),
    -(2n ** 63n) + 1n,
    1760000544157562123n,
  ]
  for (const value of values) {
    const bits = BigInt.asUintN(64, value)
    const text = written((json) => json.quotedInt64(Number(bits & 0xffffffffn), Number(bits >> 32n)))
    t.equal(text, `"${value}"`)
  }
})

test('text from bytes is escaped, and what is no UTF-8 becomes U+FFFD as when Node decodes it', async (t) => {
  const random = seeded(5)
  const interesting = [
    0x22, 0x5c, 0x0a, 0x01, 0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0x80, 0xf0, 0x9d, 0xf4, 0x90, 0xff,
  ]
  let cases = 0
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(
      Array.from({ length: random(round % 50 === 0 ? 100 : 8) }, () => interesting[random(interesting.length)]!),
    )
    const text = written((json) => json.utf8(bytes, 0, bytes.length))
    assert.equal(JSON.parse(text), bytes.utf8Slice(0, bytes.length), bytes.toString('hex'))
    cases++
  }
  for (const text of ['', 'plain', 'é€𝄞'.repeat(50), '"\\\n\r\t\u0000\u001f\u007f', 'x'.repeat(1000), '\u2028\ufeff']) {
    const bytes = Buffer.from(text)
    t.equal(JSON.parse(written((json) => json.utf8(bytes, 0, bytes.length))), text)
  }
  t.ok(cases > 0)
})

test('ids, bytes and times', async (t) => {
  const bytes = Buffer.from('00ff10', 'hex')
  t.equal(
    written((json) => json.hex(bytes, 0, 3)),
    '"00ff10"',
  )
  for (let size = 0; size <= 3; size++)
    t.equal(
      written((json) => json.base64(bytes, 0, size)),
      `"${bytes.toString('base64', 0, size)}"`,
    )
  t.equal(
    written((json) => json.iso(instantFromBigInt(1760000544157562123n))),
    '"2025-10-09T09:02:24.157562123Z"',
  )
})

test('a nested writer writes JSON that stands in a string of other JSON', async (t) => {
  const everything = (json: JsonWriter, literal: (text: string) => Buffer, bytes: Buffer): void => {
    json.beginObject()
    json.key(literal('"a \\"key\\"":'))
    json.beginArray()
    json.utf8(bytes, 0, bytes.length)
    json.string(bytes.toString())
    json.hex(bytes, 0, bytes.length)
    json.base64(bytes, 0, bytes.length)
    json.iso(instantFromBigInt(1_720_000_000_123_456_789n))
    json.quotedInt64(5, 2 ** 31)
    for (const value of [1.5, -2, 0, Number.NaN, -Infinity]) json.number(value)
    json.boolean(false)
    json.null()
    json.endArray()
    json.keyBytes(bytes, 0, bytes.length)
    json.bigint(-5n)
    json.endObject()
  }
  const random = seeded(11)
  let cases = 0
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: random(60) }, () => random(256)))
    const flat = new JsonWriter(1)
    const nested = new JsonWriter(1, { isNested: true })
    everything(flat, jsonLiteral, bytes)
    everything(nested, nestedJsonLiteral, bytes)
    assert.equal(JSON.parse(`"${nested.take().toString()}"`), flat.take().toString())
    cases++
  }
  t.ok(cases > 0)
})

test('every byte is written as it should be wherever it stands, whatever the sources before', async (t) => {
  const plain = new JsonWriter(1)
  const inside = new JsonWriter(1, { isNested: true })
  const others = [Buffer.from('another'), Buffer.from('one more'), Buffer.from('the third')]
  let cases = 0
  for (let size = 1; size <= 13; size++)
    for (let position = 0; position < size; position++)
      for (let code = 0; code < 256; code++) {
        const bytes = Buffer.alloc(size + 2, 0x61)
        bytes[position + 1] = code
        for (const json of [plain, inside]) {
          json.beginArray()
          for (const source of [bytes, others[code % 3]!, bytes])
            json.utf8(source, 1, Math.min(source.length, size + 1))
          json.endArray()
        }
        const text = bytes.toString('utf8', 1, size + 1)
        const expected = [text, others[code % 3]!.toString('utf8', 1, size + 1), text]
        assert.deepEqual(JSON.parse(plain.take().toString()), expected)
        assert.deepEqual(JSON.parse(JSON.parse(`"${inside.take()}"`)), expected)
        plain.clear()
        inside.clear()
        cases++
      }
  t.equal(cases, 256 * 91)
})

test('a member that is known beforehand has its comma where one is needed', async (t) => {
  const text = Buffer.from('x"y')
  const plain = written((json) => {
    const name = memberOf(jsonLiteral(',"name":'))
    json.beginObject()
    json.member(name)
    json.beginObject()
    json.textMember(name, text, 0, 1)
    json.textMember(name, text, 0, 3)
    json.member(name)
    json.null()
    json.endObject()
    json.textMember(name, text, 0, 0)
    json.endObject()
  })
  t.equal(plain, '{"name":{"name":"x","name":"x\\"y","name":null},"name":""}')
  const json = new JsonWriter(1, { isNested: true })
  json.beginObject()
  json.textMember(nestedMember('"ключ":'), text, 0, 3)
  json.textMember(nestedMember('"name":'), text, 0, 3)
  json.endObject()
  t.equal(JSON.parse(`"${json.take()}"`), '{"ключ":"x\\"y","name":"x\\"y"}')
})
