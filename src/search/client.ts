// What both official clients are to the exporters: one bulk request after another, to a pool of nodes that they look after. The
// connections of a pool are our own HTTP client's, with the collector's settings for TLS, proxies, compression and the like.
import type { Secret } from '../config/values.ts'
import type { Host, Sender, Settings } from '../contract/index.ts'
import type { HttpClientConfig } from '../net/client-config.ts'
import { HttpClient, type HttpTarget } from '../net/http-client.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { userAgentOf } from '../net/user-agent.ts'

export interface SearchClient {
  /**
   * `sender` is that of the documents. Resolves with whatever the server answers, else rejects as `HttpClient.post` does, or with a `PermanentError` when the
   * server is of the other product.
   */
  bulk(body: Buffer, abort: AbortSignal, sender: Sender): Promise<HttpReply>
  close(): void
}

/** Where nodes are, and who we are to them. */
export interface NodesConfig {
  readonly nodes: readonly string[]
  readonly http: HttpClientConfig
  /** The value of the header `authorization`; empty for none. */
  readonly authorization: string
  /** For `_bulk`, with its `?`, or empty. */
  readonly query: string
  readonly sniff: { readonly onStart: boolean; readonly intervalMs: number }
}

export interface NodeRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: Buffer | undefined
  readonly abort: AbortSignal
  /** Undefined for what is asked on the agent's own behalf. */
  readonly sender: Sender | undefined
}

/** Requests to any node. */
export class Exchange {
  readonly #client: HttpClient
  /** Without compression: for requests without a body. */
  readonly #plain: HttpClient
  readonly #headers: Readonly<Record<string, string>>
  readonly #targets = new Map<string, Promise<HttpTarget>>()

  constructor({ http, authorization }: NodesConfig, settings: Settings, host: Host) {
    this.#client = new HttpClient(http, settings)
    this.#plain = new HttpClient({ ...http, compression: 'none' }, settings)
    this.#client.start(host)
    this.#plain.start(host)
    this.#headers = {
      'user-agent': userAgentOf(settings.agent),
      accept: 'application/json',
      ...(authorization !== '' && { authorization }),
    }
  }

  /** Reads certificates now rather than when the first request waits; what is wrong with them is told then. */
  async prepare(nodes: readonly URL[]): Promise<void> {
    for (const node of nodes) await this.#target(node, true).catch(() => {})
  }

  async request(node: URL, { method, path, body, abort, sender }: NodeRequest): Promise<HttpReply> {
    const hasBody = body !== undefined
    const client = hasBody ? this.#client : this.#plain
    const target = await this.#target(node, hasBody)
    // A node may live below a path of a proxy.
    const whole = target.url.pathname.replace(/\/$/, '') + path
    const details = { method, path: whole, ...(sender !== undefined && { context: sender }) }
    return client.post(target, hasBody ? [body] : [], body?.length ?? 0, abort, details)
  }

  #target(node: URL, hasBody: boolean): Promise<HttpTarget> {
    const key = `${hasBody} ${node.href}`
    let target = this.#targets.get(key)
    if (target === undefined) {
      if (this.#targets.size >= MAX_TARGETS) this.#targets.clear()
      target = hasBody
        ? this.#client.target(node.href, { ...this.#headers, 'content-type': 'application/x-ndjson' })
        : this.#plain.target(node.href, this.#headers)
      // Files of certificates may be there at the next attempt.
      target.catch(() => this.#targets.delete(key))
      this.#targets.set(key, target)
    }
    return target
  }

  close(): void {
    this.#client.close()
    this.#plain.close()
  }
}

/** A pool refuses one that it has. */
export const nodeUrls = ({ nodes }: NodesConfig): URL[] =>
  [...new Set(nodes.map((node) => new URL(node).href))].map((node) => new URL(node))

/** Nodes come and go. */
const MAX_TARGETS = 1000

export const NO_ABORT: AbortSignal = new AbortController().signal

export const basicAuthorization = (user: string, password: Secret | undefined): string =>
  user === '' ? '' : `Basic ${Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')}`
