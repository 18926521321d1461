/** A number in full, never with an exponent: the shortest digits that give it back, zeros where the point is further off. */
export function plainDecimal(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return Number.isFinite(value) ? text : text.replace('Infinity', 'Inf').replace(/^(?=I)/, '+')
  const [, sign = '', first = '', rest = '', power = ''] = match
  const exponent = Number(power)
  const digits = first + rest
  return exponent < 0 ? `${sign}0.${'0'.repeat(-exponent - 1)}${digits}` : sign + digits.padEnd(exponent + 1, '0')
}
