// `sluice healthcheck`: asks the agent that runs from the same config. For images that have no shell and no curl.
import type { IncomingMessage } from 'node:http'
import { components } from '../components.ts'
import {
  ConfigError,
  checkSchema,
  loadConfig,
  type Path,
  parseComponentId,
  parseEndpoint,
  problemAt,
} from '../config/index.ts'
import { messageOf } from '../contract/index.ts'
import { complain } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { ConfigOptions } from './program.ts'
import { openRemote } from './remote.ts'

const TIMEOUT_MS = 3000
/** Of an answer as much is read; the rest is nobody's health. */
const MAX_ANSWER_BYTES = 64 * 1024
/** As in the agent's own log. */
const WORTH_A_LINE_MS = 2000
/** Where the extension listens by default. */
const DEFAULT_URL = 'http://127.0.0.1:13133/'

/** Where to ask: a URL, and the socket that it leads through when that is none of TCP. */
interface Place {
  readonly url: URL
  readonly socketPath?: string | undefined
}

/** A URL comes first, then what the config says; without either it asks where the extension listens by default. */
export async function healthcheck(url: string | undefined, options: ConfigOptions): Promise<ExitCode> {
  if (url !== undefined && (!URL.canParse(url) || !/^https?:/.test(url))) {
    process.stderr.write(`sluice: ${url} is no URL; one is for example ${DEFAULT_URL}\n`)
    return EXIT.usage
  }
  const isConfigured = options.config.length > 0 || Boolean(process.env.AOT_CONFIG_CONTENT)
  try {
    const isGiven = url !== undefined || !isConfigured
    return await ask(isGiven ? { url: new URL(url ?? DEFAULT_URL) } : await configuredPlace(options))
  } catch (error) {
    return complain(error)
  }
}

/** What it takes to ask. Nothing else of the config is looked at: no secret is fetched every ten seconds, no component imported. */
function concernsHealth([section, name, key, ...below]: Path): boolean {
  if (section === 'service') return name === undefined || name === 'extensions'
  if (section !== 'extensions') return false
  if (name === undefined) return true
  if (!isHealthCheck(String(name))) return false
  // Of TLS only that it is there: keys and certificates are the agent's.
  return key === undefined || (ADDRESS.has(String(key)) && below.length === 0)
}

const ADDRESS: ReadonlySet<string> = new Set(['endpoint', 'transport', 'path', 'port', 'tls'])

function isHealthCheck(id: string): boolean {
  try {
    return parseComponentId(id).type === 'health_check'
  } catch {
    return false
  }
}

/** Of the first `health_check` in `service::extensions`. Rejects with `ConfigError`. */
async function configuredPlace({ config, set }: ConfigOptions): Promise<Place> {
  const loaded = await loadConfig({ sources: config, set, keeps: concernsHealth, openRemote })
  const { service, extensions } = loaded.root as { service?: { extensions?: unknown }; extensions?: object }
  const used = service?.extensions
  const id = Array.isArray(used) ? used.find((one) => isHealthCheck(String(one))) : undefined
  const path = ['extensions', String(id)]
  const found = Object.entries(extensions ?? {}).find(([name]) => name === id)
  if (found === undefined) {
    const hint = 'without it nobody can be asked: extensions: {health_check: }, service: {extensions: [health_check]}'
    const at = id === undefined ? ['service', 'extensions'] : path
    const message = 'the config has no extension health_check'
    throw new ConfigError([problemAt(loaded, at, 'undefined_component', message, { hint })])
  }
  const { config: schema } = (await components.extension.health_check!()).default
  const { tls, ...address } = (found[1] ?? {}) as { readonly tls?: unknown }
  const checked = checkSchema(schema, address, path, loaded)
  if (checked.problems !== undefined) throw new ConfigError(checked.problems)
  const settings = checked.config as { endpoint: string; transport: string; path: string }
  try {
    return placeOf(settings, tls !== undefined && tls !== null)
  } catch (error) {
    throw new ConfigError([problemAt(loaded, [...path, 'endpoint'], 'bad_endpoint', messageOf(error))])
  }
}

function placeOf(of: { endpoint: string; transport: string; path: string }, hasTls: boolean): Place {
  const isPath = of.transport === 'unix' && !of.endpoint.startsWith('unix:')
  const { host, port, path: socketPath } = parseEndpoint(isPath ? `unix:${of.endpoint}` : of.endpoint)
  if (port === 0) throw new Error('port 0 is another one at each start: it cannot be found by the config')
  const scheme = hasTls ? 'https' : 'http'
  const authority = socketPath === undefined ? `${reachable(host)}:${port}` : 'localhost'
  // A path of Linux' abstract sockets begins with a zero byte, which people write as @.
  return { url: new URL(`${scheme}://${authority}${of.path}`), socketPath: socketPath?.replace(/^@/, '\0') }
}

/** Whoever listens on every interface is asked on the loopback one. */
function reachable(host: string): string {
  if (host === '' || host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** Prints the agent's own answer. */
async function ask(place: Place): Promise<ExitCode> {
  const shown = place.socketPath === undefined ? place.url.href : `unix:${place.socketPath.replace('\0', '@')}`
  try {
    const { status, text } = await answerOf(place)
    process.stdout.write(`${text.trim()}\n`)
    const stoodStillMs = worstDelayIn(text)
    if (stoodStillMs >= WORTH_A_LINE_MS)
      process.stderr.write(`sluice: it stood still for ${(stoodStillMs / 1000).toFixed(1)} s within the last minute\n`)
    if (status === 401)
      process.stderr.write(`sluice: ${shown} wants to know who asks: health_check has no use for auth\n`)
    return status >= 200 && status < 300 ? EXIT.ok : EXIT.failed
  } catch (error) {
    process.stderr.write(
      `sluice: ${shown} does not answer: ${messageOf(error)}\n` +
        'Is the agent running, with the extension health_check, at that address?\n',
    )
    return EXIT.failed
  }
}

/** Of an answer that is not ours, or from an older agent, 0. */
function worstDelayIn(text: string): number {
  return Number(/"worstOfMinuteMs":(\d{1,12})/.exec(text)?.[1] ?? 0)
}

async function answerOf({ url, socketPath }: Place): Promise<{ status: number; text: string }> {
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  // As kubelet's probes: the certificate names the host that others know, and all that is read is how the agent is.
  const options = { ...(socketPath !== undefined && { socketPath }), agent: false, rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const abort = setTimeout(() => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS)
    const fail = (error: Error): void => {
      clearTimeout(abort)
      reject(error)
    }
    const request = get(url, options, (response: IncomingMessage) => {
      let text = ''
      const done = (): void => {
        clearTimeout(abort)
        resolve({ status: response.statusCode ?? 0, text })
      }
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
        if (text.length < MAX_ANSWER_BYTES) return
        done()
        request.destroy()
      })
      response.on('end', done).on('error', fail)
    })
    request.on('error', fail)
  })
}
