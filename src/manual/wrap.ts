// Text set for a number of columns.
import { stripVTControlCharacters } from 'node:util'

/** Lines of at most so many columns; the first begins with `start`, the others with as many blanks. Colours take no room. */
export function wrapped(text: string, columns: number, start: string, hanging = lengthOf(start)): string {
  const lines: string[] = []
  let line = start
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && lengthOf(line) + 1 + lengthOf(word) > columns) {
      lines.push(line)
      line = ' '.repeat(hanging)
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line].join('\n')
}

const lengthOf = (text: string): number => stripVTControlCharacters(text).length
