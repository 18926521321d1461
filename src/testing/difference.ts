/** Lines on each side of a change that are shown with it. */
const AROUND = 3
/** Beyond it the lines are compared one by one, in order. */
const MOST_CELLS = 4_000_000

/** Two texts line by line: what only the first has begins with `-`, what only the second has with `+`. Empty when they are the same. */
export function difference(expected: string, found: string): string {
  if (expected === found) return ''
  const marked = compare(expected.split('\n'), found.split('\n'))
  const isShown = marked.map((_, index) =>
    marked.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((line) => !line.startsWith(' ')),
  )
  return marked
    .flatMap((line, index) => {
      if (isShown[index]) return [line]
      return isShown[index - 1] ? ['  …'] : []
    })
    .join('\n')
}

function compare(before: readonly string[], after: readonly string[]): string[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++
  const same = (line: string): string => `  ${line}`
  return [
    ...before.slice(0, start).map(same),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ]
}

/** By the longest sequence of lines that both have. */
function changed(before: readonly string[], after: readonly string[]): string[] {
  if (before.length * after.length > MOST_CELLS)
    return [...before.map((line) => `- ${line}`), ...after.map((line) => `+ ${line}`)]
  const width = after.length + 1
  const longest = new Uint32Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      longest[i * width + j] =
        before[i] === after[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push(`  ${before[i]}`)
      i++
      j++
    } else if (j >= after.length || (i < before.length && longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!))
      lines.push(`- ${before[i++]}`)
    else lines.push(`+ ${after[j++]}`)
  }
  return lines
}
