// Names for a scraper that does not take every character: the escaping schemes of Prometheus' content negotiation.

export const schemes = ['allow-utf-8', 'underscores', 'dots', 'values'] as const
export type EscapingScheme = (typeof schemes)[number]

/** What stands without quotes in the text formats. */
export const isPlainMetricName = (name: string): boolean => /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
export const isPlainLabelName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)

export const escapeMetricName = (name: string, scheme: EscapingScheme): string =>
  escaped(name, scheme, isPlainMetricName, /[a-zA-Z:]/)

/** Of a label's name; colons are for metrics. */
export const escapeLabelName = (name: string, scheme: EscapingScheme): string =>
  escaped(name, scheme, isPlainLabelName, /[a-zA-Z]/)

function escaped(name: string, scheme: EscapingScheme, isPlain: (name: string) => boolean, letter: RegExp): string {
  switch (scheme) {
    case 'allow-utf-8':
      return name
    case 'underscores':
      return isPlain(name) ? name : mapped(name, letter, '_', () => '_')
    case 'dots':
      return mapped(name, letter, '__', (char) => (char === '.' ? '_dot_' : '__'))
    case 'values':
      return isPlain(name) ? name : `U__${mapped(name, letter, '__', hexOf)}`
  }
}

const hexOf = (char: string): string => `_${char.codePointAt(0)!.toString(16)}_`

/** Letters stay, digits too but in front; `underscore` is what becomes of one that is there already. */
function mapped(name: string, letter: RegExp, underscore: string, other: (char: string) => string): string {
  let text = ''
  for (const char of name) {
    if (char === '_') text += underscore
    else if (letter.test(char) || (text !== '' && /[0-9]/.test(char))) text += char
    else text += other(char)
  }
  return text
}
