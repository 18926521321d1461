// Names of log groups and log streams with placeholders.
//
//   {ServiceName}   one of the collector's words: the attribute of that very name, else the one it stands for
//   {any.attribute} the attribute
//   {date}          the day of the event in UTC, as {date:yyyy-MM-dd}; yyyy, MM, dd and HH stand for what they say
//
// Attributes are looked for in the resource first, then where the caller looks next. What is missing or empty is `undefined`.
import { type Attributes, type Key, keyOf, textOfValue } from '../../data/index.ts'

/** As in the collector's awsemf and awscloudwatchlogs exporters. */
const WORDS: Readonly<Record<string, string>> = {
  ClusterName: 'aws.ecs.cluster.name',
  TaskId: 'aws.ecs.task.id',
  NodeName: 'k8s.node.name',
  PodName: 'pod',
  ServiceName: 'service.name',
  ContainerInstanceId: 'aws.ecs.container.instance.id',
  TaskDefinitionFamily: 'aws.ecs.task.family',
  InstanceId: 'service.instance.id',
  FaasName: 'faas.name',
  FaasVersion: 'faas.version',
}
const MISSING = 'undefined'
const HOUR_MS = 3_600_000

type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'date'; readonly format: string }
  | { readonly type: 'attribute'; readonly name: string; readonly keys: readonly Key[] }

const PLACEHOLDER = /\{([^{}]*)\}/
const DATE = /^date(?::(.*))?$/

/** Why a text cannot be the template of a name; undefined when it can. */
export function templateProblem(text: string, kind: 'group' | 'stream'): string | undefined {
  for (const part of partsOf(text)) {
    if (part.type === 'attribute' && part.name === '')
      return 'has a placeholder without a name: {} must be the name of an attribute in braces'
    if (part.type === 'attribute') continue
    const fixed = part.type === 'text' ? part.text : part.format
    const unfit = (kind === 'group' ? /[^.\-_/#A-Za-z0-9]/ : /[:*]/).exec(fixed)?.[0]
    if (unfit !== undefined)
      return kind === 'group'
        ? `must be of letters, digits and . - _ / # and placeholders such as {service.name}, has ${JSON.stringify(unfit)}`
        : `must not have ${JSON.stringify(unfit)}, which AWS does not take in the name of a stream`
  }
  return undefined
}

function partsOf(text: string): Part[] {
  return text.split(PLACEHOLDER).flatMap((piece, i): Part[] => {
    if (i % 2 === 0) return piece === '' ? [] : [{ type: 'text', text: piece }]
    const date = DATE.exec(piece)
    if (date !== null) return [{ type: 'date', format: date[1] ?? 'yyyy-MM-dd' }]
    const keys = [keyOf(piece)]
    if (Object.hasOwn(WORDS, piece)) keys.push(keyOf(WORDS[piece]!))
    return [{ type: 'attribute', name: piece, keys }]
  })
}

/** Makes names from a template, and no name twice where it need not. */
export class NameTemplate {
  readonly #parts: readonly Part[]
  readonly #hasDate: boolean
  readonly #onMissing: (placeholder: string) => void
  /** For the resource at hand: `#parts` with what it has. */
  #known: readonly Part[]
  /** Whether that leaves nothing to look for in a record. */
  #isComplete: boolean
  #name: string | undefined
  #nameHour = -1

  /** `onMissing` hears of each name that was made without the value of a placeholder. */
  constructor(text: string, onMissing: (placeholder: string) => void) {
    this.#parts = partsOf(text)
    this.#hasDate = this.#parts.some(({ type }) => type === 'date')
    this.#onMissing = onMissing
    this.#known = this.#parts
    this.#isComplete = this.#parts.every(({ type }) => type !== 'attribute')
  }

  /** What follows comes from this resource. */
  enter(resource: Attributes): void {
    if (!this.#parts.some(({ type }) => type === 'attribute')) return
    this.#known = this.#parts.map((part) => {
      const text = part.type === 'attribute' ? find(resource, part.keys) : ''
      return text === '' ? part : { type: 'text', text }
    })
    this.#isComplete = this.#known.every(({ type }) => type !== 'attribute')
    this.#name = undefined
  }

  /** The name for an event of that time; `attributes` have what the resource has not. */
  nameOf(attributes: Attributes, timeMs: number): string {
    if (!this.#isComplete) return this.#make(attributes, timeMs)
    const hour = this.#hasDate ? Math.floor(timeMs / HOUR_MS) : -1
    if (this.#name === undefined || hour !== this.#nameHour) {
      this.#name = this.#make(attributes, timeMs)
      this.#nameHour = hour
    }
    return this.#name
  }

  #make(attributes: Attributes, timeMs: number): string {
    let name = ''
    for (const part of this.#known) name += this.#textOf(part, attributes, timeMs)
    return name
  }

  #textOf(part: Part, attributes: Attributes, timeMs: number): string {
    switch (part.type) {
      case 'text':
        return part.text
      case 'date':
        return dateText(part.format, timeMs)
      case 'attribute': {
        const found = find(attributes, part.keys)
        if (found !== '') return found
        this.#onMissing(part.name)
        return MISSING
      }
    }
  }
}

/** The first of the attributes that is there and not empty, as a text; else "". */
function find(attributes: Attributes, keys: readonly Key[]): string {
  for (const key of keys) {
    const value = attributes.get(key)
    const text = value === undefined ? '' : textOfValue(value)
    if (text !== '') return text
  }
  return ''
}

function dateText(format: string, timeMs: number): string {
  const iso = new Date(timeMs).toISOString()
  const at = iso.length - 24
  return format
    .replaceAll('yyyy', iso.slice(0, at + 4))
    .replaceAll('MM', iso.slice(at + 5, at + 7))
    .replaceAll('dd', iso.slice(at + 8, at + 10))
    .replaceAll('HH', iso.slice(at + 11, at + 13))
}
