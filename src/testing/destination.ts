import { createServer, type Server, type ServerResponse } from 'node:http'

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** How a destination answers one request; 200 without a body unless it says otherwise. `hang` never does. */
export type DestinationAnswer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'

/**
 * An HTTP server on a free port for tests of exporters: keeps what arrives and answers as it is told.
 *
 *     const destination = await HttpDestination.start()
 *     destination.answers.push({ status: 503 })     // to the next request; then 200 again
 *     …
 *     await destination.stop()
 */
export class HttpDestination {
  readonly requests: ReceivedRequest[] = []
  /** One for each request that is to come. */
  readonly answers: DestinationAnswer[] = []
  readonly #server: Server
  #url = ''

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        this.requests.push({ method, path, headers, body: Buffer.concat(parts) })
        answer(response, this.answers.shift() ?? {})
      })
    })
  }

  static async start(): Promise<HttpDestination> {
    const destination = new HttpDestination()
    const server = destination.#server
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    if (typeof address === 'object' && address !== null) destination.#url = `http://127.0.0.1:${address.port}/`
    return destination
  }

  /** `http://127.0.0.1:<port>/` */
  get url(): string {
    return this.#url
  }

  /** The bodies that came, as text. */
  get bodies(): readonly string[] {
    return this.requests.map(({ body }) => body.toString())
  }

  async stop(): Promise<void> {
    await new Promise<void>((closed) => {
      this.#server.close(() => closed())
      this.#server.closeAllConnections()
    })
  }
}

function answer(response: ServerResponse, told: DestinationAnswer): void {
  if (told === 'hang') return
  response.writeHead(told.status ?? 200, told.headers).end(told.body)
}
