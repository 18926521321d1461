// Names of metrics and labels: OpenTelemetry's dots, slashes and units as Prometheus wants them.
// The rules are those of the OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", as the collector
// applies them; the tests have a table recorded from it.
import type { MetricType } from '../data/index.ts'
import { unitWords } from '../observe/units.ts'

export const strategies = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const
export type TranslationStrategy = (typeof strategies)[number]

/** What a metric's type adds to its name. */
export type NamedType = 'counter' | 'gauge' | 'other'

export const namedType = (type: MetricType, isMonotonic: boolean): NamedType =>
  type === 'gauge' ? 'gauge' : isMonotonic ? 'counter' : 'other'

export interface Naming {
  /** Undefined when nothing usable is left of the name. */
  metric(name: string, unit: string, type: NamedType): string | undefined
  label(key: string): string | undefined
  /** What stands before `target_info`. */
  readonly targetInfo: string
  /** Whether names may have any character: a scraper that does not understand that gets them escaped. */
  readonly allowsUtf8: boolean
}

export function createNaming(strategy: TranslationStrategy, namespace: string): Naming {
  switch (strategy) {
    case 'UnderscoreEscapingWithSuffixes':
      return escaped(namespace, normalized)
    case 'UnderscoreEscapingWithoutSuffixes':
      return escaped(namespace, (name) => words(name, /[^a-zA-Z0-9:_]+/).join('_'))
    case 'NoUTF8EscapingWithSuffixes':
      return verbatim(namespace, suffixed)
    case 'NoTranslation':
      return verbatim(namespace, (name) => name)
  }
}

type Translate = (name: string, unit: string, type: NamedType) => string

function escaped(namespace: string, translate: Translate): Naming {
  const prefix = namespace === '' ? '' : `${words(namespace, /[^a-zA-Z0-9:_]+/).join('_')}_`
  return {
    allowsUtf8: false,
    targetInfo: startingWell(`${prefix}target_info`),
    label: escapedLabel,
    metric(name, unit, type) {
      const translated = startingWell(prefix + translate(name, unit, type))
      return translated === '' || (translated !== name && /^_+$/.test(translated)) ? undefined : translated
    },
  }
}

function verbatim(namespace: string, translate: Translate): Naming {
  const prefix = namespace === '' ? '' : `${namespace}_`
  return {
    allowsUtf8: true,
    targetInfo: `${prefix}target_info`,
    label: (key) => (/^_*$/.test(key) ? undefined : key),
    metric: (name, unit, type) => translate(prefix + name, unit, type) || undefined,
  }
}

/** A name does not begin with a digit. */
const startingWell = (name: string): string => (/^[0-9]/.test(name) ? `_${name}` : name)

const words = (text: string, between: RegExp): string[] => text.split(between).filter((word) => word !== '')

/** Words of letters, digits and colons; unit and type at the end, each once. */
function normalized(name: string, unit: string, type: NamedType): string {
  let parts = words(name, /[^a-zA-Z0-9:]+/)
  const { main, per } = unitSuffixes(unit)
  const mainWord = cleanUnit(main)
  const perWord = cleanUnit(per)
    .replace(/^per_$/, '')
    .replace(/_$/, '')
  const hasPer = perWord !== '' && !parts.includes(perWord)
  const mainAdded = parts.includes(mainWord) ? '' : hasPer ? mainWord.replace(/_$/, '') : mainWord
  if (mainAdded !== '') parts.push(mainAdded)
  if (hasPer) parts.push(perWord)
  const last = typeSuffix(unit, type)
  if (last !== '') parts = [...parts.filter((part) => part !== last), last]
  return parts.join('_')
}

const cleanUnit = (unit: string): string => unit.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^_/, '')

/** The name as it is; what it already ends with is not said twice. */
function suffixed(name: string, unit: string, type: NamedType): string {
  const last = typeSuffix(unit, type)
  const { main, per } = unitSuffixes(unit)
  let text = withoutEnd(name, last)
  text = withoutEnd(text, per)
  if (main !== '' && !text.endsWith(main)) text += `_${main}`
  if (per !== '') text += `_${per}`
  return last === '' ? text : `${text}_${last}`
}

/** Cuts an ending and the character before it. */
const withoutEnd = (text: string, ending: string): string =>
  ending !== '' && text.endsWith(ending) && text.length > ending.length + 1 ? text.slice(0, -ending.length - 1) : text

const typeSuffix = (unit: string, type: NamedType): string =>
  type === 'counter' ? 'total' : type === 'gauge' && unit === '1' ? 'ratio' : ''

const perWords: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

/** What metadata calls a unit: the words of it that a name has at its end, `bytes_per_second`. */
export function unitOf(unit: string): string {
  const { main, per } = unitSuffixes(unit)
  return [main, per]
    .map(cleanUnit)
    .filter((word) => word !== '')
    .join('_')
}

/** `By/s` is bytes, per_second. Parts in braces are remarks, not units. */
function unitSuffixes(unit: string): { readonly main: string; readonly per: string } {
  const slash = unit.indexOf('/')
  const main = unitPart(slash < 0 ? unit : unit.slice(0, slash), unitWords)
  const per = slash < 0 ? '' : unitPart(unit.slice(slash + 1), perWords)
  return { main, per: per === '' ? '' : `per_${per}` }
}

function unitPart(text: string, known: Readonly<Record<string, string>>): string {
  const part = text.trim()
  if (/[{}]/.test(part)) return ''
  return Object.hasOwn(known, part) ? known[part]! : part
}

/** Letters, digits and single underscores, a word in front; `__name__` and its kind keep theirs. */
export function escapedLabel(key: string): string | undefined {
  const isReserved = key.length >= 4 && key.startsWith('__') && key.endsWith('__')
  const plain = (isReserved ? key.slice(2, -2) : key).replace(/[^a-zA-Z0-9]+/g, '_')
  if (isReserved) return /^_?$/.test(plain) ? undefined : `__${plain}__`
  if (plain === '') return undefined
  return /^[0-9]/.test(plain) ? `key_${plain}` : plain.startsWith('_') ? `key${plain}` : plain
}
