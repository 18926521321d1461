// One request over HTTP and its answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Consume, type Host, messageOf, ShutdownError } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import type { ActiveRequests } from '../../net/active-requests.ts'
import type { Cors } from '../../net/cors.ts'
import { declaredSize, decompress, type Encoding, isEncoding } from '../../net/decompress.ts'
import { BodyReader, type BodyTaker } from '../../net/http-body.ts'
import { type Cancellable, metadataOf, NO_METADATA, RequestContext } from '../../net/request-context.ts'
import { GRPC, RefusedError, refusalReasonOf } from '../../net/status.ts'
import type { Sweep, Swept } from '../../net/sweep.ts'
import { contentTypes, type Format, refusalAnswer, taken } from './answers.ts'
import { type Asker, decodeRequest, hand } from './intake.ts'
import { Reservation } from './reservation.ts'

/** What all requests of a server share. */
export interface HttpDesk {
  readonly host: Host
  readonly sweep: Sweep
  onRefused(reason: string): void
  /** By path. */
  readonly routes: ReadonlyMap<string, Route>
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

interface Route {
  readonly signal: Signal
  readonly consume: Consume
}

/** How much of a body that nobody wants is still read, and for how long, so that its sender gets to read the answer. */
const LINGER_BYTES = 1024 * 1024
const LINGER_SECONDS = 2

export class HttpExchange implements BodyTaker, Asker, Swept, Cancellable {
  readonly #desk: HttpDesk
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #format: Format = 'protobuf'
  #encoding: Encoding | undefined
  #route: Route | undefined
  #reservation: Reservation | undefined
  #body: BodyReader | undefined
  #hasWholeBody = false
  #lingeringSince = -1
  #hasEnded = false
  /** Answered, or there is nobody left to answer. */
  isSettled = false

  constructor(desk: HttpDesk, request: IncomingMessage, response: ServerResponse) {
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

  /** What is wrong with the request; when nothing is, its body is on the way. */
  #look(): RefusedError | undefined {
    const { headers, method } = this.#request
    const desk = this.#desk
    if (desk.cors !== undefined && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      this.#response.writeHead(204, [...desk.cors.preflight(headers), ...desk.extraHeaders])
      this.#response.end()
      this.#end()
      return undefined
    }
    const route = desk.routes.get(this.#request.url!) ?? desk.routes.get(pathOf(this.#request.url!))
    if (route === undefined) return notFound(this.#request.url!, desk.routes)
    if (method !== 'POST') return methodNotAllowed
    const format = formatOf(headers['content-type'])
    if (format === undefined) return badContentType
    this.#format = format
    const encoding = headers['content-encoding'] ?? ''
    if (encoding === '' || encoding === 'identity') {
      if (!desk.takesPlain) return badEncoding('identity', desk)
    } else if (isEncoding(encoding) && desk.encodings.includes(encoding)) this.#encoding = encoding
    else return badEncoding(encoding, desk)
    this.#route = route
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
    const { signal, consume } = this.#route!
    const batch = decodeRequest(this.#format, signal, bytes)
    if (batch.items === 0) return this.onTaken()
    const metadata = this.#desk.includeMetadata ? metadataOf(this.#request.rawHeaders) : NO_METADATA
    hand(batch, new RequestContext(metadata, 'http', this), consume, this.#format, this)
  }

  onTaken(): void {
    this.#answer(taken[this.#format])
  }

  onPartlyTaken(response: Buffer): void {
    this.#desk.onRefused('partial_success')
    this.#answer(response)
  }

  #answer(body: Buffer): void {
    this.#send(200, ['Content-Type', contentTypes[this.#format]], body)
  }

  onRefused(error: unknown): void {
    if (this.isSettled) return
    this.#desk.onRefused(refusalReasonOf(error))
    const { httpStatus, headers, body } = refusalAnswer(error, this.#format)
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

function formatOf(contentType: string | undefined): Format | undefined {
  if (contentType === contentTypes.protobuf) return 'protobuf'
  if (contentType === contentTypes.json) return 'json'
  const [type, ...parameters] = (contentType ?? '').toLowerCase().split(';')
  if (type!.trim() === contentTypes.protobuf) return 'protobuf'
  // RFC 8259 8.1: JSON is UTF-8, and whoever says something else means it.
  const isForeign = parameters.some(
    (one) => /^\s*charset\s*=/.test(one) && !/^\s*charset\s*=\s*"?utf-8"?\s*$/.test(one),
  )
  return type!.trim() === contentTypes.json && !isForeign ? 'json' : undefined
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Without the query; of an absolute target (`http://host/path`) only the path. */
function pathOf(target: string): string {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]+(?=\/)/i, '')
}

function notFound(target: string, routes: ReadonlyMap<string, Route>): RefusedError {
  const path = pathOf(target)
  if (!/^\/(?!\/)(?:[^%]|%[0-9a-f]{2})*$/i.test(path))
    return new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_request', 'the request target is no path')
  const known = [...routes].map(([at, { signal }]) => `${signal} at ${at}`).join(', ')
  return new RefusedError(
    404,
    GRPC.UNIMPLEMENTED,
    'not_found',
    `no such path; this receiver has pipelines for ${known}`,
  )
}

const methodNotAllowed = new RefusedError(
  405,
  GRPC.UNIMPLEMENTED,
  'method_not_allowed',
  'method not allowed, supported: [POST]',
)
const badContentType = new RefusedError(
  415,
  GRPC.INVALID_ARGUMENT,
  'bad_content_type',
  'unsupported media type, supported: [application/json, application/x-protobuf]',
)

const badEncoding = (encoding: string, { encodings, takesPlain }: HttpDesk): RefusedError =>
  new RefusedError(
    415,
    GRPC.INVALID_ARGUMENT,
    'bad_content_encoding',
    `unsupported content encoding ${JSON.stringify(encoding.slice(0, 100))}, supported: [${[...encodings, ...(takesPlain ? ['identity'] : [])].join(', ')}]`,
  )
