// Numbers and times as Go prints them.
import { instantFromBigInt } from '../../data/index.ts'
import type { DoubleJson } from './otlp.ts'

const special = (value: number): string | undefined =>
  Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : undefined

/** `%v`: the shortest digits; an exponent of at least two digits below 1e-4 and from 1e21. */
export function shortest(of: DoubleJson = 0): string {
  const value = Number(of)
  const size = Math.abs(value)
  const isPlain = size === 0 || (size >= 1e-4 && size < 1e21)
  return (
    special(value) ??
    (isPlain ? (Object.is(value, -0) ? '-0' : String(value)) : value.toExponential().replace(/(e[+-])(\d)$/, '$10$2'))
  )
}

/** `%f`: six digits behind the point. */
export function fixed(of: DoubleJson = 0): string {
  const value = Number(of)
  if (Math.abs(value) >= 1e21) return special(value) ?? `${BigInt(value)}.000000`
  return special(value) ?? (Object.is(value, -0) || (value < 0 && value > -5e-7) ? '-0.000000' : value.toFixed(6))
}

/** `2020-02-11 20:26:12.000000321 +0000 UTC`, without zeros at the end of the second's fraction. */
export function timeOf(unixNano = '0'): string {
  const instant = instantFromBigInt(BigInt(unixNano))
  const fraction = instant.nanos === 0 ? '' : `.${String(instant.nanos).padStart(9, '0').replace(/0+$/, '')}`
  const date = new Date(instant.seconds * 1000)
  const [day, time] = date.toISOString().split('T')
  return `${day} ${time!.slice(0, 8)}${fraction} +0000 UTC`
}
