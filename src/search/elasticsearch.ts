// The official Elasticsearch client: its transport and its pool of nodes (round robin, dead nodes, sniffing), from the package
// that the client itself is made of. The client would load 40 MB in 190 ms, most of it APIs that nobody calls here; these
// parts take 14 MB and 50 ms.
import { type Host, messageOf, PermanentError, type Sender, type Settings } from '../contract/index.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { Exchange, NO_ABORT, type NodesConfig, nodeUrls, type SearchClient } from './client.ts'
import { tidyNodes } from './nodes.ts'

export async function openElasticsearch(config: NodesConfig, settings: Settings, host: Host): Promise<SearchClient> {
  const library = await loadLibrary()
  const exchange = new Exchange(config, settings, host)
  const pool = new library.ClusterConnectionPool({
    Connection: nodeOf(exchange, library),
    resurrectStrategy: 'optimistic',
  })
  const urls = nodeUrls(config)
  await exchange.prepare(urls)
  for (const url of urls) pool.addConnection({ url })
  const { onStart, intervalMs } = config.sniff
  const transport = new (sniffing(library.Transport, pool, urls[0]!.protocol))({
    connectionPool: pool,
    // Delivery tries again: with what is left, perhaps at another node. Delivery has the time limit, too.
    maxRetries: 0,
    requestTimeout: 0,
    sniffOnStart: onStart,
    openTelemetry: { enabled: false },
    // Each error would have a copy of the request without its secrets, made byte by byte: in a long run it held the agent for 4 to 8 s and took
    // 300 MB. Nobody reads it,
    // and headers with secrets are not given to the library.
    redaction: { type: 'off' },
    ...(intervalMs > 0 && { sniffInterval: intervalMs }),
  })
  const post = async (body: Buffer, abort: AbortSignal, sender: Sender): Promise<HttpReply> => {
    const box: Box = { abort, sender, reply: undefined, error: undefined }
    try {
      await transport.request({ method: 'POST', path: `/_bulk${config.query}`, bulkBody: body }, { context: box })
    } catch (error) {
      // An answer with another status than 2xx is one to us; what our own client has thrown comes back as it was.
      if (box.reply === undefined) throw box.error ?? error
    }
    return box.reply!
  }
  let isKnown = false
  return {
    async bulk(body, abort, sender) {
      // Before anything is written to a server it is asked for nothing, which every one of them refuses.
      if (!isKnown) {
        const reply = await post(NO_BODY, abort, sender)
        isKnown = isElasticsearch(reply)
        if (!isKnown && isOwnAnswer(reply)) throw await wrongProduct(exchange, urls[0]!, abort, sender)
      }
      return post(body, abort, sender)
    },
    close: () => exchange.close(),
  }
}

const NO_BODY = Buffer.alloc(0)

/** It says so in every answer since 7.14, refusals included. */
const isElasticsearch = ({ headers }: HttpReply): boolean => headers['x-elastic-product'] === 'Elasticsearch'

/** Not one of a proxy before it, which has no such header either: it is busy, or does not know us. */
const isOwnAnswer = ({ status }: HttpReply): boolean => status === 400 || (status >= 200 && status <= 299)

async function wrongProduct(
  exchange: Exchange,
  node: URL,
  abort: AbortSignal,
  sender: Sender,
): Promise<PermanentError> {
  const about = await exchange.request(node, { method: 'GET', path: '/', body: undefined, abort, sender }).then(
    ({ body }) => body.toString('utf8', 0, 4096),
    () => '',
  )
  const isOpenSearch = /"distribution"\s*:\s*"opensearch"/.test(about)
  return new PermanentError(
    isOpenSearch
      ? 'this server is OpenSearch, not Elasticsearch: use the exporter opensearch for it'
      : 'this server does not say that it is Elasticsearch (x-elastic-product, since version 7.14): if it is OpenSearch, use the exporter opensearch',
    { reason: 'wrong_product' },
  )
}

/** What goes past the transport, which makes texts and errors of answers. */
interface Box {
  readonly abort: AbortSignal
  readonly sender: Sender
  reply: HttpReply | undefined
  error: unknown
}

/** The parts of the library that are used, by what is used of them. */
interface Library {
  readonly Transport: new (options: object) => Transport
  readonly ClusterConnectionPool: new (options: object) => Pool
  readonly BaseConnection: new (options: NodeOptions) => { readonly url: URL }
  readonly ConnectionError: new (message: string) => Error
}
interface Transport {
  isSniffing: boolean
  request(params: object, options: object): Promise<unknown>
}
interface Pool {
  addConnection(node: NodeOptions): unknown
  nodesToHost(nodes: object, protocol: string): NodeOptions[]
  update(nodes: readonly NodeOptions[]): unknown
}
interface NodeOptions {
  readonly url: URL
}

/** What each file exports stands in `default`, whatever its type declarations tell, and in a bundle nowhere else. */
async function loadLibrary(): Promise<Library> {
  const [transport, pool, connection, errors] = await Promise.all([
    import('@elastic/transport/Transport'),
    import('@elastic/transport/pool/ClusterConnectionPool'),
    import('@elastic/transport/connection/BaseConnection'),
    import('@elastic/transport/errors'),
  ])
  const exportsOf = (module: object): Readonly<Record<string, unknown>> =>
    (module as { readonly default: Readonly<Record<string, unknown>> }).default
  return {
    Transport: exportsOf(transport).default,
    ClusterConnectionPool: exportsOf(pool).default,
    BaseConnection: exportsOf(connection).default,
    ConnectionError: exportsOf(errors).ConnectionError,
  } as Library
}

/** The transport knows when to look for nodes; how, the client that it is a part of has to say. */
function sniffing(Base: Library['Transport'], pool: Pool, protocol: string): Library['Transport'] {
  return class extends Base {
    sniff(): void {
      if (this.isSniffing) return
      this.isSniffing = true
      this.request({ method: 'GET', path: '/_nodes/_all/http' }, {}).then(
        (answer) => {
          this.isSniffing = false
          pool.update(pool.nodesToHost((answer as { readonly nodes: object }).nodes, protocol))
        },
        () => {
          this.isSniffing = false
        },
      )
    }
  }
}

interface NodeParams {
  readonly method: string
  readonly path: string
  readonly querystring?: string
  readonly body?: Buffer | string | null
}

interface NodeAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A node as the pool wants one: the pool keeps the account of its deaths. */
function nodeOf(exchange: Exchange, { BaseConnection, ConnectionError }: Library) {
  return class Node extends BaseConnection {
    async request(params: NodeParams, { context: box }: { readonly context: Box | null }): Promise<NodeAnswer> {
      const { method, path, querystring, body } = params
      const whole = querystring ? `${path}?${querystring}` : path
      const payload = Buffer.isBuffer(body) && body.length > 0 ? body : undefined
      try {
        const abort = box?.abort ?? NO_ABORT
        const reply = await exchange.request(this.url, {
          method,
          path: whole,
          body: payload,
          abort,
          sender: box?.sender,
        })
        if (box === null) return answerOf(tidyNodes(reply))
        box.reply = reply
        return { statusCode: reply.status, headers: {}, body: '' }
      } catch (error) {
        if (box !== null) box.error = error
        throw error instanceof PermanentError ? error : new ConnectionError(messageOf(error))
      }
    }

    async close(): Promise<void> {}
  }
}

const answerOf = ({ status, body }: HttpReply): NodeAnswer => ({
  statusCode: status,
  headers: { 'content-type': 'application/json' },
  body: body.toString('utf8'),
})
