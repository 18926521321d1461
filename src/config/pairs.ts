/** `k1=v1,k2=v2`; as in W3C Baggage values are percent-encoded. Throws an Error that says what is wrong, without a word of the text: it may be secret. */
export const parsePairs = (text: string): (readonly [name: string, value: string])[] =>
  text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [, name = '', value] = /^\s*([^=]*?)\s*=(.*)$/s.exec(pair) ?? []
      if (name === '' || value === undefined) throw new Error('must be pairs such as k1=v1,k2=v2')
      return [name, decoded(value.trim())]
    })

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a % that begins no code of a character; a percent sign is written %25')
  }
}
