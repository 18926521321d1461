// Which request goes where, and how its sender is answered.
import type { IncomingMessage } from 'node:http'
import type { Consume } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { type HttpAnswer, type Asker as HttpAsker, pathOf, type Route } from '../../net/exchange.ts'
import { GRPC, RefusedError } from '../../net/status.ts'
import { contentTypes, type Format, refusalAnswer, taken } from './answers.ts'
import { type Asker, decodeRequest, hand } from './intake.ts'

/** By path. */
export type Destinations = ReadonlyMap<string, Destination>
interface Destination {
  readonly signal: Signal
  readonly consume: Consume
}

export function createRouter(
  destinations: Destinations,
  onRefused: (reason: string) => void,
): (request: IncomingMessage) => Route | RefusedError {
  const routes = new Map<string, Readonly<Record<Format, Route>>>()
  for (const [path, destination] of destinations) {
    const route = (format: Format): Route => createRoute(format, destination, onRefused)
    routes.set(path, { protobuf: route('protobuf'), json: route('json') })
  }
  return ({ url, method, headers }) => {
    const byFormat = routes.get(url!) ?? routes.get(pathOf(url!))
    if (byFormat === undefined) return notFound(url!, destinations)
    if (method !== 'POST') return methodNotAllowed
    const format = formatOf(headers['content-type'])
    return format === undefined ? badContentType : byFormat[format]
  }
}

const createRoute = (format: Format, { signal, consume }: Destination, onRefused: (reason: string) => void): Route => ({
  signal,
  take(body, asker) {
    const reply = new Reply(format, asker, onRefused)
    const batch = decodeRequest(format, signal, body)
    if (batch.items === 0) reply.onTaken()
    else hand(batch, asker.context(), consume, format, reply)
  },
  refusal: (error) => refusalAnswer(error, format),
})

class Reply implements Asker {
  readonly #format: Format
  readonly #asker: HttpAsker
  readonly #countRefusal: (reason: string) => void

  constructor(format: Format, asker: HttpAsker, countRefusal: (reason: string) => void) {
    this.#format = format
    this.#asker = asker
    this.#countRefusal = countRefusal
  }

  onTaken(): void {
    this.#asker.answer(this.#success(taken[this.#format]))
  }

  onPartlyTaken(response: Buffer): void {
    this.#countRefusal('partial_success')
    this.#asker.answer(this.#success(response))
  }

  #success(body: Buffer): HttpAnswer {
    return { httpStatus: 200, headers: ['Content-Type', contentTypes[this.#format]], body }
  }

  onRefused(error: unknown): void {
    this.#asker.onRefused(error)
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

function notFound(target: string, destinations: Destinations): RefusedError {
  const path = pathOf(target)
  if (!/^\/(?!\/)(?:[^%]|%[0-9a-f]{2})*$/i.test(path))
    return new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_request', 'the request target is no path')
  const known = [...destinations].map(([at, { signal }]) => `${signal} at ${at}`).join(', ')
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
