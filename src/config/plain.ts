// What an unquoted text means, as the Go collector's YAML reads it (YAML 1.1 numbers, YAML 1.2 booleans).

const WORDS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
])

/**
 * `0622` and `0o622` are octal, `0x1F` hexadecimal, `0b11` binary, `1_000` a thousand. A date stays a text. Whole numbers
 * that a double cannot hold are bigints, beyond 64 bits doubles.
 */
export function resolvePlain(text: string): null | boolean | number | bigint | string {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (text.length > 400 || !/^[-+.\d]/.test(text)) return text
  const digits = text.startsWith('.') ? text : text.replaceAll('_', '')
  return wholeNumber(digits) ?? floatingNumber(digits) ?? text
}

const RADIX: readonly (readonly [RegExp, number])[] = [
  [/^0[xX]([\da-fA-F]+)$/, 16],
  [/^0[bB]([01]+)$/, 2],
  [/^0[oO]?([0-7]+)$/, 8],
  [/^(0|[1-9]\d*)$/, 10],
]
const PREFIX: Readonly<Record<number, string>> = { 16: '0x', 2: '0b', 8: '0o', 10: '' }

function wholeNumber(text: string): number | bigint | undefined {
  const isNegative = text.startsWith('-')
  const digits = /^[-+]/.test(text) ? text.slice(1) : text
  for (const [form, radix] of RADIX) {
    const match = form.exec(digits)
    if (match === null) continue
    const value = BigInt(PREFIX[radix] + match[1]!) * (isNegative ? -1n : 1n)
    if (value >= -(2n ** 63n) && value < 2n ** 64n) {
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
    return radix === 10 ? Number(value) : undefined
  }
  return undefined
}

const floatingNumber = (text: string): number | undefined =>
  /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined
