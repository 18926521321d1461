// One request with a body, to a receiver over HTTP, and its answer: limits, compression, admission, cors; what the body is, is
// the route's business.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as v from 'valibot'
import { type Host, type Identity, type IncomingHead, messageOf, ShutdownError } from '../contract/index.ts'
import type { Context, Signal } from '../data/index.ts'
import { ActiveRequests } from './active-requests.ts'
import { type Authenticate, headAuthentication, httpAuthentication } from './authentication.ts'
import { type Cors, createCors } from './cors.ts'
import { declaredSize, decompress, type Encoding, isEncoding } from './decompress.ts'
import { BodyReader, type BodyTaker } from './http-body.ts'
import type { httpServerEntries } from './http-server.ts'
import { type Cancellable, metadataOf, NO_METADATA, RequestContext } from './request-context.ts'
import { Reservation } from './reservation.ts'
import { GRPC, RefusedError, refusalReasonOf } from './status.ts'
import type { Sweep, Swept } from './sweep.ts'

/** What all requests of a server share. */
export interface Desk {
  readonly host: Host
  readonly sweep: Sweep
  onRefused(reason: string): void
  /** Before its body is read: who takes it, or why nobody does. What it throws is refused likewise. */
  route(request: IncomingMessage): Route | RefusedError
  /** What a sender is told whose request has no route. */
  refusal(error: unknown): HttpAnswer
  readonly authenticate: Authenticate<IncomingMessage> | undefined
  /** The same, for requests that were read without node:http. */
  readonly authenticateHead: Authenticate<IncomingHead> | undefined
  readonly cors: Cors | undefined
  /** Name and value in turn. */
  readonly extraHeaders: readonly string[]
  readonly encodings: readonly Encoding[]
  readonly takesPlain: boolean
  readonly maxBodyBytes: number
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly includeMetadata: boolean
  readonly keepsAlive: boolean
  readonly active: ActiveRequests
}

export interface Route {
  /** Whose memory limiters are asked. */
  readonly signal: Signal
  /** The whole body, decompressed, in memory of its own. Exactly one method of `asker` is called, or this throws. */
  take(body: Buffer, asker: Asker, request: IncomingMessage): void
  /** What a refused sender is told. */
  refusal(error: unknown, request: IncomingMessage): HttpAnswer
}

/** Whoever waits for the end of a request. */
export interface Asker {
  /** Made on demand. */
  context(): Context
  /** For what unfolds further than the body itself. Throws what the request is then refused with. */
  admitUpTo(sizeBytes: number): void
  answer(answer: HttpAnswer): void
  /** Counted, and answered as the route's `refusal` says. */
  onRefused(error: unknown): void
}

export interface HttpAnswer {
  readonly httpStatus: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

const DEFAULT_MAX_BODY_BYTES = 20 * 1024 * 1024

/** From the settings of an HTTP server, and what is the receiver's own. */
export function createDesk(
  config: DeskConfig,
  of: Pick<Desk, 'host' | 'sweep' | 'onRefused' | 'route' | 'refusal'>,
): Desk {
  const accepted = config.compression_algorithms.filter(
    (name): name is '' | Encoding => name === '' || isEncoding(name),
  )
  return {
    ...of,
    authenticate: httpAuthentication(of.host, config.auth),
    authenticateHead: headAuthentication(of.host, config.auth),
    cors: config.cors === undefined ? undefined : createCors(config.cors),
    extraHeaders: config.response_headers.flatMap(([name, value]) => [name, value.reveal()]),
    encodings: accepted.filter((name) => name !== ''),
    takesPlain: accepted.includes(''),
    maxBodyBytes: config.max_request_body_size || DEFAULT_MAX_BODY_BYTES,
    readTimeoutMs: config.read_timeout,
    writeTimeoutMs: config.write_timeout,
    includeMetadata: config.include_metadata,
    keepsAlive: config.keep_alives_enabled,
    active: new ActiveRequests(),
  }
}

/** Those of `httpServerEntries`. */
type DeskConfig = v.InferOutput<v.ObjectSchema<ReturnType<typeof httpServerEntries>, undefined>>

/** How much of a body that nobody wants is still read, and for how long, so that its sender gets to read the answer. */
const LINGER_BYTES = 1024 * 1024
const LINGER_SECONDS = 2

export class Exchange implements BodyTaker, Asker, Swept, Cancellable {
  readonly #desk: Desk
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #encoding: Encoding | undefined
  #route: Route | undefined
  #reservation: Reservation | undefined
  #body: BodyReader | undefined
  #identity: Identity | undefined
  #hasWholeBody = false
  #lingeringSince = -1
  #hasEnded = false
  /** Answered, or there is nobody left to answer. */
  isSettled = false

