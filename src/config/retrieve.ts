// Gets the text behind a URI: `file:`, `env:`, `yaml:`, `http:`, `https:`, and what lies in AWS.
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nearest } from './nearest.ts'
import { MAX_SOURCE_BYTES } from './parse.ts'
import type { Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import { hidePasswords } from './redact.ts'

/** What a load may touch; everything has a default that is the real thing. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** Relative paths start here. */
  readonly cwd: string
  readonly fetch: typeof fetch
  /** Opened when something lies in AWS. */
  readonly remote?: (() => Promise<Remote>) | undefined
  /** Nothing is asked that is not on this machine. */
  readonly isOffline?: boolean
}

/** Gets `secretsmanager:`, `ssm:` and `s3:`, each value once. Rejects with a `RetrieveError`. */
export interface Remote {
  retrieve(uri: Uri): Promise<Retrieved>
  close(): void
}

export interface Retrieved {
  readonly text: string
  /** Something that a person should know, though it is no error. */
  readonly warning?: Pick<Problem, 'code' | 'message'>
  /** No line of it may be shown. */
  readonly isSecret?: boolean
}

/** The reason why a URI gives nothing, for people. */
export class RetrieveError extends Error {
  override readonly name = 'RetrieveError'
  readonly code: ProblemCode
  readonly hint: string | undefined
  constructor(code: ProblemCode, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export const SCHEMES = ['env', 'file', 'yaml', 'http', 'https', 'secretsmanager', 'ssm', 's3'] as const
type Scheme = (typeof SCHEMES)[number]

const HTTP_TIMEOUT_MS = 10_000
const MAX_REDIRECTS = 5

export interface Uri {
  readonly scheme: Scheme
  /** What stands behind the colon. */
  readonly rest: string
}

/** As it can be asked for. */
export const uriText = ({ scheme, rest }: Uri): string => `${scheme}:${rest}`

/** As it is shown: without what may be a secret, which is a default, and the password and the query of a URL. */
export function shownUri(uri: Uri): string {
  switch (uri.scheme) {
    case 'yaml':
      return 'yaml:…'
    case 'env':
    case 'secretsmanager':
    case 'ssm':
      return uriText(uri).replace(/:-.*$/s, '')
    case 'http':
    case 'https':
      return hidePasswords(uriText(uri)).replace(/\?.*$/s, '?…')
    case 'file':
    case 's3':
      return hidePasswords(uriText(uri))
  }
}

/** `byDefault` is the scheme of a text without one. */
export function parseUri(text: string, byDefault: 'env' | 'file'): Uri {
  const match = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(text)
  // `c:\config.yaml` is a drive, and `X:-default` what shells write.
  if (match === null || (byDefault === 'env' && match[2]!.startsWith('-'))) return { scheme: byDefault, rest: text }
  const scheme = SCHEMES.find((known) => known === match[1])
  if (scheme !== undefined) return { scheme, rest: match[2]! }
  const meant = nearest(match[1]!, SCHEMES)
  throw new RetrieveError(
    'bad_reference',
    `there is no scheme ${match[1]}:; there are ${SCHEMES.map((known) => `${known}:`).join(', ')}`,
    meant && `did you mean ${meant}:?`,
  )
}

/** Whether it lies on another machine. */
export const isRemote = ({ scheme }: { readonly scheme: string }): boolean => !['env', 'file', 'yaml'].includes(scheme)

export function retrieve(uri: Uri, surroundings: Surroundings): Promise<Retrieved> | Retrieved {
  const { scheme, rest } = uri
  switch (scheme) {
    case 'env':
      return fromEnvironment(rest, surroundings.env)
    case 'yaml':
      return { text: rest }
    case 'file':
      return fromFile(resolve(surroundings.cwd, rest))
    case 'http':
    case 'https':
      return fromHttp(uri, surroundings.fetch)
    case 'secretsmanager':
    case 'ssm':
    case 's3':
      if (surroundings.remote === undefined)
        throw new RetrieveError('source_unreachable', `${scheme}: cannot be read here`)
      return surroundings.remote().then((remote) => remote.retrieve(uri))
  }
}

function fromEnvironment(of: string, env: NodeJS.ProcessEnv): Retrieved {
  const cut = of.indexOf(':-')
  const name = cut < 0 ? of : of.slice(0, cut)
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    const hint = /^\d+$/.test(name)
      ? `for a literal \${${name}}, as in a relabel rule, write $\${${name}}`
      : 'names have letters, digits and underscores; for a literal ${…} write $${…}'
    throw new RetrieveError('bad_reference', `${JSON.stringify(name)} is no name of an environment variable`, hint)
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value !== undefined) return { text: value }
  if (cut >= 0) return { text: of.slice(cut + 2) }
  const message = `the environment variable ${name} is not set; it counts as empty`
  return { text: '', warning: { code: 'unset_variable', message } }
}

async function fromFile(path: string): Promise<Retrieved> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (error) {
    throw fileError(path, error)
  }
  try {
    const stat = await file.stat()
    if (stat.isDirectory()) throw new RetrieveError('file_unreadable', `${path} is a directory`)
    const bytes: Buffer[] = []
    let sizeBytes = 0
    // Not by stat.size: what is under /proc says 0, and a device never ends.
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(64 * 1024))
      if (bytesRead === 0) break
      sizeBytes += bytesRead
      if (sizeBytes > MAX_SOURCE_BYTES) throw tooLarge(path)
      bytes.push(buffer.subarray(0, bytesRead))
    }
    return { text: decodeText(Buffer.concat(bytes), path) }
  } finally {
    await file.close()
  }
}

