// One member of a secret that is a JSON object. Errors name members, never what is in them.
import { RetrieveError } from '../../config/retrieve.ts'
import { isMapping } from './call.ts'

const MAX_NAMES = 20

/** Texts as they are, everything else as JSON; undefined when there is no such member. */
export function memberOf(text: string, key: string, name: string): string | undefined {
  const members = parseObject(text, name)
  if (!Object.hasOwn(members, key)) return undefined
  const value = members[key]
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** For `memberOf` that gave nothing. */
export function noSuchMember(text: string, key: string, name: string): RetrieveError {
  const names = Object.keys(parseObject(text, name))
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : ''
  const there = names.length === 0 ? 'it is empty' : `there are ${names.slice(0, MAX_NAMES).join(', ')}${more}`
  return new RetrieveError('secret_not_found', `${name} has no key ${JSON.stringify(key)}`, there)
}

function parseObject(text: string, name: string): Readonly<Record<string, unknown>> {
  const parsed = parseExactly(text)
  if (isMapping(parsed)) return parsed
  throw new RetrieveError(
    'bad_reference',
    `${name} is no JSON object, so there is no key to take from it`,
    'leave # and the key away to take all of it',
  )
}

const rawJson: unknown = Reflect.get(JSON, 'rawJSON')

/** Numbers stay as they were written: 64 bits and trailing zeros included. Never throws what it was given. */
function parseExactly(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined && typeof rawJson === 'function'
      ? rawJson(context.source)
      : value
  try {
    return JSON.parse(text, keep)
  } catch {
    return undefined
  }
}
