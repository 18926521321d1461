// What stands below the options in the help of a command: its examples, and prose, set for the width of the terminal.
import { wrapped } from '../manual/wrap.ts'

export interface HelpTail {
  /** Paragraphs above the examples. A line that begins with blanks stays as it is. */
  readonly about?: readonly string[]
  /** Command lines, and what they are for where they do not say so themselves. */
  readonly examples: readonly (readonly [command: string, what?: string])[]
  /** Paragraphs below. */
  readonly notes?: readonly string[]
}

/** Without a terminal, and what lines are at most. */
const WIDTH = 80
const MOST_WIDTH = 120
/** Between a command and what it is for. */
const GAP = '   '

/** For commander's `addHelpText('after', …)`: asked when the help is printed. */
export const helpTail =
  (tail: HelpTail): (() => string) =>
  () =>
    helpText(tail, columnsOf(process.stdout))

export function helpText({ about = [], examples, notes = [] }: HelpTail, columns: number): string {
  const paragraphs = (texts: readonly string[]): string[] => texts.map((text) => paragraph(text, columns))
  const blocks = [...paragraphs(about), `Examples:\n${examplesText(examples, columns)}`, ...paragraphs(notes)]
  return `\n${blocks.join('\n\n')}`
}

/** As wide as the help above is set by commander, within reason. */
export const columnsOf = ({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number =>
  Math.max(40, Math.min(isTTY === true ? (columns ?? WIDTH) : WIDTH, MOST_WIDTH))

const paragraph = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => (line.startsWith(' ') ? line : wrapped(line, columns, '')))
    .join('\n')

/** In two columns where all of it fits; else what a command is for stands below it. */
function examplesText(examples: HelpTail['examples'], columns: number): string {
  const width = Math.max(...examples.map(([command, what]) => (what === undefined ? 0 : command.length)))
  const fits = examples.every(([, what = '']) => 2 + width + GAP.length + what.length <= columns)
  return examples
    .map(([command, what]) => {
      if (what === undefined) return `  ${command}`
      return fits ? `  ${command.padEnd(width)}${GAP}${what}` : `  ${command}\n${wrapped(what, columns, '      ')}`
    })
    .join('\n')
}
