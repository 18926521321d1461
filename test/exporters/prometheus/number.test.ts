import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { writeCount, writeFloat, writeNumber } from '../../../src/exporters/prometheus/number.ts'
import { ByteWriter } from '../../../src/wire/writer.ts'

const written = (write: (out: ByteWriter) => void): string => {
  const out = new ByteWriter(1)
  write(out)
  return out.take().toString()
}

test('doubles look as in the exposition of a Go program, in both formats', async (t) => {
  const rows: [string, string, string][] = JSON.parse(
    readFileSync(new URL('recorded/numbers.json', import.meta.url), 'utf8'),
  )
  for (const [bits, text, openMetrics] of rows) {
    const value = Buffer.from(bits.padStart(16, '0'), 'hex').readDoubleBE()
    t.equal(
      written((out) => writeNumber(out, value)),
      text,
      `text of ${value}`,
    )
    t.equal(
      written((out) => writeFloat(out, value)),
      openMetrics,
      `OpenMetrics of ${value}`,
    )
  }
  t.ok(rows.length > 50)
})

test('what is no number has the spelling that Prometheus reads', async (t) => {
  t.equal(
    written((out) => writeNumber(out, Number.NaN)),
    'NaN',
  )
  t.equal(
    written((out) => writeNumber(out, Number.POSITIVE_INFINITY)),
    '+Inf',
  )
  t.equal(
    written((out) => writeFloat(out, Number.NEGATIVE_INFINITY)),
    '-Inf',
  )
})

test('integers beyond 2^53 keep their last digit', async (t) => {
  t.equal(
    written((out) => writeNumber(out, 2n ** 63n - 1n)),
    '9223372036854775807',
  )
  t.equal(
    written((out) => writeFloat(out, -(2n ** 63n))),
    '-9223372036854775808.0',
  )
})

test('every double reads back as itself, however it is drawn', async (t) => {
  let seed = 7
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0)
  const bytes = Buffer.alloc(8)
  let cases = 0
  for (let i = 0; i < 20_000; i++) {
    bytes.writeUInt32LE(random(), 0)
    bytes.writeUInt32LE(random(), 4)
    const drawn = [bytes.readDoubleLE(), bytes.readInt32LE(), bytes.readInt32LE() / 1000, bytes.readUInt32LE(4) % 2e6]
    for (const value of drawn) {
      if (!Number.isFinite(value)) continue
      const text = written((out) => writeNumber(out, value))
      const openMetrics = written((out) => writeFloat(out, value))
      if (Number(text) !== value || Number(openMetrics) !== value || !/[.e]/.test(openMetrics))
        t.fail(`${value} became ${text} and ${openMetrics}`)
      cases++
    }
  }
  t.ok(cases > 0)
})

test('counts have all their digits', async (t) => {
  for (const [count, text] of [
    [0, '0'],
    [7, '7'],
    [1e6, '1000000'],
    [12345678901, '12345678901'],
    [2 ** 60, '1152921504606846976'],
  ] as const)
    t.equal(
      written((out) => writeCount(out, count)),
      text,
    )
})
