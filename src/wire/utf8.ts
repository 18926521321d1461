// UTF-8 from outside, made well-formed on the way.

/** Where the last `copyUtf8` stopped reading. */
export let copiedTo = 0

/**
 * Copies one run of characters beyond ASCII; what is no UTF-8 becomes U+FFFD, one for each maximal part of a character, as
 * the Encoding Standard and `Buffer.utf8Slice` have it. Takes up to three times the room. Returns where it stopped writing.
 */
export function copyUtf8(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  while (start < end && source[start]! >= 0x80) {
    const length = characterLength(source, start, end)
    if (length > 0) {
      const stop = start + length
      while (start < stop) target[at++] = source[start++]!
      continue
    }
    start -= length
    target[at++] = 0xef
    target[at++] = 0xbf
    target[at++] = 0xbd
  }
  copiedTo = start
  return at
}

/**
 * How many bytes the character beyond ASCII at `at` takes; negative: how many to give up. (RFC 3629, 4; Unicode, table 3-7)
 *
 *   C2..DF 80..BF; E0 A0..BF 80..BF; E1..EF 80..BF 80..BF, of which ED 80..9F; F0 90..BF …; F1..F3 80..BF …; F4 80..8F …
 */
function characterLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0) return -1
  let from = 0x80
  let to = 0xbf
  if (first === 0xe0) from = 0xa0
  else if (first === 0xed) to = 0x9f
  else if (first === 0xf0) from = 0x90
  else if (first === 0xf4) to = 0x8f
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? bytes[at + i]! : 0
    if (byte < from || byte > to) return -i
    from = 0x80
    to = 0xbf
  }
  return length
}
