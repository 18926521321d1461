// What the YAML parser stumbles over, said for someone who writes configs and not parsers.
import type { YAMLParseError } from 'yaml'
import { locationOf, MAX_LINE, type Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import { hideSecrets } from './redact.ts'
import type { Source } from './source.ts'

/** Broken text goes wrong in many places; the first few say enough. */
const MAX_PROBLEMS = 5

export function explainSyntax(source: Source, errors: readonly YAMLParseError[]): Problem[] {
  const problems = new Map<number, Problem>()
  for (const error of errors) {
    if (problems.size === MAX_PROBLEMS) break
    const line = source.lineOf(error.pos[0])
    if (problems.has(line)) continue
    if (error.code === 'MULTIPLE_DOCS') problems.set(line, severalDocuments(source, error))
    // What follows a first error is mostly its echo, unless the line itself shows what is wrong.
    else if (problems.size === 0) problems.set(line, explain(source, error))
    else {
      const found = explainLine(source.line(line), source.startOf(line))
      if (found !== undefined) problems.set(line, problemOf(source, found, error.pos))
    }
  }
  return [...problems.values()]
}

const severalDocuments = (source: Source, { pos: [start] }: YAMLParseError): Problem => ({
  severity: 'warning',
  code: 'unsupported_yaml',
  message: 'only what stands above this --- is read',
  path: [],
  location: locationOf({ source, start, end: start + 3 }),
})

interface Explanation {
  /** Without one it is the syntax. */
  readonly code?: ProblemCode
  readonly message: string
  readonly hint?: string
  /** Where to point, when it is not where the parser stopped. */
  readonly start?: number
  readonly end?: number
}

function explain(source: Source, error: YAMLParseError): Problem {
  if (error.code === 'RESOURCE_EXHAUSTION')
    return problemOf(source, { code: 'config_too_large', message: 'nested too deep' }, error.pos)
  const [start, end] = error.pos
  const first = source.lineOf(start)
  const last = Math.min(source.lineOf(Math.max(start, end - 1)), first + 20)
  let found: Explanation | undefined
  for (let line = first; line <= last && found === undefined; line++)
    found = explainLine(source.line(line), source.startOf(line))
  return problemOf(source, found ?? explainCode(source, error), error.pos)
}

function problemOf(
  source: Source,
  { code = 'yaml_syntax', message, hint, start, end }: Explanation,
  [from, to]: YAMLParseError['pos'],
): Problem {
  const at = { source, start: start ?? from, end: end ?? Math.max(to, from + 1) }
  return { severity: 'error', code, message, path: [], location: locationOf(at), hint }
}

/** Slips that the line itself shows. */
function explainLine(line: string, offset: number): Explanation | undefined {
  if (line.length > MAX_LINE) return undefined
  const tab = /^ *(\t+)/.exec(line)
  if (tab !== null) {
    const start = offset + tab[0].indexOf('\t')
    const message = 'a tab stands where only spaces may: indentation'
    const hint = 'put spaces in place of the tab'
    return { code: 'bad_indentation', message, hint, start, end: start + tab[1]!.length }
  }
  const braces = /^(\s*(?:- +)?[\w./-]+: +)(\{[\w.-]+\}[^\s#].*?)\s*$/.exec(line)
  if (braces !== null) {
    const start = offset + braces[1]!.length
    const hint = `quotes make it a text: ${hideSecrets(`${braces[1]!.trim()} "${braces[2]}"`)}`
    const message = 'an unquoted value that begins with { is a mapping'
    return { code: 'needs_quotes', message, hint, start, end: start + braces[2]!.length }
  }
  const reference = /[[{,:] *(\$\{[^}"']*\})[^"']*[\]}]/.exec(line)
  if (reference !== null) {
    const start = offset + reference.index + reference[0].indexOf('${')
    // A default may be a secret.
    const hint = `write "${reference[1]!.replace(/:-.+(?=\}$)/s, ':-…')}"`
    const message = 'inside of { } or [ ] a reference needs quotes'
    return { code: 'needs_quotes', message, hint, start, end: start + reference[1]!.length }
  }
  const colon = /^(\s*(?:- +)?)([A-Za-z_][\w./-]*):([^\s:/][^#]*?)\s*(?:#.*)?$/.exec(line)
  if (colon !== null && !/: /.test(colon[3]!)) {
    const start = offset + colon[1]!.length + colon[2]!.length
    const hint = `write ${hideSecrets(`${colon[2]}: ${colon[3]}`)}`
    return { message: 'a space is missing after the colon', hint, start, end: start + 1 }
  }
  return undefined
}

/** What is left: the parser's own words, translated. */
function explainCode(source: Source, { code, message, pos: [start] }: YAMLParseError): Explanation {
  const line = source.line(source.lineOf(start)).slice(0, MAX_LINE)
  switch (code) {
    case 'BAD_SCALAR_START': {
      const character = source.text[start] ?? ''
      const message = `an unquoted value cannot begin with ${character}`
      return { code: 'needs_quotes', message, hint: 'put the value in quotes' }
    }
    case 'BLOCK_AS_IMPLICIT_KEY':
      if (/^[^#]*: [^#'"]*: /.test(line))
        return {
          code: 'needs_quotes',
          message: 'an unquoted value has a colon with a space in it',
          hint: 'put the value in quotes',
        }
      return {
        code: 'bad_indentation',
        message: 'this key has a value, and indented lines below it',
        hint: 'the lines below belong to the left, in line with this key, or the value away',
      }
    case 'BAD_DQ_ESCAPE':
      return {
        code: 'needs_quotes',
        message: 'a backslash in double quotes begins an escape, and there is none such',
        hint: 'single quotes leave backslashes alone: regular expressions stand best in them',
      }
    case 'MISSING_CHAR':
      if (message.includes('quote')) return { message: 'a quote is opened and never closed' }
      return {
        message: 'a key without a colon',
        hint: 'a mapping is written key: value, a list with a dash before each',
      }
    case 'MULTILINE_IMPLICIT_KEY':
      return { message: 'a key goes over several lines', hint: 'a colon is missing, or the indentation differs' }
    case 'BAD_INDENT':
      if (message.startsWith('Flow')) return unclosed(message)
      return { code: 'bad_indentation', message: 'the indentation fits none of the lines above' }
    case 'UNEXPECTED_TOKEN':
      if (message.includes('block-seq-ind'))
        return { message: 'a list cannot begin in the line of its key', hint: 'put the dash in a line of its own' }
      return {
        code: 'bad_indentation',
        message: 'this fits nothing above it',
        hint: 'keys of one mapping stand in one column, the items of a list under one another',
      }
    case 'BAD_ALIAS':
      return { code: 'bad_alias', message: 'an alias needs a name', hint: 'put the value in quotes if * belongs to it' }
    default:
      return { message: message.charAt(0).toLowerCase() + message.slice(1) }
  }
}

const unclosed = (message: string): Explanation => {
  const close = message.includes('map') ? '}' : ']'
  return { message: `a ${close} is missing`, hint: `what begins with ${close === '}' ? '{' : '['} ends with ${close}` }
}
