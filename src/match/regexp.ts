// Regular expressions from configs, in Go's spelling (RE2), in time proportional to the text whatever the pattern.
//
// A pattern for which backtracking provably costs little runs on the engine of the platform (30 ns for a short text), on
// texts up to the length for which that holds. Everything else runs on re2js: 250 ns for a short text, 10 ms a megabyte.
// The platform's own linear engine, and its guard against excessive backtracking, were measured and are no help: the one
// takes 1.3 µs for a short text, the other lets `a+b` take 90 s for a megabyte of "a".
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import { parseQuick, type Quick } from './quick.ts'

export interface Pattern {
  /** As in the config. */
  readonly source: string
  /** By group, from 1; undefined for a group without a name. */
  readonly groupNames: readonly (string | undefined)[]
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean
  /** What each group matched, from 1, "" when it took no part; undefined when there is no match. */
  groups(text: string): readonly string[] | undefined
  /** Where each group matched, from 1, undefined when it took no part; undefined when there is no match. */
  ranges(text: string): readonly (Range | undefined)[] | undefined
}
export type Range = readonly [start: number, end: number]

/** Longer ones cost more to compile than any config should. */
const MAX_LENGTH = 16_384

/** Throws `SyntaxError` with what is wrong. */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_LENGTH)
    throw new SyntaxError(`pattern is too long: ${source.length} characters, at most ${MAX_LENGTH}`)
  const quick = parseQuick(source)
  return quick === undefined ? onRe2(source) : onBoth(source, quick)
}

function onRe2(source: string): Pattern {
  const re2 = compileRe2(source)
  return {
    source,
    groupNames: namesOf(re2),
    test: (text) => re2.test(text),
    groups: (text) => groupsOf(re2, text),
    ranges: (text) => rangesOf(re2, text),
  }
}

function onBoth(source: string, { regExp, groupNames, maxLength }: Quick): Pattern {
  let made: RE2JS | undefined
  let indexed: RegExp | undefined
  const re2 = (): RE2JS => (made ??= compileRe2(source))
  return {
    source,
    groupNames,
    test: (text) => (text.length <= maxLength ? regExp.test(text) : re2().test(text)),
    groups(text) {
      if (text.length > maxLength) return groupsOf(re2(), text)
      const match = regExp.exec(text)
      return match === null ? undefined : Array.from({ length: groupNames.length }, (_, i) => match[i + 1] ?? '')
    },
    ranges(text) {
      if (text.length > maxLength) return rangesOf(re2(), text)
      // Positions cost more than texts, and hardly anybody asks.
      indexed ??= new RegExp(regExp, 'd')
      const indices = indexed.exec(text)?.indices
      return indices && Array.from({ length: groupNames.length }, (_, i) => indices[i + 1])
    },
  }
}

/** Whether there is a match at all is cheap to know; where the groups are is not. */
function groupsOf(re2: RE2JS, text: string): readonly string[] | undefined {
  if (!re2.test(text)) return undefined
  const matcher = re2.matcher(text)
  if (!matcher.find()) return undefined
  return Array.from({ length: re2.groupCount() }, (_, i) => matcher.group(i + 1) ?? '')
}

function rangesOf(re2: RE2JS, text: string): readonly (Range | undefined)[] | undefined {
  if (!re2.test(text)) return undefined
  const matcher = re2.matcher(text)
  if (!matcher.find()) return undefined
  return Array.from({ length: re2.groupCount() }, (_, i) => {
    const start = matcher.start(i + 1)
    return start < 0 ? undefined : ([start, matcher.end(i + 1)] as const)
  })
}

function namesOf(re2: RE2JS): (string | undefined)[] {
  const names = Array.from<string | undefined>({ length: re2.groupCount() })
  for (const [name, group] of Object.entries(re2.namedGroups())) names[group - 1] = name
  return names
}

/** Loaded with the first pattern that needs it: 5 MB and 8 ms. The bundler looks for `require` by that name. */
let engine: typeof RE2JS | undefined
const loadEngine = (): { readonly RE2JS: typeof RE2JS } =>
  typeof require === 'function' ? require('re2js') : createRequire(import.meta.url)('re2js')

function compileRe2(source: string): RE2JS {
  engine ??= loadEngine().RE2JS
  try {
    return engine.compile(source)
  } catch (error) {
    throw new SyntaxError(complaint(source, error instanceof Error ? error.message : String(error)))
  }
}

function complaint(source: string, message: string): string {
  if (/\(\?<?[=!]/.test(source))
    return 'lookahead and lookbehind are not supported: they cannot be matched in linear time'
  if (/\\[1-9]|\\k/.test(source)) return 'back-references are not supported: they cannot be matched in linear time'
  return message.replace(/^error parsing regexp: /, '')
}
