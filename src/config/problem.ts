// What is wrong with a config, said so that it can be put right: where, what, what would be right.
import type { ProblemCode } from './problem-code.ts'
import { hideSecrets, isSecretKey, isSecretSection, REDACTED } from './redact.ts'
import type { Location, Source, Span } from './source.ts'
import type { Path } from './tree.ts'

export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly code: ProblemCode
  /** In lower case, without "failed to". */
  readonly message: string
  readonly path: Path
  readonly location?: Location | undefined
  /** What is there; `[REDACTED]` for a secret. */
  readonly value?: unknown
  readonly hint?: string | undefined
}

/** Everything that is wrong with a config, at once. The message is the whole report. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(formatProblems(problems))
    this.problems = problems
  }
}

/** `receivers::otlp::protocols`, items of lists as `actions[2]`. */
export const formatPath = (path: Path): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const name = step.length > MAX_NAME ? `${step.slice(0, MAX_NAME)}…` : step
    return text === '' ? name : `${text}::${name}`
  }, '')

/** No name is that long; what is, is something else. */
const MAX_NAME = 200

/** For a terminal: place, path, message and code, the line with what is meant underlined, and a hint. In the order of the text. */
export function formatProblems(problems: readonly Problem[]): string {
  const lists = new Set<string>()
  const lines = inOrder(problems)
    .slice(0, MAX_SHOWN)
    .map((problem) => formatProblem(problem, lists))
  if (problems.length > MAX_SHOWN) lines.push(`and ${problems.length - MAX_SHOWN} more`)
  return lines.join('\n')
}

/** Who has more to put right does that first. */
const MAX_SHOWN = 100

/** By source, line and column; what has no place comes where its source would. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const sources = [...new Set(problems.map((problem) => problem.location?.source))]
  const compare = (a: Problem, b: Problem): number =>
    sources.indexOf(a.location?.source) - sources.indexOf(b.location?.source) ||
    (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
    (a.location?.column ?? 0) - (b.location?.column ?? 0)
  return [...problems].sort(compare)
}

/** `lists` are the hints that have been shown and list what there is: nobody reads the same one twice. */
function formatProblem({ severity, code, message, path, location, hint }: Problem, lists: Set<string>): string {
  const place = location ? `${location.source}:${location.line}:${location.column}: ` : ''
  const where = path.length > 0 ? `${formatPath(path)}: ` : ''
  const lines = [`${place}${severity === 'warning' ? 'warning: ' : ''}${where}${clipped(message)} [${code}]`]
  if (location?.text !== undefined) lines.push(...snippet(location, location.text))
  if (hint !== undefined) lines.push(`    ${lists.has(hint) ? 'there are those named above' : clipped(hint)}`)
  if (hint?.startsWith('there are ')) lists.add(hint)
  return lines.join('\n')
}

/** What is longer repeats a value that is. */
const MAX_WORDS = 2000
const clipped = (text: string): string => (text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text)

const MAX_SNIPPET = 120

function snippet({ line, column, length = 1 }: Location, text: string): string[] {
  const from = column > MAX_SNIPPET - 20 && column <= text.length ? column - 40 : 0
  const shown = text.slice(from, from + MAX_SNIPPET)
  const number = String(line).padStart(5)
  // What is meant may be part of what is hidden.
  if (column - from > shown.length) return [`${number} | ${shown}`]
  // A tab keeps its width in both lines.
  const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ')
  const carets = '^'.repeat(Math.max(1, Math.min(length, shown.length - before.length)))
  return [`${number} | ${shown}`, `${' '.repeat(number.length)} | ${before}${carets}`]
}

/** The place of a stretch of text, with the line that it is on. */
export function locationOf({ source, start, end }: Span): Location {
  const line = source.lineOf(start)
  const column = start - source.startOf(line) + 1
  const whole = source.line(line)
  if (whole.length > MAX_LINE) return { source: source.name, line: line + 1, column }
  const text = source.isSecret ? REDACTED : isInSecret(source, line) ? hideValue(whole) : hideSecrets(whole)
  const length = Math.max(1, Math.min(end, source.startOf(line) + whole.length) - start)
  // What is hidden may have another length; then one caret has to do.
  const isMoved = text !== whole && text.slice(0, column + length - 1) !== whole.slice(0, column + length - 1)
  return { source: source.name, line: line + 1, column, text, length: isMoved ? 1 : length }
}

/** A longer line is neither quoted nor looked at closely. */
export const MAX_LINE = 2000
/** How far up a line looks for what it is part of. */
const MAX_LINES_UP = 200

/** Whether a line stands, by its indentation, under a key whose values are secrets. */
function isInSecret(source: Source, line: number): boolean {
  const indentation = (text: string): number => text.search(/\S/)
  let depth = indentation(source.line(line))
  for (let up = line - 1; up >= 0 && up > line - MAX_LINES_UP && depth > 0; up--) {
    const text = source.line(up)
    const indented = indentation(text)
    if (indented < 0 || indented >= depth) continue
    depth = indented
    const key = /^[\s-]*(["']?)([^\s"':]+)\1\s*:/.exec(text)?.[2]
    if (key !== undefined && (isSecretKey(key) || isSecretSection(key))) return true
  }
  return false
}

/** A line of which everything but the key is hidden. */
const hideValue = (line: string): string => /^[\s-]*[^\s:]+:/.exec(line)?.[0].concat(` ${REDACTED}`) ?? REDACTED
