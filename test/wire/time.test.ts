import assert from 'node:assert/strict'
import { test } from 'tap'
import {
  Instant,
  instantFromBigInt,
  instantFromMillis,
  nanosBetween,
  readInstant,
  writeInstant,
  writeIso,
} from '../../src/wire/time.ts'
import { seeded } from '../data/random.ts'

test('an instant is read and written exactly, to the nanosecond', async (t) => {
  const random = seeded(3)
  const bytes = Buffer.alloc(8)
  const again = Buffer.alloc(8)
  let cases = 0
  for (let round = 0; round < 100_000; round++) {
    const nanos = (BigInt(random(2 ** 31)) << 33n) ^ (BigInt(random(2 ** 31)) << 16n) ^ BigInt(random(2 ** 16))
    bytes.writeBigUInt64LE(BigInt.asUintN(64, nanos))
    const instant = readInstant(bytes, 0)
    assert.equal(instant.toBigInt(), BigInt.asUintN(64, nanos))
    assert.deepEqual(instantFromBigInt(instant.toBigInt()), instant)
    assert.equal(writeInstant(instant, again, 0), 8)
    assert.deepEqual(again, bytes)
    cases++
  }
  t.ok(cases > 0)
})

test('what lies before 1970 is written as 1970', async (t) => {
  const bytes = Buffer.alloc(8, 0xff)
  writeInstant(instantFromBigInt(-5n), bytes, 0)
  t.equal(bytes.readBigUInt64LE(), 0n)
  writeInstant(instantFromMillis(-5000), bytes, 0)
  t.equal(bytes.readBigUInt64LE(), 0n)
})

test('milliseconds become instants and dates', async (t) => {
  t.strictSame(instantFromMillis(1.5), new Instant(0, 1_500_000))
  t.strictSame(instantFromMillis(1_760_000_544_157), new Instant(1_760_000_544, 157_000_000))
  t.strictSame(instantFromMillis(999.999_999_99), new Instant(0, 999_999_999))
  t.equal(instantFromMillis(1_760_000_544_157).toDate().getTime(), 1_760_000_544_157)
  t.equal(nanosBetween(instantFromMillis(1), instantFromMillis(3.5)), 2_500_000)
  t.ok(new Instant(0, 0).isZero)
})

test('ISO 8601 has nine digits', async (t) => {
  const text = Buffer.alloc(30)
  for (const [nanos, expected] of [
    [1760000544157562123n, '2025-10-09T09:02:24.157562123Z'],
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [2n ** 64n - 1n, '2554-07-21T23:34:33.709551615Z'],
  ] as const) {
    t.equal(writeIso(instantFromBigInt(nanos), text, 0), 30)
    t.equal(text.toString(), expected)
  }
})

test('ISO 8601 is right from any moment to any other: another second, minute, hour or day', async (t) => {
  const random = seeded(5)
  const text = Buffer.alloc(30)
  const steps = [1, 59, 60, 3599, 3600, 86_399, 86_400, 40_000_000]
  let seconds = 1_760_000_544
  let cases = 0
  for (let round = 0; round < 20_000; round++) {
    seconds += steps[random(steps.length)]! * (random(2) === 0 ? 1 : -1)
    if (seconds < 0 || seconds > 2 ** 34) seconds = 0
    const nanos = random(1_000_000_000)
    writeIso(new Instant(seconds, nanos), text, 0)
    const start = new Date(seconds * 1000).toISOString().slice(0, 20)
    assert.equal(text.toString(), `${start}${String(nanos).padStart(9, '0')}Z`)
    cases++
  }
  t.ok(cases > 0)
})
