// Units of CloudWatch as those of OpenTelemetry, which are UCUM's: what exporters to CloudWatch turn back.

const PREFIXES: Readonly<Record<string, string>> = { '': '', Kilo: 'k', Mega: 'M', Giga: 'G', Tera: 'T' }
const sizes = Object.entries(PREFIXES).flatMap(([word, prefix]) => [
  [word === '' ? 'Bytes' : `${word}bytes`, `${prefix}By`] as const,
  [word === '' ? 'Bits' : `${word}bits`, `${prefix}bit`] as const,
])

const UNITS = new Map<string, string>([
  ['Seconds', 's'],
  ['Milliseconds', 'ms'],
  ['Microseconds', 'us'],
  ['Percent', '%'],
  ['Count', '{count}'],
  ['Count/Second', '{count}/s'],
  ['None', ''],
  ...sizes,
  ...sizes.map(([unit, symbol]) => [`${unit}/Second`, `${symbol}/s`] as const),
])

/** A unit that CloudWatch does not know stays as it is. */
export const unitOf = (unit: string): string => UNITS.get(unit) ?? unit
