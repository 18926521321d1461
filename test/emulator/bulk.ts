// `_bulk` as OpenSearch and Elasticsearch have it, strict: what breaks the protocol, or what every index refuses, is noted and fails
// the test. Keeps the documents that it has taken, and fails as it is told to.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createGzip, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Test } from 'tap'
import { parseStrictly } from '../search/kit.ts'

export interface TakenDocument {
  readonly index: string
  readonly id: string
  readonly pipeline: string | undefined
  readonly action: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they have written
  readonly source: any
}

export interface BulkRequestSeen {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly documents: number
  readonly sizeBytes: number
}

/** What happens to one request. */
export type BulkFault =
  /** RST, no answer. */
  | 'reset'
  /** It is taken, and then there is no answer. */
  | 'taken_and_reset'
  /** Nothing, for ever. */
  | 'hang'
  /** An answer that begins and never ends, a byte at a time. */
  | 'trickle'
  /** A gigabyte. */
  | 'flood'
  /** The same, compressed to a megabyte. */
  | 'bomb'
  /** A success that is no JSON, or half of it. */
  | 'garbage'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** What an index says to one document: undefined takes it. */
export type Refuse = (document: TakenDocument) => { readonly status: number; readonly type: string } | undefined

export class BulkEmulator {
  readonly documents: TakenDocument[] = []
  readonly requests: BulkRequestSeen[] = []
  /** What broke the protocol; a test ends with this empty. */
  readonly violations: string[] = []
  /** One for each request that is to come; then none. */
  readonly faults: (BulkFault | undefined)[] = []
  /** A fault for every request, as long as it is set. */
  fault: BulkFault | undefined
  refuse: Refuse = () => undefined
  /** Larger bodies are answered with 413. */
  maxBytes = 100 * 1024 * 1024
  /** Requests whose headers make this false are answered with 401. */
  isKnown: (headers: Readonly<Record<string, string>>) => boolean = () => true
  readonly #product: 'opensearch' | 'elasticsearch'
  readonly #ids = new Set<string>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #nextId = 0

  constructor(product: 'opensearch' | 'elasticsearch') {
    this.#product = product
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
  }

