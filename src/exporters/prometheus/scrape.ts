// One scrape: a request for /metrics and its answer, in pieces as fast as the scraper reads them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createGzip, gzipSync } from 'node:zlib'
import { type Logger, messageOf } from '../../contract/index.ts'
import type { ActiveRequests } from '../../net/active-requests.ts'
import type { Cors } from '../../net/cors.ts'
import type { Sweep } from '../../net/sweep.ts'
import { type Negotiated, negotiate, takesGzip } from './negotiate.ts'

/** What all scrapes of an exporter share. */
export interface ScrapeDesk {
  /** The exposition, in pieces; only the named families when any are named. */
  expose(negotiated: Negotiated, names: ReadonlySet<string>): Generator<Buffer, void, undefined>
  readonly allowsOpenMetrics: boolean
  readonly cors: Cors | undefined
  /** Name and value in turn. */
  readonly extraHeaders: readonly string[]
  readonly keepsAlive: boolean
  readonly writeTimeoutMs: number
  readonly active: ActiveRequests
  readonly sweep: Sweep
  readonly log: Logger
  /** A request that got no metrics: `not_found`, `write_timeout`, … */
  onRefused(reason: string): void
}

export const PATH = '/metrics'
/** What is repeated in every line shrinks well at any level; the lowest costs a third of the default. */
const GZIP_LEVEL = 1
/** About two milliseconds. */
const PIECES_A_TURN = 4

export function answerScrape(desk: ScrapeDesk, request: IncomingMessage, response: ServerResponse): void {
  desk.active.enter()
  const watch = {
    onSecond(seconds: number): void {
      if (seconds * 1000 < desk.writeTimeoutMs) return
      desk.onRefused('write_timeout')
      request.destroy()
    },
  }
  if (desk.writeTimeoutMs > 0) desk.sweep.add(watch)
  response.once('close', () => {
    desk.sweep.delete(watch)
    desk.active.leave()
    // Nobody reads a body: the connection cannot be used again.
    if (!request.complete) request.destroy()
  })
  answer(desk, request, response).catch((error: unknown) => {
    desk.log.error('a scrape broke off', { error: messageOf(error) })
    desk.onRefused('error')
    if (response.headersSent) response.destroy()
    else refuse(desk, response, 500, 'the metrics could not be written')
  })
}

async function answer(desk: ScrapeDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers, method } = request
  if (desk.active.isStopping) return refuse(desk, response, 503, 'the agent is shutting down')
  if (desk.cors !== undefined && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    response.writeHead(204, [...desk.cors.preflight(headers), ...commonHeaders(desk)]).end()
    return
  }
  const target = targetOf(request.url ?? '')
  if (target === undefined) return refuse(desk, response, 400, 'the target of the request is no path')
  if (target.path !== PATH) return refuse(desk, response, 404, `nothing is here: the metrics are at ${PATH}`)
  if (method !== 'GET' && method !== 'HEAD')
    return refuse(desk, response, 405, 'metrics are read with GET', ['Allow', 'GET, HEAD'])

  const negotiated = negotiate(headers.accept, desk.allowsOpenMetrics)
  const answerHeaders = ['Content-Type', negotiated.contentType, ...commonHeaders(desk)]
  if (desk.cors !== undefined) answerHeaders.push(...desk.cors.actual(headers))
  if (method === 'HEAD') {
    response.writeHead(200, answerHeaders).end()
    return
  }
  const pieces = desk.expose(negotiated, new Set(new URLSearchParams(target.query).getAll('name[]')))
  await send(response, answerHeaders, pieces, takesGzip(headers['accept-encoding']))
}

/** `/metrics?x=y`, or the same with a host before it, as a proxy sends it. Undefined when there is no path. */
function targetOf(url: string): { readonly path: string; readonly query: string } | undefined {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '')
  if (!/^\/(?!\/)/.test(target)) return undefined
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

const commonHeaders = ({ extraHeaders, keepsAlive, active }: ScrapeDesk): string[] =>
  keepsAlive && !active.isStopping ? [...extraHeaders] : ['Connection', 'close', ...extraHeaders]

const reasons: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  500: 'error',
  503: 'shutdown',
}

function refuse(desk: ScrapeDesk, response: ServerResponse, status: number, text: string, more: string[] = []): void {
  desk.onRefused(reasons[status]!)
  const body = `${text}\n`
  const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...headers, ...more, ...commonHeaders(desk)]).end(body)
}

/** What fits one piece goes out whole, with its length; more goes out as it is written. */
async function send(
  response: ServerResponse,
  headers: string[],
  pieces: Generator<Buffer, void, undefined>,
  isGzip: boolean,
): Promise<void> {
  if (isGzip) headers.push('Content-Encoding', 'gzip')
  const first = pieces.next()
  const second = pieces.next()
  if (second.done) {
    const body = isGzip ? gzipSync(first.value!, { level: GZIP_LEVEL }) : first.value!
    response.writeHead(200, [...headers, 'Content-Length', String(body.length)]).end(body)
    return
  }
  response.writeHead(200, headers)
  const sink = isGzip ? createGzip({ level: GZIP_LEVEL }) : response
  if (sink !== response) {
    sink.pipe(response)
    response.once('close', () => sink.destroy())
  }
  sink.write(first.value!)
  let next: IteratorResult<Buffer, void> = second
  for (let count = 1; !next.done; count++) {
    if (!sink.write(next.value)) await drained(sink, response)
    // A kernel that takes everything at once would leave nobody else a turn.
    if (count % PIECES_A_TURN === 0) await setImmediate()
    // The scraper has gone.
    if (sink.destroyed || response.destroyed) return
    next = pieces.next()
  }
  sink.end()
}

/** Until there is room again, or nobody left to read. */
const drained = (sink: Writable, response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      sink.off('drain', done)
      response.off('close', done)
      resolve()
    }
    sink.once('drain', done)
    response.once('close', done)
    if (sink.destroyed || response.destroyed) done()
  })
