// The factories among what a plugin exports. It may be in JavaScript: each member that the agent reads is looked at here.
import { parseComponentId } from '../config/component-id.ts'
import { type ComponentKind, type Factory, SIGNALS } from '../contract/index.ts'

/** Every export that is meant as a factory must be a whole one; `problem` says what those lack that are not. */
export function factoriesIn(exported: Readonly<Record<string, unknown>>): {
  readonly factories: readonly Factory[]
  readonly problem: string | undefined
} {
  const factories = new Set<Factory>()
  /** By factory, as one that has two names is told once. */
  const problems = new Map<unknown, string>()
  for (const [name, value] of Object.entries(exported)) {
    for (const one of [value].flat()) {
      const mistakes = isMeant(one) ? mistakesOf(one) : []
      if (isWhole(one, mistakes)) factories.add(one)
      else if (mistakes.length > 0) problems.set(one, `its export ${titleOf(name, one)} ${mistakes.join(', and ')}`)
    }
  }
  if (problems.size > 0) return { factories: [], problem: [...problems.values()].join('; ') }
  return { factories: [...factories], problem: factories.size > 0 ? undefined : nothingIn(exported) }
}

const isMeant = (value: unknown): value is object =>
  isObject(value) && (isKind(value.kind) || ('create' in value && 'config' in value))

const isWhole = (value: unknown, mistakes: readonly string[]): value is Factory =>
  isMeant(value) && mistakes.length === 0

function titleOf(name: string, factory: unknown): string {
  const { kind, type } = isObject(factory) ? factory : {}
  const what = [kind, type].filter((one) => typeof one === 'string').join(' ')
  return what === '' ? name : `${name} (${what})`
}

/** Each continues "its export default (receiver tail) …". */
function mistakesOf(factory: object): string[] {
  const { kind } = factory as Members
  if (!isKind(kind)) {
    const given = kind === undefined ? 'has no kind' : `has the kind ${JSON.stringify(kind)}, which there is not`
    return [`${given}: make it with ${DEFINERS}`]
  }
  return Object.entries({ ...OF_EVERY_KIND, ...OF_KIND[kind] }).flatMap(([name, { isRight, right }]) => {
    const value = (factory as Members)[name]
    if (isRight(value)) return []
    return [`${value === undefined ? `has no ${name}` : `has a wrong ${name}`}: ${right}`]
  })
}

type Members = Readonly<Record<string, unknown>>

interface Member {
  isRight(value: unknown): boolean
  /** What would be right, with an example. */
  readonly right: string
}

const DEFINERS =
  "defineReceiver, defineProcessor, defineExporter, defineConnector or defineExtension of 'sluice/plugin'"
const STABILITIES: readonly unknown[] = ['development', 'alpha', 'beta', 'stable']

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null
const isFunction = (value: unknown): boolean => typeof value === 'function'
const isSignal = (value: unknown): boolean => (SIGNALS as readonly unknown[]).includes(value)
const isSignals = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isSignal)

const OF_EVERY_KIND: Readonly<Record<string, Member>> = {
  type: {
    isRight: isTypeName,
    right: "its name in configs, a letter and then letters, digits and _: type: 'tail'",
  },
  summary: { isRight: (value) => typeof value === 'string' && value !== '', right: 'a sentence for the manual' },
  stability: { isRight: (value) => STABILITIES.includes(value), right: `one of ${STABILITIES.join(', ')}` },
  config: {
    // Of valibot: another library's cannot be read, neither for the checks nor for the manual.
    isRight: (value) => isObject(value) && isFunction(value['~run']),
    right: "a schema, made with section({ … }) of 'sluice/plugin'; v is its valibot",
  },
  aliases: {
    isRight: (value) => value === undefined || (Array.isArray(value) && value.every(isTypeName)),
    right: "a list of other names: aliases: ['tail_log']",
  },
}

const CREATE: Member = { isRight: isFunction, right: 'a function that makes the component' }
const SOME_SIGNALS: Member = { isRight: isSignals, right: "a list of traces, metrics, logs: signals: ['logs']" }

const OF_KIND: Readonly<Record<ComponentKind, Readonly<Record<string, Member>>>> = {
  receiver: { signals: SOME_SIGNALS, create: CREATE },
  processor: {
    create: {
      isRight: (value) =>
        isObject(value) && isSignals(Object.keys(value)) && Object.values(value).every((one) => isFunction(one)),
      right: 'a function for each signal that it takes: create: { logs: (config, settings) => … }',
    },
  },
  exporter: { signals: SOME_SIGNALS, create: CREATE },
  connector: {
    routes: {
      isRight: (value) =>
        Array.isArray(value) && value.length > 0 && value.every((pair) => isSignals(pair) && pair.length === 2),
      right: "a list of pairs, what it takes and what it makes of that: routes: [['traces', 'metrics']]",
    },
    create: CREATE,
  },
  extension: { create: CREATE },
}

const isKind = (value: unknown): value is ComponentKind => typeof value === 'string' && Object.hasOwn(OF_KIND, value)

function isTypeName(value: unknown): boolean {
  try {
    return typeof value === 'string' && parseComponentId(value).type === value
  } catch {
    return false
  }
}

function nothingIn(exported: Members): string {
  const names = Object.keys(exported).join(', ') || 'nothing'
  return `exports no factory (it exports: ${names}); export what ${DEFINERS} returns`
}
