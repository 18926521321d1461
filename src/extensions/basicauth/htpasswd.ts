// Files of htpasswd: `name:hash` a line, https://httpd.apache.org/docs/current/misc/password_encryptions.html
import { createHash } from 'node:crypto'
import { isSameText } from '../../net/same-text.ts'
import { parseCrypt } from './crypt.ts'

/** Whether a password is the right one. */
export type Check = (password: string) => boolean | Promise<boolean>

export interface Surroundings {
  /** Compares with a hash that is slow on purpose. */
  readonly isRight: (password: string, hash: string) => Promise<boolean>
  /** What may be a mistake, with its line. */
  readonly warn: (message: string) => void
}

/** By name; of a name that stands there twice the last counts. Throws what is wrong, with its line, never the hash. */
export function parseHtpasswd(text: string, surroundings: Surroundings): Map<string, Check> {
  const checks = new Map<string, Check>()
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim()
    if (entry === '' || entry.startsWith('#')) continue
    const colon = entry.indexOf(':')
    const where = `line ${index + 1}`
    if (colon < 1) throw new Error(`${where}: must be name:hash, as htpasswd writes it`)
    const hash = entry.slice(colon + 1)
    const check = checkOf(hash, surroundings)
    if (typeof check === 'string') throw new Error(`${where}: ${check}`)
    if (DES_FORM.test(hash))
      surroundings.warn(
        `${where}: taken as the password itself; if it is a hash of crypt(3) (DES), make it anew: htpasswd -B`,
      )
    checks.set(entry.slice(0, colon), check)
  }
  return checks
}

const BCRYPT_FORM = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const MIN_BCRYPT_COST = 4
/** It takes about a second, and each step beyond twice as long. */
const MAX_BCRYPT_COST = 14
/** Anything of thirteen such letters looks the same. */
const DES_FORM = /^[./0-9A-Za-z]{13}$/

/** A text says what is wrong. What looks like no hash at all is the password, as in the collector. */
function checkOf(hash: string, { isRight }: Surroundings): Check | string {
  const slow: Check = (password) => isRight(password, hash)
  const bcrypt = BCRYPT_FORM.exec(hash)
  if (bcrypt !== null) {
    const cost = Number(bcrypt[1])
    if (cost >= MIN_BCRYPT_COST && cost <= MAX_BCRYPT_COST) return slow
    return `bcrypt with a cost of ${cost}, and each wrong password would take seconds from ${MAX_BCRYPT_COST + 1} on: make the hash anew with less (htpasswd -B -C 10)`
  }
  const crypt = parseCrypt(hash)
  if (typeof crypt === 'string') return crypt
  if (crypt !== undefined) return slow
  if (hash.startsWith('{SHA}')) {
    const { length, text } = digestIn(hash.slice(5))
    return length === SHA1_BYTES ? (password) => isSameText(sha1(Buffer.from(password)), text) : UNKNOWN
  }
  if (hash.startsWith('{SSHA}')) {
    const { length, text, salt } = digestIn(hash.slice(6))
    if (length <= SHA1_BYTES) return UNKNOWN
    return (password) => isSameText(sha1(Buffer.concat([Buffer.from(password), salt])), text)
  }
  // As nginx writes it. A password may begin so, too.
  if (hash.startsWith('{PLAIN}')) return (password) => isSameText(password, hash.slice(7)) || isSameText(password, hash)
  if (/^[${]/.test(hash)) return UNKNOWN
  return (password) => isSameText(password, hash)
}

const UNKNOWN =
  'unknown kind of hash; known are bcrypt (htpasswd -B), $6$, $5$, $1$, $apr1$, {SSHA}, {SHA} and {PLAIN}, and nothing of the kind is the password itself'

const SHA1_BYTES = 20
const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64')

/** What follows the digest is the salt. */
function digestIn(text: string): { readonly length: number; readonly text: string; readonly salt: Buffer } {
  const bytes = Buffer.from(text, 'base64')
  return {
    length: bytes.length,
    text: bytes.subarray(0, SHA1_BYTES).toString('base64'),
    salt: bytes.subarray(SHA1_BYTES),
  }
}
