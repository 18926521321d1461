// Files of htpasswd: `name:hash` a line, https://httpd.apache.org/docs/current/misc/password_encryptions.html
import { createHash } from 'node:crypto'
import { isSameText } from '../../net/same-text.ts'

/** Whether a password is the right one. Only bcrypt's takes its time. */
export type Check = (password: string) => boolean | Promise<boolean>

/** By name; of a name that stands there twice the last counts. Throws what is wrong, with its line, never the hash. */
export async function parseHtpasswd(text: string): Promise<Map<string, Check>> {
  const checks = new Map<string, Check>()
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim()
    if (entry === '' || entry.startsWith('#')) continue
    const colon = entry.indexOf(':')
    const where = `line ${index + 1}`
    if (colon < 1) throw new Error(`${where}: must be name:hash, as htpasswd writes it`)
    const check = await checkOf(entry.slice(colon + 1))
    if (check === undefined)
      throw new Error(`${where}: unknown kind of hash; known are bcrypt (htpasswd -B), apr1, {SHA} and {SSHA}`)
    checks.set(entry.slice(0, colon), check)
  }
  return checks
}

/** Undefined for a kind that is not known. What looks like no hash at all is the password, as in the collector. */
async function checkOf(hash: string): Promise<Check | undefined> {
  if (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) {
    const { compare } = await import('bcryptjs')
    return (password) => compare(password, hash)
  }
  if (/^\$apr1\$[^$]{1,8}\$[./A-Za-z0-9]{22}$/.test(hash)) {
    const { apacheMd5 } = await import('./apache-md5-library.ts')
    // It wants a byte a letter.
    return (password) => isSameText(apacheMd5(Buffer.from(password).toString('latin1'), hash), hash)
  }
  if (/^\{SHA\}/.test(hash)) return (password) => isSameText(sha1(Buffer.from(password)), hash.slice(5))
  if (/^\{SSHA\}/.test(hash)) {
    const bytes = Buffer.from(hash.slice(6), 'base64')
    if (bytes.length <= SHA1_BYTES) return undefined
    const [digest, salt] = [bytes.subarray(0, SHA1_BYTES), bytes.subarray(SHA1_BYTES)]
    return (password) => isSameText(sha1(Buffer.concat([Buffer.from(password), salt])), digest.toString('base64'))
  }
  if (/^[${]/.test(hash)) return undefined
  return (password) => isSameText(password, hash)
}

const SHA1_BYTES = 20
const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64')
