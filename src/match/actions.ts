// Attribute actions, compiled once: what the attributes and resource processors do to each attribute set.
import { hash } from 'node:crypto'
import {
  type AnyValue,
  type AttributeEdit,
  AttributeEdits,
  type Attributes,
  type Context,
  type Key,
  keyOf,
} from '../data/index.ts'
import type { ActionConfig } from './actionconfig.ts'
import { createConvert } from './convert.ts'
import { compilePattern, type Pattern } from './regexp.ts'

export type Edit = (attributes: Attributes, context: Context) => void

/** One edit that does all of these, in their order. */
export function compileActions(actions: readonly ActionConfig[]): Edit {
  const known = knownEdits(actions)
  if (known !== undefined) return (attributes) => attributes.edit(known)
  const edits = actions.map(compile)
  const [first] = edits
  if (first !== undefined && edits.length === 1) return first
  return (attributes, context) => {
    for (let i = 0; i < edits.length; i++) edits[i]!(attributes, context)
  }
}

/** Undefined when an action depends on what comes, or on another one. */
function knownEdits(actions: readonly ActionConfig[]): AttributeEdits | undefined {
  const edits: AttributeEdit[] = []
  const keys = new Set<string>()
  for (const { action, key, value, pattern } of actions) {
    if (!key || keys.has(key)) return undefined
    keys.add(key)
    if (action === 'delete' && pattern === undefined) edits.push({ action, key })
    else if (value === undefined) return undefined
    else if (action === 'insert' || action === 'update' || action === 'upsert') edits.push({ action, key, value })
    else return undefined
  }
  return new AttributeEdits(edits)
}

function compile(action: ActionConfig): Edit {
  const key = keyOf(action.key ?? '')
  switch (action.action) {
    case 'insert':
      return putting(key, action, (isThere) => !isThere)
    case 'update':
      return putting(key, action, (isThere) => isThere)
    case 'upsert':
      return putting(key, action, () => true)
    case 'delete':
      return onEach(action, (attributes, name) => void attributes.delete(name))
    case 'hash':
      return onEach(action, (attributes, name) => {
        if (attributes.has(name)) hashValue(attributes, name)
      })
    case 'extract':
      return extracting(key, compilePattern(action.pattern ?? ''))
    case 'convert': {
      const convert = createConvert(action.converted_type ?? 'string')
      return (attributes) => convert(attributes, key)
    }
  }
}

/** Where the value comes from decides; each way is its own function, so that the usual ones cost nothing extra. */
function putting(key: Key, action: ActionConfig, wants: (isThere: boolean) => boolean): Edit {
  const { value, default_value: fallback, from_attribute, from_context } = action
  const isAlways = wants(true) && wants(false)
  const may = (attributes: Attributes): boolean => isAlways || wants(attributes.has(key))
  if (value !== undefined)
    return (attributes) => {
      if (may(attributes)) attributes.set(key, value)
    }
  if (from_context !== undefined) {
    const valueIn = contextValue(from_context)
    return (attributes, context) => {
      const found = valueIn(context) ?? fallback
      if (found !== undefined && may(attributes)) attributes.set(key, found)
    }
  }
  const from = from_attribute === undefined ? undefined : keyOf(from_attribute)
  return (attributes) => {
    if (!may(attributes)) return
    const isCopied = from !== undefined && attributes.copy(from, key)
    if (!isCopied && fallback !== undefined) attributes.set(key, fallback)
  }
}

/** `metadata.x` (or `x`): what the client sent; `auth.x`: who it turned out to be; `client.address`: where it is. */
function contextValue(name: string): (context: Context) => AnyValue | undefined {
  if (name === 'client.address') return ({ clientAddress }) => clientAddress ?? ''
  if (name.startsWith('auth.')) {
    const attribute = name.slice('auth.'.length)
    return ({ auth }) => joined(auth?.get(attribute))
  }
  const header = (name.startsWith('metadata.') ? name.slice('metadata.'.length) : name).toLowerCase()
  return ({ metadata }) => joined(metadata.get(header))
}

const joined = (values: readonly string[] | undefined): string | undefined =>
  values === undefined || values.length === 0 ? undefined : values.join(';')

/** The key itself, which may be absent, then every key in which the pattern is found. */
function onEach({ key, pattern }: ActionConfig, edit: (attributes: Attributes, key: Key) => void): Edit {
  const named = key ? keyOf(key) : undefined
  const isMeant = pattern === undefined ? undefined : rememberKeys(compilePattern(pattern))
  return (attributes) => {
    if (named !== undefined) edit(attributes, named)
    if (isMeant === undefined) return
    let found: Set<string> | undefined
    attributes.forEachKey((name) => {
      if (isMeant(name)) (found ??= new Set()).add(name)
    })
    if (found !== undefined) for (const name of found) edit(attributes, keyOf(name))
  }
}

/** There are few different keys, each met again and again. */
const MAX_KEYS = 4096
/** No key that anybody chose is longer; what is, is not remembered. */
const MAX_KEY_LENGTH = 256

function rememberKeys(pattern: Pattern): (key: string) => boolean {
  const answers = new Map<string, boolean>()
  return (key) => {
    if (key.length > MAX_KEY_LENGTH) return pattern.test(key)
    let answer = answers.get(key)
    if (answer === undefined) {
      answer = pattern.test(key)
      if (answers.size === MAX_KEYS) answers.clear()
      answers.set(key, answer)
    }
    return answer
  }
}

const EIGHT_BYTES = Buffer.alloc(8)

/** SHA-256 in hex: of a text's UTF-8, a boolean's one byte, a number's eight, little endian. Nothing else has one. */
function hashValue(attributes: Attributes, key: Key): void {
  const value = attributes.get(key)
  switch (typeof value) {
    case 'string':
      return attributes.set(key, hash('sha256', value))
    case 'boolean':
      return attributes.set(key, hash('sha256', Buffer.of(value ? 1 : 0)))
    case 'bigint':
      EIGHT_BYTES.writeBigInt64LE(value)
      return attributes.set(key, hash('sha256', EIGHT_BYTES))
    case 'number':
      if (attributes.typeOf(key) === 'int') EIGHT_BYTES.writeBigInt64LE(BigInt(value))
      else EIGHT_BYTES.writeDoubleLE(value)
      return attributes.set(key, hash('sha256', EIGHT_BYTES))
    default:
      return attributes.set(key, '')
  }
}

function extracting(key: Key, pattern: Pattern): Edit {
  const targets = pattern.groupNames.map((name) => keyOf(name ?? ''))
  return (attributes) => {
    const text = attributes.getString(key)
    const groups = text === undefined ? undefined : pattern.groups(text)
    if (groups !== undefined) for (const [i, target] of targets.entries()) attributes.set(target, groups[i]!)
  }
}
