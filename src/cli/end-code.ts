// Why a run ended with another code than 0, in one word: behind the message, or as the field `code` of the log line.
import { messageOf } from '../contract/index.ts'
import type { EndCode } from '../manual/codes/ends.ts'

/** Of a start that failed. That there are no credentials is a problem that configs can have, too. */
export type StartCode = EndCode | 'credentials_not_found'

export function startCodeOf(error: unknown): StartCode {
  const chain = causesOf(error)
  for (const one of chain) if ('refusal' in one && one.refusal === 'credentials') return 'credentials_not_found'
  // Of its files it matters more what they are for than what is wrong with them.
  if (chain.some((one) => one.name === 'TlsFilesError')) return 'bad_tls_files'
  for (const one of chain) {
    const code = 'code' in one && typeof one.code === 'string' ? one.code : ''
    const isListening = 'syscall' in one && (one.syscall === 'listen' || one.syscall === 'bind')
    const found = isListening && DENIED.has(code) ? 'listening_not_permitted' : BY_ERRNO[code]
    if (found !== undefined) return found
  }
  return 'start_failed'
}

/** For the terminal, where there is no log yet. */
export const endText = (code: StartCode, message: string): string =>
  `${message} [${code}]\nsluice explain ${code} says what to do\n`

/** For a line of the log: also where to read more. */
export const endFields = (code: StartCode, error?: unknown): object => ({
  ...(error !== undefined && { error: messageOf(error) }),
  code,
  help: `sluice explain ${code}`,
})

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])

const BY_ERRNO: Readonly<Record<string, EndCode | undefined>> = {
  EADDRINUSE: 'port_in_use',
  EADDRNOTAVAIL: 'address_not_available',
  EMFILE: 'too_many_open_files',
  ENFILE: 'too_many_open_files',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  ECONNREFUSED: 'destination_unreachable',
  ECONNRESET: 'destination_unreachable',
  ETIMEDOUT: 'destination_unreachable',
  EHOSTUNREACH: 'destination_unreachable',
  ENETUNREACH: 'destination_unreachable',
  ENOENT: 'file_unusable',
  EACCES: 'file_unusable',
  EPERM: 'file_unusable',
  EISDIR: 'file_unusable',
  ENOTDIR: 'file_unusable',
  EROFS: 'file_unusable',
  ENOSPC: 'file_unusable',
  EEXIST: 'file_unusable',
}

const MAX_CAUSES = 10

function causesOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let one = error; one instanceof Error && chain.length < MAX_CAUSES; one = one.cause) chain.push(one)
  return chain
}
