import assert from 'node:assert/strict'
import { test } from 'tap'
import {
  divideByBillion,
  highHalf,
  lowHalf,
  multiplyByBillion,
  parseUint64,
  quotient,
  remainder,
  writeDecimal,
  writeSafeInteger,
  writeUint64,
} from '../../src/wire/decimal.ts'
import { seeded } from '../data/random.ts'

/** Around every power of two and of ten, and what lies between. */
function* numbers(): Generator<bigint> {
  for (let shift = 0n; shift <= 64n; shift++)
    for (let near = -2n; near <= 2n; near++) yield BigInt.asUintN(64, (1n << shift) + near)
  for (let power = 1n; power < 2n ** 64n; power *= 10n)
    for (let near = -2n; near <= 2n; near++) yield BigInt.asUintN(64, power * 9n + near)
  let state = 88172645463325252n
  for (let i = 0; i < 20_000; i++) {
    state = BigInt.asUintN(64, state ^ (state << 13n))
    state ^= state >> 7n
    state = BigInt.asUintN(64, state ^ (state << 17n))
    yield state >> BigInt(i % 64)
  }
}
const halves = (value: bigint): [number, number] => [Number(value & 0xffffffffn), Number(value >> 32n)]

test('64-bit numbers are written and parsed as BigInt does it', async (t) => {
  const text = Buffer.alloc(32)
  let cases = 0
  for (const value of numbers()) {
    const [low, high] = halves(value)
    const end = writeUint64(low, high, text, 0)
    assert.equal(text.latin1Slice(0, end), String(value))
    assert.ok(parseUint64(text, 0, end))
    assert.deepEqual([lowHalf, highHalf], [low, high])
    divideByBillion(low, high)
    assert.deepEqual([quotient, remainder], [Number(value / 1_000_000_000n), Number(value % 1_000_000_000n)])
    assert.ok(multiplyByBillion(quotient, remainder))
    assert.deepEqual([lowHalf, highHalf], [low, high])
    cases++
  }
  t.ok(cases > 20_000)
})

test('what exceeds 64 bits is not parsed', async (t) => {
  for (const text of ['18446744073709551616', '18446744074000000000', '99999999999999999999', '1'.repeat(21)])
    t.notOk(parseUint64(Buffer.from(text), 0, text.length), text)
})

test('safe integers are written whole', async (t) => {
  const text = Buffer.alloc(32)
  let cases = 0
  for (const value of numbers()) {
    if (value > 2n ** 53n) continue
    assert.equal(text.latin1Slice(0, writeSafeInteger(Number(value), text, 0)), String(value))
    cases++
  }
  t.ok(cases > 1000)
})

test('a number with few decimals is written as String does it, any other one not at all', async (t) => {
  const random = seeded(5)
  const text = Buffer.alloc(32)
  const values = [
    0,
    -0,
    1,
    -1,
    1e-6,
    1e-7,
    1.5e-6,
    0.1,
    0.3,
    0.1 + 0.2,
    999999999.999999,
    1e9,
    1e9 - 2 ** -20,
    123456789.123456,
  ]
  for (let i = 0; i < 100_000; i++) {
    const value = random(2 ** 31) / 10 ** random(12)
    values.push(value, -value, value + value * Number.EPSILON, random(2 ** 31) / 2 ** random(40))
  }
  values.push(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, Number.MIN_VALUE)
  let cases = 0
  for (const value of values) {
    const end = writeDecimal(value, text, 0)
    const hasFew = Math.abs(value) < 1e9 && value !== 0 && Number(value.toFixed(6)) === value
    assert.equal(end >= 0, hasFew, String(value))
    if (end < 0) continue
    assert.equal(text.latin1Slice(0, end), String(value))
    cases++
  }
  t.ok(cases > 10_000)
})
