import * as v from 'valibot'
import { coded, type Message } from '../config/coded.ts'
import { list, oneOf, optional, required, section } from '../config/schema.ts'
import { text } from '../config/values.ts'
import { attributeValue, patternText } from './config.ts'
import { problem } from './problem.ts'
import { compilePattern } from './regexp.ts'

const ACTIONS = ['insert', 'update', 'upsert', 'delete', 'hash', 'extract', 'convert'] as const

const name = v.pipe(
  v.string('must be a text'),
  v.transform((spelled) => spelled.toLowerCase()),
  oneOf(ACTIONS),
  v.metadata({ kind: 'choice', allowed: ACTIONS }),
)

const action = v.pipe(
  section({
    key: optional(text, 'The attribute to act on. Needed by all but `delete` and `hash` with a `pattern`.'),
    action: required(
      name,
      '`insert` what is not there, `update` what is, `upsert` either; `delete`; `hash` (SHA-256); `extract` parts of a text; `convert` the type.',
    ),
    value: optional(attributeValue, 'The value to insert, update or upsert: whatever YAML can say.'),
    from_attribute: optional(text, 'Take the value of this attribute.'),
    from_context: optional(
      text,
      'Take a value that came with the request: `metadata.<header>`, `auth.<attribute>` or `client.address`.',
    ),
    default_value: optional(attributeValue, 'The value when the attribute or context does not have one.'),
    pattern: optional(
      patternText,
      'A regular expression: for `extract` on the text, its named groups become attributes; for `delete` and `hash` on keys.',
    ),
    converted_type: optional(oneOf(['int', 'double', 'string', 'bool']), 'The type to convert to.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const [path, message] of problemsOf(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type ActionConfig = v.InferOutput<typeof action>

/** A list with something in it: without an action a processor would do nothing. */
export const actionList = v.pipe(list(action), v.minLength(1, 'must have at least one action'))

type Setting = keyof ActionConfig
type Problem = readonly [path: readonly Setting[], message: Message]

const SOURCES = ['value', 'from_attribute', 'from_context'] as const satisfies readonly Setting[]

/** What an action uses; the rest must not be given. */
const USES: Readonly<Record<(typeof ACTIONS)[number], readonly Setting[]>> = {
  insert: [...SOURCES, 'default_value'],
  update: [...SOURCES, 'default_value'],
  upsert: [...SOURCES, 'default_value'],
  delete: ['pattern'],
  hash: ['pattern'],
  extract: ['pattern'],
  convert: ['converted_type'],
}

function problemsOf(given: ActionConfig): Problem[] {
  const { action: what, pattern, converted_type } = given
  const uses = USES[what]
  const unused = [...SOURCES, 'default_value', 'pattern', 'converted_type'] as const
  const problems: Problem[] = unused
    .filter((setting) => isGiven(given, setting) && !uses.includes(setting))
    .map((setting) => [[setting], `is not used by ${what}`])
  const mayHavePattern = what === 'delete' || what === 'hash'
  if (!isGiven(given, 'key') && !(mayHavePattern && isGiven(given, 'pattern')))
    problems.push([
      [],
      coded('missing_setting', mayHavePattern ? `${what} needs a key or a pattern` : `${what} needs a key`),
    ])
  if (uses.includes('value')) problems.push(...sourceProblems(given))
  if (what === 'extract') problems.push(...groupProblems(pattern))
  if (what === 'convert' && converted_type === undefined)
    problems.push([[], coded('missing_setting', 'convert needs a converted_type')])
  return problems
}

/** An empty name is none; an empty value is one. */
const isGiven = (given: ActionConfig, setting: Setting): boolean =>
  given[setting] !== undefined && (given[setting] !== '' || setting === 'value' || setting === 'default_value')

function sourceProblems(given: ActionConfig): Problem[] {
  const sources = SOURCES.filter((setting) => isGiven(given, setting))
  if (sources.length > 1) return [[[sources[1]!], `cannot be combined with ${sources[0]}`]]
  if (sources.length === 1 || given.default_value !== undefined) return []
  return [
    [[], coded('missing_setting', `${given.action} needs a value, from_attribute, from_context or default_value`)],
  ]
}

function groupProblems(pattern: string | undefined): Problem[] {
  if (!pattern) return [[[], coded('missing_setting', 'extract needs a pattern')]]
  const { groupNames } = compilePattern(pattern)
  if (groupNames.length === 0)
    return [[['pattern'], coded('bad_pattern', 'must have named groups, such as (?P<name>.*)')]]
  return groupNames.includes(undefined)
    ? [[['pattern'], coded('bad_pattern', 'must have a name for each group: (?P<name>…), or (?:…)')]]
    : []
}