  /** Stops with the test, and fails it when the protocol was broken. */
  static async start(t: Test, product: 'opensearch' | 'elasticsearch'): Promise<BulkEmulator> {
    const emulator = new BulkEmulator(product)
    await emulator.listen(0)
    t.teardown(async () => {
      await emulator.stop()
      if (emulator.violations.length > 0) throw new Error(`bulk protocol: ${emulator.violations.join('; ')}`)
    })
    return emulator
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get #about(): object {
    const version = { number: '3.6.0', ...(this.#product === 'opensearch' && { distribution: 'opensearch' }) }
    return { name: 'n', cluster_name: 'c', version }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#product === 'elasticsearch') response.setHeader('x-elastic-product', 'Elasticsearch')
    const raw = await bodyOf(incoming)
    if (raw === undefined) return
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
    const body = decompress(raw, headers['content-encoding'])
    const path = incoming.url ?? ''
    if (incoming.method === 'POST' && path.startsWith('/_bulk') && body.length === 0)
      return answer(response, 400, { error: { type: 'parse_exception', reason: 'request body is required' } })
    if (incoming.method === 'GET' && path === '/') return answer(response, 200, this.#about)
    if (incoming.method !== 'POST' || !/^\/_bulk(\?|$)/.test(path)) {
      this.violations.push(`${incoming.method} ${path}`)
      return answer(response, 404, {})
    }
    const fault = this.faults.shift() ?? this.fault
    const lines = body.toString('utf8').split('\n')
    this.requests.push({ path, headers, documents: (lines.length - 1) / 2, sizeBytes: body.length })
    if (fault !== undefined && fault !== 'taken_and_reset') return this.#fail(fault, incoming, response)
    if (!this.isKnown(headers)) return answer(response, 401, { error: { type: 'security_exception', reason: 'who?' } })
    if (body.length > this.maxBytes) return answer(response, 413, '')
    if (headers['content-type'] !== 'application/x-ndjson')
      this.violations.push(`content-type ${headers['content-type']}`)
    if (lines.pop() !== '') this.violations.push('the last line has no end')
    const items = lines.flatMap((line, i) => (i % 2 === 0 ? [this.#take(line, lines[i + 1])] : []))
    if (fault === 'taken_and_reset') return void incoming.socket.resetAndDestroy()
    answer(response, 200, {
      took: 1,
      errors: items.some((item) => item.error !== undefined),
      items: items.map((item) => ({ create: item })),
    })
  }

  #take(actionLine: string, sourceLine: string | undefined): { status: number; error?: object } {
    let document: TakenDocument
    try {
      document = this.#parse(actionLine, sourceLine ?? '')
    } catch (error) {
      if (error instanceof TooDeepError)
        return { status: 400, error: { type: 'illegal_argument_exception', reason: error.message } }
      this.violations.push(error instanceof Error ? error.message : String(error))
      return { status: 400, error: { type: 'mapper_parsing_exception', reason: 'broken' } }
    }
    const refusal = this.refuse(document)
    if (refusal !== undefined)
      return { status: refusal.status, error: { type: refusal.type, reason: `${document.index} does not want it` } }
    const key = `${document.index}/${document.id}`
    if (document.action === 'create' && this.#ids.has(key))
      return { status: 409, error: { type: 'version_conflict_engine_exception', reason: 'document already exists' } }
    this.#ids.add(key)
    this.documents.push(document)
    return { status: 201 }
  }

  #parse(actionLine: string, sourceLine: string): TakenDocument {
    const parsed = Object.entries(parseStrictly(actionLine) as Record<string, Record<string, unknown>>)
    const [[action, meta] = []] = parsed
    if (parsed.length !== 1 || (action !== 'create' && action !== 'index')) throw new Error(`action ${actionLine}`)
    const { _index: index, _id: id, pipeline, ...more } = meta!
    if (typeof index !== 'string' || index === '' || /[A-Z\\/*?"<>| ,#:]/.test(index) || /^[-_+]/.test(index))
      throw new Error(`index name ${JSON.stringify(index)}`)
    if (Buffer.byteLength(index) > 255) throw new Error(`an index name of ${Buffer.byteLength(index)} bytes`)
    if (id !== undefined && (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > 512))
      throw new Error(`id ${id}`)
    for (const name of Object.keys(more))
      if (name !== 'dynamic_templates' && name !== 'require_data_stream') throw new Error(`${name} in an action`)
    const source = parseStrictly(sourceLine) as Record<string, unknown>
    for (const name of Object.keys(source)) if (METADATA.has(name)) throw new Error(`${name} in a document`)
    checkNames(source, index.includes('.otel-') ? PASS_THROUGH : NONE)
    return {
      index,
      id: id ?? `auto-${this.#nextId++}`,
      pipeline: pipeline as string | undefined,
      action: action!,
      source,
    }
  }

  #fail(fault: Exclude<BulkFault, 'taken_and_reset'>, incoming: IncomingMessage, response: ServerResponse): void {
    switch (fault) {
      case 'reset':
        return void incoming.socket.resetAndDestroy()
      case 'hang':
        return
      case 'garbage':
        return answer(response, 200, '{"took":1,"errors":tr')
      case 'trickle':
        return trickle(response)
      case 'flood':
        response.writeHead(200, { 'content-type': 'application/json' })
        return pour(response)
      case 'bomb': {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        const gzip = createGzip({ level: 1 })
        gzip.pipe(response)
        gzip.on('error', () => {})
        return pour(gzip)
      }
      default:
        response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
        response.end(fault.body ?? '')
    }
  }
}

const METADATA: ReadonlySet<string> = new Set([
  '_id',
  '_index',
  '_source',
  '_type',
  '_routing',
  '_ignored',
  '_field_names',
])

const NONE: ReadonlySet<string> = new Set()
/** What Elasticsearch's templates for OpenTelemetry map as `passthrough`: names in it are taken as they are, dots and all. */
const PASS_THROUGH: ReadonlySet<string> = new Set(['attributes', 'metrics', 'resource.attributes', 'scope.attributes'])

/** index.mapping.depth.limit */
const MAX_DEPTH = 20

/** Not against the protocol: what a sender names its attributes is not the exporter's choice. */
class TooDeepError extends Error {
  constructor() {
    super(`Limit of mapping depth [${MAX_DEPTH}] has been exceeded`)
  }
}

/** Dots make objects: a name must not be a value in one place and an object in another, and no part of it is empty. */
function checkNames(source: object, passThrough: ReadonlySet<string>): void {
  const kinds = new Map<string, 'value' | 'object'>()
  const note = (path: string, kind: 'value' | 'object'): void => {
    if ((kinds.get(path) ?? kind) !== kind) throw new Error(`${path} is a value and an object`)
    kinds.set(path, kind)
  }
  const visit = (value: unknown, path: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw new TooDeepError()
    if (value === null) return
    if (Array.isArray(value)) {
      for (const each of value) visit(each, path, depth)
      return
    }
    if (typeof value !== 'object') return note(path, 'value')
    if (path !== '') note(path, 'object')
    if (passThrough.has(path)) return
    for (const [name, inner] of Object.entries(value)) {
      if (name === '' || name.startsWith('.')) throw new Error(`the name ${JSON.stringify(name)}`)
      const parts = name.split('.', MAX_DEPTH + 1)
      if (depth + parts.length > MAX_DEPTH) throw new TooDeepError()
      let at = path
      for (const part of parts.slice(0, -1)) {
        at = at === '' ? part : `${at}.${part}`
        note(at, 'object')
      }
      visit(inner, at === '' ? parts.at(-1)! : `${at}.${parts.at(-1)}`, depth + parts.length)
    }
  }
  visit(source, '', 0)
}

function answer(response: ServerResponse, status: number, body: object | string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

/** A gigabyte, or until nobody reads on. */
function pour(to: NodeJS.WritableStream): void {
  const piece = Buffer.alloc(1024 * 1024, 0x20)
  let left = 1024
  const more = (): void => {
    while (left-- > 0) if (!to.write(piece)) return void to.once('drain', more)
    to.end()
  }
  more()
}

function decompress(raw: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return gunzipSync(raw)
  return encoding === 'zstd' ? zstdDecompressSync(raw) : raw
}

/** Undefined when the connection broke before the end. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch {
    return undefined
  }
}