function fileError(path: string, error: unknown): RetrieveError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new RetrieveError('file_not_found', `there is no file ${path}`)
  if (code === 'EACCES' || code === 'EPERM') return new RetrieveError('file_unreadable', `may not read ${path}`)
  return new RetrieveError('file_unreadable', `cannot read ${path} (${String(code ?? error)})`)
}

async function fromHttp(uri: Uri, get: typeof fetch): Promise<Retrieved> {
  const shown = shownUri(uri)
  const abort = AbortSignal.timeout(HTTP_TIMEOUT_MS)
  try {
    let url = parseUrl(uriText(uri), shown)
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await get(url, { redirect: 'manual', signal: abort })
      const target = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && target !== null) {
        await response.body?.cancel()
        const next = new URL(target, url)
        if (url.protocol === 'https:' && next.protocol !== 'https:')
          throw new RetrieveError('source_unreachable', `${shown} redirects from https to ${next.protocol}//`)
        url = next
        continue
      }
      if (response.status !== 200) {
        await response.body?.cancel()
        throw new RetrieveError('source_unreachable', `${shown} answers with status ${response.status}`)
      }
      return { text: decodeText(await readBody(response, shown), shown) }
    }
    throw new RetrieveError('source_unreachable', `${shown} redirects more than ${MAX_REDIRECTS} times`)
  } catch (error) {
    if (error instanceof RetrieveError) throw error
    if (abort.aborted)
      throw new RetrieveError('source_unreachable', `${shown} does not answer within ${HTTP_TIMEOUT_MS / 1000} s`)
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new RetrieveError(
      'source_unreachable',
      `cannot get ${shown}: ${cause instanceof Error ? cause.message : String(cause)}`,
    )
  }
}

function parseUrl(text: string, shown: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new RetrieveError('bad_url', `${shown} is no URL`)
  if (url.username || url.password)
    throw new RetrieveError(
      'bad_url',
      `${shown} has a user and a password in it`,
      'put the config where it is not needed, or in a file',
    )
  return url
}

async function readBody(response: Response, shown: string): Promise<Buffer> {
  const bytes: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_SOURCE_BYTES) throw tooLarge(shown)
    bytes.push(chunk)
  }
  return Buffer.concat(bytes)
}

const tooLarge = (name: string): RetrieveError =>
  new RetrieveError(
    'config_too_large',
    `${name} is larger than ${MAX_SOURCE_BYTES} bytes, the most that a config may have`,
  )

/** What is no UTF-8 is a `RetrieveError`. */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const isUtf16 = bytes[1] === 0 || bytes[0] === 0xff || bytes[0] === 0xfe
    const hint = isUtf16 ? 'it looks like UTF-16; save it as UTF-8' : undefined
    throw new RetrieveError('file_unreadable', `${name} is not UTF-8`, hint)
  }
}
