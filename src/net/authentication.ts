// Who sends to a server: asked of an extension before anything of the body is read.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as v from 'valibot'
import { extensionId } from '../config/component-id.ts'
import { optional, required, section, setting, texts } from '../config/schema.ts'
import {
  type Host,
  type Identity,
  type IncomingHead,
  isServerAuthenticator,
  type ServerAuthenticator,
  UnauthenticatedError,
} from '../contract/index.ts'
import { plainAddress } from './request-context.ts'
import { GRPC, httpStatusOf, RefusedError, refusalReasonOf, retryAfterOf, statusOf } from './status.ts'

const authenticator = required(
  extensionId,
  'The id of an extension that knows who may send: basicauth, bearertokenauth, oidc.',
)

export const grpcServerAuth = optional(section({ authenticator }), 'Who may send. Without it, everybody.')

export const httpServerAuth = optional(
  section({
    authenticator,
    request_params: setting(
      texts,
      [],
      'Parameters of the query that stand for headers of the same name, for senders that cannot set any. They end up in the logs of proxies.',
    ),
  }),
  'Who may send. Without it, everybody.',
)
export type HttpServerAuth = v.InferOutput<typeof httpServerAuth>

/** Throws, or rejects with, what the sender is then refused with. */
export type Authenticate<R> = (request: R) => Identity | Promise<Identity>

/** Undefined when everybody may send. Throws when the extension is no authenticator of servers. */
export function headAuthentication(
  host: Pick<Host, 'extension'>,
  auth: { readonly authenticator: string } | undefined,
): Authenticate<IncomingHead> | undefined {
  if (auth === undefined) return undefined
  const extension = host.extension<ServerAuthenticator>(auth.authenticator)
  if (!isServerAuthenticator(extension))
    throw new Error(`auth::authenticator: ${auth.authenticator} is no authenticator of servers`)
  return (head) => {
    try {
      const identity = extension.identify(head)
      return identity instanceof Promise ? identity.catch(refuse) : identity
    } catch (error) {
      return refuse(error)
    }
  }
}

/** As `headAuthentication`, for requests of node:http. */
export function httpAuthentication(
  host: Pick<Host, 'extension'>,
  auth: HttpServerAuth,
): Authenticate<IncomingMessage> | undefined {
  const parameters = auth?.request_params ?? []
  const authenticate = headAuthentication(host, auth)
  return authenticate && ((request) => authenticate(new HttpHead(request, parameters)))
}

function refuse(error: unknown): never {
  if (!(error instanceof UnauthenticatedError)) throw error
  const headers = ['WWW-Authenticate', error.challenge]
  throw new RefusedError(401, GRPC.UNAUTHENTICATED, 'unauthenticated', error.message, headers)
}

/** A request that was read without node:http, which gives the same values. */
export class PlainHead implements IncomingHead {
  readonly transport = 'http'
  readonly #rawHeaders: readonly string[]
  readonly #connection: { readonly remoteAddress: string | undefined }

  /** Names and values in turn, as they came. */
  constructor(rawHeaders: readonly string[], connection: { readonly remoteAddress: string | undefined }) {
    this.#rawHeaders = rawHeaders
    this.#connection = connection
  }

  header(name: string): string | undefined {
    let found: string | undefined
    for (let i = 0; i + 1 < this.#rawHeaders.length; i += 2) {
      if (this.#rawHeaders[i]!.length !== name.length || this.#rawHeaders[i]!.toLowerCase() !== name) continue
      const value = this.#rawHeaders[i + 1]!
      if (found === undefined) found = value
      // Of those that may come once only, the first counts; the others are one list.
      else if (!ONCE.has(name)) found = `${found}, ${value}`
    }
    return found
  }

  get clientAddress(): string | undefined {
    return plainAddress(this.#connection.remoteAddress)
  }
}

/** Those that can say who sends: https://nodejs.org/api/http.html#messageheaders */
const ONCE: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'from', 'user-agent', 'referer'])

class HttpHead implements IncomingHead {
  readonly transport = 'http'
  readonly #request: IncomingMessage
  readonly #parameters: readonly string[]

  constructor(request: IncomingMessage, parameters: readonly string[]) {
    this.#request = request
    this.#parameters = parameters
  }

  header(name: string): string | undefined {
    const parameter = this.#parameters.find((one) => one.toLowerCase() === name)
    if (parameter !== undefined) {
      const { url = '' } = this.#request
      const query = url.indexOf('?')
      const value = query === -1 ? null : new URLSearchParams(url.slice(query + 1)).get(parameter)
      if (value !== null) return value
    }
    const value = this.#request.headers[name]
    return typeof value === 'string' ? value : value?.[0]
  }

  get clientAddress(): string | undefined {
    return plainAddress(this.#request.socket.remoteAddress)
  }
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => void

/**
 * For servers whose answers are their own (metrics, health): `handle` gets the requests of who may ask, and those of browsers
 * that only ask what they might do (a preflight carries no credentials).
 */
export function guarded(
  authenticate: Authenticate<IncomingMessage> | undefined,
  handle: Handle,
  of: { onRefused(reason: string): void; headersOf(request: IncomingMessage): readonly string[] },
): Handle {
  if (authenticate === undefined) return handle
  return (request, response) => {
    const { headers, method } = request
    if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) return handle(request, response)
    const refuse = (error: unknown): void => {
      of.onRefused(refusalReasonOf(error))
      answerRefusal(response, error, of.headersOf(request))
    }
    try {
      const identity = authenticate(request)
      if (!(identity instanceof Promise)) return handle(request, response)
      // Nobody waits for the answer any more: what would tell of the end of the request has told already.
      const handleIfThere = (): void => {
        if (request.socket.destroyed) of.onRefused('aborted')
        else handle(request, response)
      }
      identity.then(handleIfThere, refuse)
    } catch (error) {
      refuse(error)
    }
  }
}

/** A body that may follow is not read: the connection ends with the answer. */
function answerRefusal(response: ServerResponse, error: unknown, more: readonly string[]): void {
  const status = statusOf(error)
  const body = Buffer.from(`${status.message}\n`)
  const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length)]
  if (error instanceof RefusedError) headers.push(...error.headers)
  if (status.retryDelayMs !== undefined) headers.push('Retry-After', retryAfterOf(status.retryDelayMs))
  response.writeHead(httpStatusOf(error, status), [...headers, ...more, 'Connection', 'close']).end(body)
}
