// Settings that processors share: patterns, values, `include` and `exclude`.
import * as v from 'valibot'
import { coded, type Message } from '../config/coded.ts'
import { anything, list, oneOf, optional, required, section, setting, texts } from '../config/schema.ts'
import { flag, integer, nonEmptyText, text } from '../config/values.ts'
import type { AnyValue } from '../data/index.ts'
import { problem } from './problem.ts'
import { compilePattern } from './regexp.ts'

/** A regular expression in Go's spelling; stays a text. */
export const patternText = v.pipe(
  v.string(coded('bad_pattern', 'must be a regular expression')),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? complaintAbout(dataset.value) : undefined
    if (message !== undefined) addIssue({ message })
  }),
  v.metadata({ kind: 'text' }),
)

function complaintAbout(source: string): Message | undefined {
  try {
    compilePattern(source)
    return undefined
  } catch (error) {
    if (error instanceof SyntaxError) return coded('bad_pattern', error.message)
    throw error
  }
}

/** As deep as a value may nest on the wire. */
const MAX_DEPTH = 32

/** Any value of YAML, as an attribute has it. */
export const attributeValue = v.pipe(
  anything,
  v.rawTransform<unknown, AnyValue>(({ dataset, addIssue, NEVER }) => {
    const value = anyValueOf(dataset.value, MAX_DEPTH)
    if (value !== undefined) return value
    addIssue({ message: `must not nest deeper than ${MAX_DEPTH}` })
    return NEVER
  }),
  v.metadata({ kind: 'any' }),
)

function anyValueOf(value: unknown, depth: number): AnyValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : depth === 0 ? undefined : nestedOf(value, depth - 1)
    default:
      return null
  }
}

function nestedOf(value: object, depth: number): AnyValue | undefined {
  const entries: [string, AnyValue][] = []
  for (const [key, inner] of Object.entries(value)) {
    const converted = anyValueOf(inner, depth)
    if (converted === undefined) return undefined
    entries.push([key, converted])
  }
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : new Map(entries)
}

/** Attributes that must all be there, with these values where they are given. */
export const wantedAttributes = list(
  section({
    key: required(nonEmptyText, 'The attribute that must be there.'),
    value: optional(
      attributeValue,
      'Its value: the very same with `strict`, a regular expression for its text with `regexp`; any when left out.',
    ),
  }),
)

const libraries = list(
  section({
    name: required(text, 'The name of the instrumentation scope.'),
    version: optional(text, 'Its version; any when left out, none when empty.'),
  }),
)

/** How patterns are evaluated. */
export const regexpSettings = setting(
  section({
    cacheenabled: setting(flag, false, 'Remember which texts matched.'),
    cachemaxnumentries: setting(integer(), 0, 'How many texts are remembered; 0 as many as are sensible.'),
  }),
  {},
  'How regular expressions are evaluated.',
)

const common = {
  match_type: required(oneOf(['strict', 'regexp']), 'Whether the texts below are compared or are regular expressions.'),
  regexp: regexpSettings,
  attributes: setting(wantedAttributes, [], 'Spans and log records: all of these attributes match.'),
  resources: setting(wantedAttributes, [], 'All of these resource attributes match.'),
  libraries: setting(libraries, [], 'Spans and log records: the instrumentation scope matches all of these.'),
}
const ofSpans = {
  services: setting(texts, [], 'Spans: `service.name` of the resource is one of these.'),
  span_names: setting(texts, [], 'Spans: the name is one of these.'),
  span_kinds: setting(texts, [], 'Spans: the kind is one of these, such as SPAN_KIND_SERVER.'),
}

const matchProperties = v.pipe(
  section({
    ...common,
    ...ofSpans,
    log_bodies: setting(texts, [], 'Log records: the body, as text, is one of these.'),
    log_severity_texts: setting(texts, [], 'Log records: the severity text is one of these.'),
    log_severity_number: optional(
      section({
        min: setting(integer(0, 24), 0, 'The lowest severity number that matches.'),
        match_undefined: setting(flag, false, 'Whether records without a severity number match.'),
      }),
      'Log records: the severity number.',
    ),
    metric_names: setting(texts, [], 'Metrics: the name is one of these.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of problemsOf(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type MatchProperties = v.InferOutput<typeof matchProperties>

/** Entries to spread into a processor's section. */
export const matchSettings = {
  include: optional(matchProperties, 'Only what matches all of this is processed; everything when left out.'),
  exclude: optional(matchProperties, 'What matches all of this is not processed. Looked at after `include`.'),
}

/** The same for spans alone. */
const spanProperties = v.pipe(
  section({ ...common, ...ofSpans }),
  v.transform(
    (properties): MatchProperties => ({
      ...properties,
      log_bodies: [],
      log_severity_texts: [],
      log_severity_number: undefined,
      metric_names: [],
    }),
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of problemsOf(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export const spanMatchSettings = {
  include: optional(spanProperties, 'Only what matches all of this is processed; everything when left out.'),
  exclude: optional(spanProperties, 'What matches all of this is not processed. Looked at after `include`.'),
}

export interface MatchConfig {
  readonly include?: MatchProperties | undefined
  readonly exclude?: MatchProperties | undefined
}

const LISTS = ['services', 'span_names', 'span_kinds', 'log_bodies', 'log_severity_texts', 'metric_names'] as const
export const SPAN_KINDS = [
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
] as const

export interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: Message
}

function problemsOf(properties: MatchProperties): Problem[] {
  return properties.match_type === 'strict' ? unknownKinds(properties) : badPatterns(properties)
}

function unknownKinds({ span_kinds }: MatchProperties): Problem[] {
  const known: readonly string[] = SPAN_KINDS.slice(1)
  return span_kinds.flatMap((kind, i) =>
    known.includes(kind) ? [] : [{ path: ['span_kinds', i], message: `must be one of ${known.join(', ')}` }],
  )
}

function badPatterns(properties: MatchProperties): Problem[] {
  const spelled: [path: (string | number)[], pattern: unknown][] = [
    ...LISTS.flatMap((key) => properties[key].map((pattern, i): [(string | number)[], unknown] => [[key, i], pattern])),
    ...(['attributes', 'resources'] as const).flatMap((key) =>
      properties[key].map(({ value }, i): [(string | number)[], unknown] => [[key, i, 'value'], value]),
    ),
    ...properties.libraries.flatMap(({ name, version }, i): [(string | number)[], unknown][] => [
      [['libraries', i, 'name'], name],
      [['libraries', i, 'version'], version],
    ]),
  ]
  return patternProblems(spelled)
}

/** What is wrong with values that must be patterns; undefined ones are not given. */
export const patternProblems = (
  spelled: readonly (readonly [path: readonly (string | number)[], pattern: unknown])[],
): Problem[] =>
  spelled.flatMap(([path, pattern]) => {
    if (pattern === undefined) return []
    const message =
      typeof pattern === 'string'
        ? complaintAbout(pattern)
        : coded('bad_pattern', 'must be a text, since match_type is regexp')
    return message === undefined ? [] : [{ path, message }]
  })
