// Numbers as Go's strconv writes them ('g', shortest), which is what Prometheus' own encoders use.
import type { ByteWriter } from '../../wire/writer.ts'

const DOT = 0x2e
const ZERO = 0x30

/** `12`, `0.5`, `1e+06`, `+Inf`, `NaN`. A bigint is written exactly. */
export function writeNumber(out: ByteWriter, value: number | bigint): void {
  if (typeof value === 'bigint') return out.utf8(value.toString())
  if (Number.isInteger(value) && value < 1e6 && value > -1e6) return writeSmall(out, value)
  out.utf8(numberText(value))
}

/** As `writeNumber`, but never to be taken for an integer: `12.0`, for OpenMetrics. */
export function writeFloat(out: ByteWriter, value: number | bigint): void {
  writeNumber(out, value)
  const isShort = typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 1e6)
  if (isShort) {
    out.byte(DOT)
    out.byte(ZERO)
  }
}

/** All its digits: `1000000`. For counts, 0 and more. */
export function writeCount(out: ByteWriter, count: number): void {
  if (count < 1e6) writeSmall(out, count)
  else out.utf8(BigInt(count).toString())
}

/** The text of any number. An exponent below -4 or above 5 is written as one, of two digits at least. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (value === 0) return '0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-4 && magnitude < 1e6) return String(value)
  const text = value.toExponential()
  const sign = text.lastIndexOf('e') + 1
  return text.length - sign > 2 ? text : `${text.slice(0, sign + 1)}0${text.slice(sign + 1)}`
}

function writeSmall(out: ByteWriter, value: number): void {
  out.reserve(8)
  const { bytes } = out
  let at = out.length
  if (value < 0) {
    bytes[at++] = 0x2d
    value = -value
  }
  let end = at + 1
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++
  for (let i = end - 1; i >= at; i--) {
    const rest = (value / 10) | 0
    bytes[i] = ZERO + value - rest * 10
    value = rest
  }
  out.length = end
}
