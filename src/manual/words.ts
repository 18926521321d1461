// What a person reads of a setting: its type, its default, what is in it.
import type { Shape } from '../config/index.ts'

/** A setting inside another. */
export interface Child {
  /** `key`, `<name>` for what the user calls it, `[]` for the items of a list. */
  readonly step: string
  readonly shape: Shape
}

/** Of more words only the first are shown. */
const MAX_WORDS = 10

export function typeText(shape: Shape): string {
  switch (shape.kind) {
    case 'section':
      return 'section'
    case 'record':
      return `mapping to ${plural(shape.of())}`
    case 'list':
      return `list of ${plural(shape.of())}`
    case 'texts':
      return 'list of texts'
    case 'union':
      return [...new Set(shape.options().map(typeText))].join(' or ')
    case 'choice':
      return shape.allowed?.length === 1 ? choiceText(shape.allowed) : `one of ${choiceText(shape.allowed ?? [])}`
    case 'headers':
      return 'mapping to secrets'
    case 'endpoint':
      return 'host:port'
    case 'url':
      return 'URL'
    case 'id':
      return 'id of a component'
    case 'extension':
      return 'id of an extension'
    case 'flag':
      return 'true or false'
    case 'integer':
      return `whole number${boundsText(shape)}`
    case 'number':
      return `number${boundsText(shape)}`
    case 'milliseconds':
      return 'milliseconds or duration'
    case 'any':
      return 'anything'
    default:
      return shape.kind
  }
}

function choiceText(allowed: readonly unknown[]): string {
  const words = allowed.map((word) => (word === '' ? '""' : String(word)))
  return words.length <= MAX_WORDS ? words.join(', ') : `${words.slice(0, 3).join(', ')} and ${words.length - 3} more`
}

function plural(of: Shape | undefined): string {
  if (of === undefined) return 'anything'
  if (of.kind === 'choice') return `words (${choiceText(of.allowed ?? [])})`
  const type = typeText(of)
  if (of.kind === 'union') return type
  return type
    .replace(/^id of an? (\w+)$/, 'ids of $1s')
    .replace(/^(text|secret|section|duration|size|URL|number|whole number|list|mapping)\b/, '$1s')
}

function boundsText({ least, most }: Shape): string {
  const isBound = (number: number | undefined): number is number =>
    number !== undefined && Math.abs(number) < Number.MAX_SAFE_INTEGER
  // A number of things is never negative, which needs no words.
  if (isBound(most)) return `, ${isBound(least) ? least : 'at most'}${isBound(least) ? ' to ' : ' '}${most}`
  return isBound(least) && least !== 0 ? `, at least ${least}` : ''
}

/** As in YAML; undefined where there is nothing to say. */
export function defaultText({ byDefault }: Shape): string | undefined {
  if (byDefault === undefined || byDefault === null || byDefault === '') return undefined
  if (typeof byDefault !== 'object') return String(byDefault)
  return Object.keys(byDefault).length === 0 ? undefined : flow(byDefault)
}

/** A short value in a line. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${flow(inner)}`)
      .join(', ')}}`
  return value === '' || (typeof value === 'string' && /[,:[\]{}#]/.test(value)) ? JSON.stringify(value) : String(value)
}

/** What is in a section, in the items of a list, in the values of a mapping, in any form that it may have. */
export function childrenOf(shape: Shape): Child[] {
  if (shape.kind === 'section') return [...shape.entries()].map(([step, inner]) => ({ step, shape: inner }))
  if (shape.kind === 'union') return shape.options().flatMap(childrenOf)
  const of = shape.of()
  if (of === undefined || childrenOf(of).length === 0) return []
  return [{ step: shape.kind === 'list' ? '[]' : '<name>', shape: of }]
}

/** What is special about a component stands in front of the sections that many have (`tls`, `sending_queue`). */
export function inReadingOrder(children: readonly Child[]): Child[] {
  const isSection = ({ shape }: Child): boolean => childrenOf(shape).length > 0
  const isNeeded = ({ shape }: Child): boolean => !shape.isOptional
  return [
    ...children.filter(isNeeded),
    ...children.filter((child) => !isNeeded(child) && !isSection(child)),
    ...children.filter((child) => !isNeeded(child) && isSection(child)),
  ]
}

export interface Row {
  /** `actions[].key` */
  readonly path: string
  readonly shape: Shape
}

/** Every setting below one, those inside of sections behind them; once where a schema contains itself. */
export function rowsOf(shape: Shape, path = '', open: ReadonlySet<object> = new Set()): Row[] {
  if (open.has(shape.core)) return []
  const inside = new Set([...open, shape.core])
  return inReadingOrder(childrenOf(shape)).flatMap(({ step, shape: inner }) => {
    const at = step === '[]' || path === '' ? `${path}${step}` : `${path}.${step}`
    const rows = rowsOf(inner, at, inside)
    // Items and values have no sentence of their own.
    return step === '[]' || step === '<name>' ? rows : [{ path: at, shape: inner }, ...rows]
  })
}