  constructor(desk: Desk, request: IncomingMessage, response: ServerResponse) {
    this.#desk = desk
    this.#request = request
    this.#response = response
  }

  begin(): void {
    this.#desk.active.enter()
    try {
      const problem = this.#desk.active.isStopping ? new ShutdownError('the agent is shutting down') : this.#look()
      if (problem !== undefined) this.onRefused(problem)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What is wrong with the request; when nothing is, it is on the way. */
  #look(): RefusedError | undefined {
    const { headers, method } = this.#request
    const desk = this.#desk
    if (desk.cors !== undefined && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      this.#response.writeHead(204, [...desk.cors.preflight(headers), ...desk.extraHeaders])
      this.#response.end()
      this.#end()
      return undefined
    }
    const route = desk.route(this.#request)
    if (!(route instanceof RefusedError)) this.#route = route
    if (desk.authenticate === undefined) return this.#read(route)
    this.#identify(desk.authenticate, route)
    return undefined
  }

  /** Before a sender hears anything else about its request. */
  #identify(authenticate: Authenticate<IncomingMessage>, route: Route | RefusedError): void {
    const goOn = (who: Identity): void => {
      this.#identity = who
      const problem = this.#read(route)
      if (problem !== undefined) this.onRefused(problem)
    }
    const refuse = (error: unknown): void => this.onRefused(error)
    let identity: Identity | Promise<Identity>
    try {
      identity = authenticate(this.#request)
    } catch (error) {
      return refuse(error)
    }
    if (!(identity instanceof Promise)) return goOn(identity)
    // Nothing has told of the end of a request that nobody was reading.
    const goOnIfThere = (who: Identity): void => (this.#request.socket.destroyed ? this.onGone() : goOn(who))
    identity.then(goOnIfThere, refuse).catch((error: unknown) => this.#fail(error))
  }

  /** What is wrong with the request; when nothing is, its body is on the way. */
  #read(route: Route | RefusedError): RefusedError | undefined {
    if (route instanceof RefusedError) return route
    const { headers } = this.#request
    const desk = this.#desk
    const encoding = headers['content-encoding'] ?? ''
    if (encoding === '' || encoding === 'identity') {
      if (!desk.takesPlain) return badEncoding('identity', desk)
    } else if (isEncoding(encoding) && desk.encodings.includes(encoding)) this.#encoding = encoding
    else return badEncoding(encoding, desk)
    this.#reservation = new Reservation(desk.host, route.signal)
    const body = new BodyReader(this.#request, desk.maxBodyBytes, this)
    this.#body = body
    desk.sweep.add(this)
    body.start()
    return undefined
  }

  onSecond(seconds: number): void {
    const { readTimeoutMs, writeTimeoutMs } = this.#desk
    if (this.#lingeringSince >= 0) {
      if (seconds - this.#lingeringSince >= LINGER_SECONDS) this.#endLingering()
    } else if (!this.#body!.isDone && this.#body!.isLate(seconds, readTimeoutMs)) {
      this.#lingeringSince = seconds
      this.#body!.onLate()
    } else if (writeTimeoutMs > 0 && seconds * 1000 >= writeTimeoutMs) {
      this.#desk.onRefused('write_timeout')
      this.#desk.sweep.delete(this)
      // Whoever has the batch hears of it by the context, and answers for it when done.
      this.#request.socket.destroy()
    }
  }

  admitUpTo(sizeBytes: number): void {
    this.#reservation!.growTo(sizeBytes)
  }

  onGone(): void {
    this.#desk.onRefused('aborted')
    this.#end()
  }

  onBody(body: Buffer): void {
    this.#hasWholeBody = true
    if (this.#desk.writeTimeoutMs === 0) this.#desk.sweep.delete(this)
    try {
      if (this.#encoding === undefined) this.#take(body)
      else this.#unpack(this.#encoding, body)
    } catch (error) {
      this.onRefused(error)
    }
  }

  #unpack(encoding: Encoding, body: Buffer): void {
    const declared = declaredSize(encoding, body) ?? 0
    if (declared <= this.#desk.maxBodyBytes) this.admitUpTo(declared)
    const unpacked = decompress(encoding, body, this.#desk.maxBodyBytes)
    if (Buffer.isBuffer(unpacked)) return this.#take(unpacked)
    unpacked.then((bytes) => this.#take(bytes)).catch((error: unknown) => this.onRefused(error))
  }

  #take(bytes: Buffer): void {
    this.admitUpTo(bytes.length)
    this.#route!.take(bytes, this, this.#request)
  }

  context(): Context {
    const metadata = this.#desk.includeMetadata ? metadataOf(this.#request.rawHeaders) : NO_METADATA
    return new RequestContext(metadata, 'http', this, this.#identity)
  }

  answer({ httpStatus, headers, body }: HttpAnswer): void {
    if (!this.isSettled) this.#send(httpStatus, headers, body)
  }

  onRefused(error: unknown): void {
    if (this.isSettled) return
    this.#desk.onRefused(refusalReasonOf(error))
    const answer = this.#route?.refusal(error, this.#request) ?? this.#desk.refusal(error)
    const { httpStatus, body } = answer
    const headers = error instanceof RefusedError ? [...answer.headers, ...error.headers] : answer.headers
    if (this.#hasWholeBody || !hasBody(this.#request)) this.#send(httpStatus, headers, body)
    else this.#sendAndLinger(httpStatus, headers, body)
  }

  /** A mistake of this agent, not of the sender; the other requests go on. */
  #fail(error: unknown): void {
    if (this.isSettled) return
    this.onRefused(new RefusedError(500, GRPC.INTERNAL, 'internal_error', messageOf(error)))
  }

  #send(httpStatus: number, headers: readonly string[], body: Buffer): void {
    const response = this.#response
    response.writeHead(
      httpStatus,
      this.#headersOf(headers, body, this.#desk.active.isStopping || !this.#desk.keepsAlive),
    )
    response.end(body)
    this.#end()
  }

  #headersOf(headers: readonly string[], body: Buffer, closes: boolean): string[] {
    const { cors, extraHeaders } = this.#desk
    const all = [...headers, 'Content-Length', String(body.length)]
    if (closes) all.push('Connection', 'close')
    if (cors !== undefined) all.push(...cors.actual(this.#request.headers))
    if (extraHeaders.length > 0) all.push(...extraHeaders)
    return all
  }

  /** Closing on a sender who still writes would take the answer from under its eyes. */
  #sendAndLinger(httpStatus: number, headers: readonly string[], body: Buffer): void {
    this.isSettled = true
    this.#reservation?.release()
    const request = this.#request
    this.#response.writeHead(httpStatus, this.#headersOf(headers, body, true))
    this.#response.write(body)
    let leftBytes = LINGER_BYTES
    const end = (): void => this.#endLingering()
    request.on('data', (piece: Buffer) => {
      leftBytes -= piece.length
      if (leftBytes < 0) end()
    })
    request.on('end', end)
    request.on('close', end)
    if (this.#lingeringSince < 0) this.#lingeringSince = 0
    this.#desk.sweep.add(this)
  }

  #endLingering(): void {
    this.#response.end()
    this.#end()
  }

  #end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.isSettled = true
    this.#desk.sweep.delete(this)
    this.#reservation?.release()
    this.#desk.active.leave()
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress
  }
  onClose(run: () => void): void {
    this.#response.once('close', run)
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const badEncoding = (encoding: string, { encodings, takesPlain }: Desk): RefusedError =>
  new RefusedError(
    415,
    GRPC.INVALID_ARGUMENT,
    'bad_content_encoding',
    `unsupported content encoding ${JSON.stringify(encoding.slice(0, 100))}, supported: [${[...encodings, ...(takesPlain ? ['identity'] : [])].join(', ')}]`,
  )

/** Without the query; of an absolute target (`http://host/path`) only the path. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]+(?=\/)/i, '')
}
