// Which metrics a transform is about, and what it takes from their names.
import { type Attributes, type Key, keyOf } from '../../data/index.ts'
import { compilePattern } from '../../match/regexp.ts'
import type { TransformConfig } from './config.ts'

export interface Filter {
  /** Whether it is about metrics of that name. */
  matches(name: string): boolean
  /** Whether it is about points with these attributes; undefined when about all. */
  readonly labels: ((attributes: Attributes) => boolean) | undefined
  /** The new name of a metric; "" when it stays. */
  rename(name: string): string
  /** What the groups of the pattern have found in a name: attributes for its points. */
  submatches(name: string): readonly (readonly [key: Key, value: string])[]
}

export function createFilter(config: TransformConfig): Filter {
  const { match_type, include, new_name, submatch_case } = config
  const labels = labelsOf(config)
  if (match_type === 'strict')
    return { matches: (name) => name === include, labels, rename: () => new_name, submatches: () => [] }
  const pattern = compilePattern(include)
  // The whole match is a group, too: $0.
  const whole = compilePattern(`(${include})`)
  const template = parseTemplate(new_name, [undefined, ...pattern.groupNames])
  const keys = pattern.groupNames.map((name, i) => keyOf(name ?? `$${i + 1}`))
  return {
    matches: (name) => pattern.test(name),
    labels,
    rename(name) {
      if (new_name === '') return ''
      const groups = whole.groups(name)
      return (groups && expand(template, groups)) || new_name
    },
    submatches(name) {
      const groups = pattern.groups(name) ?? []
      return groups.flatMap((value, i) => (value === '' ? [] : [[keys[i]!, inCase(value, submatch_case)] as const]))
    },
  }
}

const inCase = (value: string, wanted: 'lower' | 'upper' | undefined): string =>
  wanted === 'lower' ? value.toLowerCase() : wanted === 'upper' ? value.toUpperCase() : value

function labelsOf({ match_type, experimental_match_labels }: TransformConfig): Filter['labels'] {
  const wanted = Object.entries(experimental_match_labels).map(([name, text]) => {
    const pattern = match_type === 'regexp' ? compilePattern(text) : undefined
    const holds = pattern === undefined ? (value: string) => value === text : (value: string) => pattern.test(value)
    return { key: keyOf(name), holds }
  })
  if (wanted.length === 0) return undefined
  return (attributes) => wanted.every(({ key, holds }) => holds(attributes.getString(key) ?? ''))
}

/** Texts and, in between, numbers of groups. */
type Template = readonly (string | number)[]

/**
 * As Go's regexp.Expand: `$name`, `${name}`, `$1`; the name is as long as it can be, `$$` is a dollar, a group that there
 * is not is empty. A `$` that begins nothing stays.
 */
function parseTemplate(text: string, names: readonly (string | undefined)[]): Template {
  const pieces: (string | number)[] = []
  let end = 0
  for (const match of text.matchAll(/\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu)) {
    pieces.push(text.slice(end, match.index))
    end = match.index + match[0].length
    const name = match[1] ?? match[2]
    if (name === undefined) pieces.push('$')
    else pieces.push(/^\d+$/.test(name) ? Number(name) : names.indexOf(name))
  }
  pieces.push(text.slice(end))
  return pieces
}

const expand = (template: Template, groups: readonly string[]): string =>
  template.map((piece) => (typeof piece === 'string' ? piece : (groups[piece] ?? ''))).join('')
