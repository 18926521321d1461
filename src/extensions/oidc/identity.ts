// What a token says about who sends: `subject`, `membership`, `raw`, and each of its claims.
import type { JWTPayload } from 'jose'
import type { Identity } from '../../contract/index.ts'

/** Claims that the config names; empty when it does not. */
export interface NamedClaims {
  readonly username: string
  readonly groups: string
}

/** A text says what the token lacks. */
export function identityOf(claims: JWTPayload, raw: string, { username, groups }: NamedClaims): Identity | string {
  const subject = username === '' ? (claims.sub ?? '') : claims[username]
  if (subject === undefined) return `the token has no claim ${username}`
  if (typeof subject !== 'string') return `the claim ${username} is no text`
  const membership = groups === '' ? [] : claims[groups]
  if (membership === undefined) return `the token has no claim ${groups}`
  const identity = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(claims)) identity.set(name, textsOf(value))
  identity.set('subject', [subject])
  identity.set('membership', textsOf(membership))
  identity.set('raw', [raw])
  return identity
}

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : [textOf(value)])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
