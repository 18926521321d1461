// What a hash that is slow on purpose is compared with. Runs in a thread of its own: see slow-checks.ts.
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'
import { isSameText } from '../../net/same-text.ts'
import { cryptDigest, parseCrypt } from './crypt.ts'

parentPort?.on('message', ({ password, hash }: { readonly password: string; readonly hash: string }) => {
  parentPort?.postMessage(isRight(password, hash))
})

function isRight(password: string, hash: string): boolean {
  const parsed = parseCrypt(hash)
  if (typeof parsed !== 'object') return compareSync(password, hash)
  return isSameText(cryptDigest(password, parsed) ?? '', parsed.digest)
}
