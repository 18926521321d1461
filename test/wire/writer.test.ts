import assert from 'node:assert/strict'
import protobuf from 'protobufjs'
import { test } from 'tap'
import { int64, readInt32, readInt64, readVarint, varintEnd } from '../../src/wire/reader.ts'
import { ByteWriter, copyWords, viewOf } from '../../src/wire/writer.ts'
import { seeded } from '../data/random.ts'

function written(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(1)
  write(out)
  return out.take()
}

const int64s = [
  0n,
  1n,
  -1n,
  127n,
  128n,
  2n ** 28n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  -(2n ** 32n),
]

test('varints are what protobufjs writes and reads', async (t) => {
  for (const value of int64s) {
    const expected = Buffer.from(
      protobuf.Writer.create()
        .int64(String(value) as unknown as number)
        .finish(),
    )
    t.strictSame(
      written((out) => out.int64(value)),
      expected,
    )
    const bits = BigInt.asUintN(64, value)
    t.strictSame(
      written((out) => out.varint64(Number(bits & 0xffffffffn), Number(bits >> 32n))),
      expected,
    )
    t.equal(BigInt(readInt64(expected, 0)), value)
    t.equal(varintEnd, expected.length)
    t.equal(readInt32(expected, 0), Number(BigInt.asIntN(32, value)))
    t.equal(varintEnd, expected.length)
    if (value >= 0 && value <= 2n ** 53n) t.equal(BigInt(readVarint(expected, 0)), value)
    t.equal(BigInt(int64(Number(bits & 0xffffffffn), Number(bits >> 32n))), value)
  }
})

test('fixed64 from a number and from a bigint', async (t) => {
  for (const value of int64s) {
    const expected = Buffer.alloc(8)
    expected.writeBigInt64LE(value)
    t.strictSame(
      written((out) => out.fixed64(value)),
      expected,
    )
    if (Number.isSafeInteger(Number(value)))
      t.strictSame(
        written((out) => out.fixed64(Number(value))),
        expected,
      )
  }
})

test('a length is written before its content, whatever was guessed', async (t) => {
  for (const size of [0, 1, 127, 128, 16383, 16384, 3_000_000])
    for (const guess of [1, 2, 3, 4]) {
      const content = Buffer.alloc(size, 7)
      const bytes = written((out) => {
        out.byte(1)
        const from = out.beginLength(guess)
        out.raw(content)
        const start = out.endLength(from, guess)
        assert.equal(out.length - start, size)
        out.byte(2)
      })
      const expected = protobuf.Writer.create().bytes(content).finish()
      assert.equal(Buffer.compare(bytes, Buffer.concat([Buffer.from([1]), expected, Buffer.from([2])])), 0)
    }
  const padded = written((out) => {
    const from = out.beginPaddedLength()
    out.raw(Buffer.alloc(300, 7))
    out.endPaddedLength(from)
  })
  t.equal(protobuf.Reader.create(padded).bytes().length, 300)
})

test('a part that is taken out again is gone', async (t) => {
  const bytes = written((out) => {
    out.utf8('abcdef')
    out.remove(1, 3)
    out.utf8('g')
  })
  t.equal(bytes.toString(), 'adefg')
})

test('text is UTF-8 with its length in bytes', async (t) => {
  for (const text of ['', 'a', 'é'.repeat(20), '𝄞'.repeat(20), 'x'.repeat(41), 'é'.repeat(5000), 'a\ud800b']) {
    const bytes = written((out) => out.text(text))
    t.equal(protobuf.Reader.create(bytes).string(), Buffer.from(text).toString())
  }
})

test('a copy by words has the same bytes, whatever they are as a number, and nothing beside it changes', async (t) => {
  const random = seeded(5)
  let cases = 0
  for (let round = 0; round < 2000; round++) {
    const source = Buffer.from(Array.from({ length: 500 }, () => [0, 0x80, 0xff, 0x7f, random(256)][random(5)]!))
    const start = random(60)
    const end = start + random(round % 2 === 0 ? 30 : 440)
    const at = random(20)
    const target = Buffer.from(Array.from({ length: 520 }, () => random(256)))
    const expected = Buffer.concat([
      target.subarray(0, at),
      source.subarray(start, end),
      target.subarray(at + end - start),
    ])
    assert.equal(copyWords(source, viewOf(source), start, end, target, viewOf(target), at), at + end - start)
    assert.equal(target.toString('hex'), expected.toString('hex'))
    cases++
  }
  t.ok(cases > 0)
})
