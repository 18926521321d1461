// The official OpenSearch client: its transport and its pool of nodes (round robin, dead nodes, sniffing). Its index.js would
// also load 500 files of APIs that nobody calls here: 31 MB and 150 ms, where these take 10 MB and 10 ms.
import { Readable } from 'node:stream'
import { type Host, PermanentError, type Sender, type Settings } from '../contract/index.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { Exchange, NO_ABORT, type NodesConfig, nodeUrls, type SearchClient } from './client.ts'
import { tidyNodes } from './nodes.ts'

export async function openOpenSearch(config: NodesConfig, settings: Settings, host: Host): Promise<SearchClient> {
  const { Transport, ConnectionPool, Serializer } = await loadLibrary()
  const exchange = new Exchange(config, settings, host)
  const connectionPool = new ConnectionPool({
    Connection: nodeOf(exchange),
    emit: nobodyListens,
    resurrectStrategy: 'optimistic',
  })
  const urls = nodeUrls(config)
  await exchange.prepare(urls)
  for (const url of urls) connectionPool.addConnection({ url })
  const { onStart, intervalMs } = config.sniff
  const transport = new Transport({
    emit: nobodyListens,
    connectionPool,
    serializer: new Serializer(),
    // Delivery tries again: signed anew, with what is left, perhaps at another node. Delivery has the time limit, too.
    maxRetries: 0,
    requestTimeout: 0,
    sniffEndpoint: '_nodes/_all/http',
    sniffOnStart: onStart,
    ...(intervalMs > 0 && { sniffInterval: intervalMs }),
  })
  const post = async (body: Buffer, abort: AbortSignal, sender: Sender): Promise<HttpReply> => {
    const box: Box = { sender, reply: undefined }
    try {
      await transport.request({ method: 'POST', path: `/_bulk${config.query}`, bulkBody: body, abort, box }, NO_RETRIES)
    } catch (error) {
      // An answer with another status than 2xx is one to us; what our own client has thrown comes back as it was.
      if (box.reply === undefined) throw error
    }
    checkProduct(box.reply!)
    return box.reply!
  }
  let isKnown = false
  return {
    async bulk(body, abort, sender) {
      // Before anything is written to a server it is asked for nothing, which every one of them refuses.
      if (!isKnown) await post(NO_BODY, abort, sender)
      isKnown = true
      return post(body, abort, sender)
    },
    close: () => exchange.close(),
  }
}

const NO_RETRIES = { maxRetries: 0 }
const NO_BODY = Buffer.alloc(0)

/** Where the answer itself goes, past the transport, which makes texts and errors of it. */
interface Box {
  readonly sender: Sender
  reply: HttpReply | undefined
}

/** Elasticsearch says so in every answer since 7.14, refusals included. */
function checkProduct({ headers }: HttpReply): void {
  if (headers['x-elastic-product'] === undefined) return
  throw new PermanentError('this server is Elasticsearch, not OpenSearch: use the exporter elasticsearch for it', {
    reason: 'wrong_product',
  })
}

/** The parts of the library that are used, by what is used of them. */
interface Library {
  readonly Transport: new (
    options: object,
  ) => {
    request(params: object, options: object): Promise<unknown>
  }
  readonly ConnectionPool: new (options: object) => { addConnection(node: { readonly url: URL }): unknown }
  readonly Serializer: new () => object
}

/** Each file of it exports one thing, in a way that its type declarations do not tell. */
async function loadLibrary(): Promise<Library> {
  const { ConnectionPools, Serializer, Transport } = await import('./opensearch-library.ts')
  const { ConnectionPool } = ConnectionPools as { readonly ConnectionPool: unknown }
  return { Transport, ConnectionPool, Serializer } as unknown as Library
}

const nobodyListens = (): boolean => true

interface NodeOptions {
  readonly url: URL
  readonly id?: string
  readonly roles?: object
}

interface NodeParams {
  readonly method: string
  readonly path: string
  readonly querystring?: string
  readonly body?: Buffer | string | null
  readonly abort?: AbortSignal
  readonly box?: Box
}

type Callback = (error: Error | null, response: Readable | null) => void

/** A node as the pool wants one: the pool keeps the account of its roles and deaths. */
function nodeOf(exchange: Exchange) {
  return class Node {
    readonly url: URL
    readonly id: string
    readonly roles: object
    status = 'alive'
    deadCount = 0
    resurrectTimeout = 0

    constructor({ url, id, roles }: NodeOptions) {
      this.url = url
      this.id = id ?? url.href
      this.roles = { data: true, ingest: true, ...roles }
    }

    request({ method, path, querystring, body, abort = NO_ABORT, box }: NodeParams, callback: Callback): object {
      const whole = (path.startsWith('/') ? path : `/${path}`) + (querystring ? `?${querystring}` : '')
      const payload = Buffer.isBuffer(body) && body.length > 0 ? body : undefined
      exchange.request(this.url, { method, path: whole, body: payload, abort, sender: box?.sender }).then(
        (reply) => {
          if (box !== undefined) box.reply = reply
          callback(null, box === undefined ? responseOf(tidyNodes(reply)) : responseOf({ ...reply, body: NO_BODY }))
        },
        (error: Error) => callback(error, null),
      )
      return { abort: () => {} }
    }

    close(): void {}
  }
}

/** As the transport reads it. */
function responseOf({ status, headers, body }: HttpReply): Readable {
  const response = new Readable({ read() {} })
  response.push(body)
  response.push(null)
  // It is decompressed already, and whole.
  const { 'content-encoding': _, 'content-length': __, ...rest } = headers
  return Object.assign(response, { statusCode: status, headers: rest })
}
