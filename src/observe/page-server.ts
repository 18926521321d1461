// The server of the Prometheus page: one path, small limits, nothing that a request says can throw. (The exporter's own
// server has crashed on request targets that are no URL.)
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Logger, messageOf } from '../contract/index.ts'

export interface PageServer {
  /** `http://127.0.0.1:8888/metrics` */
  readonly endpoint: string
  stop(): Promise<void>
}

const PATH = '/metrics'
/** Of node's connections: which ones there may be is decided by whoever starts the agent. */
export type LimitConnections = (server: Server, max: number) => void

const MAX_CONNECTIONS = 64
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Rejects with what is wrong when it cannot listen. */
export async function servePage(
  address: { readonly host: string; readonly port: number },
  render: () => Promise<string>,
  { log, limitConnections }: { readonly log: Logger; readonly limitConnections?: LimitConnections | undefined },
): Promise<PageServer> {
  const answers = new Answers(render, log)
  const server = createServer(
    { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 120_000 },
    (request, response) => void answers.to(request, response),
  )
  if (limitConnections === undefined) server.maxConnections = MAX_CONNECTIONS
  else limitConnections(server, MAX_CONNECTIONS)
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  await listen(server, address)
  server.on('error', (error) => log.warn('own metrics: a connection could not be accepted', { error }))
  server.unref()
  const { address: host, family, port } = server.address() as AddressInfo
  return {
    endpoint: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}${PATH}`,
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  try {
    const listening = once(server, 'listening')
    server.listen({ host, port })
    await listening
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const hint =
      code === 'EADDRINUSE'
        ? 'the port is taken; choose another one, or set service::telemetry::metrics::level to none'
        : messageOf(error)
    throw new Error(`service::telemetry::metrics: cannot listen on ${host}:${port}: ${hint}`, { cause: error })
  }
}

class Answers {
  readonly #render: () => Promise<string>
  readonly #log: Logger
  /** Who asks while a page is being made gets that page. */
  #current: Promise<string> | undefined

  constructor(render: () => Promise<string>, log: Logger) {
    this.#render = render
    this.#log = log
  }

  async to(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      // What may follow is not read: the connection ends here.
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain', Connection: 'close' })
      response.end('use GET\n')
      return
    }
    if (pathOf(request.url ?? '') !== PATH) return answer(response, 404, `the metrics are at ${PATH}\n`)
    try {
      const page = await (this.#current ??= this.#make())
      answer(response, 200, page, CONTENT_TYPE)
    } catch (error) {
      this.#log.error('own metrics cannot be read', { error })
      answer(response, 500, 'the metrics cannot be read; see the log\n')
    }
  }

  async #make(): Promise<string> {
    try {
      return await this.#render()
    } finally {
      this.#current = undefined
    }
  }
}

/** Of a request target that may be anything: `/metrics?name=x` and `http://host/metrics` have the path `/metrics`. */
const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  const bytes = Buffer.from(text)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.length })
  response.end(bytes)
}
