/** `*` stands for any characters, `?` for one, nothing for themselves. In time bounded by the product of the lengths. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let tried = 0
  for (let i = 0; i < text.length; ) {
    if (pattern[at] === '*') {
      star = at++
      tried = i
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++
      i++
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1
      i = ++tried
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
