// A destination for OTLP/HTTP on a bare socket: reads HTTP/1.1 strictly, notes everything that breaks the protocol, and
// answers as the test says, down to half a status line.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { decodeOtlp, type Signal } from '../../src/data/index.ts'

export interface ReceivedRequest {
  readonly signal: Signal
  readonly target: string
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** As sent. */
  readonly raw: Buffer
  /** Decompressed. */
  readonly body: Buffer
  readonly items: number
  /** How many requests the connection has carried, this one included. */
  readonly nthOnConnection: number
  readonly socket: Socket
}

/** What to do with a request that has arrived whole. Default: 200 with an empty message. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer | string }
  /** Bytes as they are. */
  | { readonly raw: Buffer | string; readonly thenClose?: boolean }
  /** RST, no answer. */
  | 'reset'
  /** FIN, no answer. */
  | 'close'
  /** Nothing, for ever. */
  | 'hang'
  | ((request: ReceivedRequest) => void)

const SIGNALS: Readonly<Record<string, Signal>> = {
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
  '/v1/logs': 'logs',
}

export class FakeOtlpHttp {
  readonly requests: ReceivedRequest[] = []
  /** What broke the protocol; a test ends with this empty. */
  readonly violations: string[] = []
  /** One for each request that is to come; then the default. */
  readonly answers: Answer[] = []
  readonly sockets = new Set<Socket>()
  connections = 0
  /** Stays after `stop`, for a second one at the same place. */
  port = 0
  /** Paths besides the standard ones. */
  readonly paths: Record<string, Signal> = { ...SIGNALS }
  readonly #server: Server
  readonly #waiters: (() => void)[] = []
  readonly #isSecure: boolean

  constructor(tls?: TlsOptions) {
    this.#isSecure = tls !== undefined
    this.#server = tls === undefined ? createServer() : createTlsServer(tls)
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#serve(socket))
    this.#server.on('tlsClientError', () => {})
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }
  get url(): string {
    return `${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }
  get items(): number {
    return this.requests.reduce((sum, { items }) => sum + items, 0)
  }

  /** Resolves when that many requests have arrived, counted from the first. */
  async arrived(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    let pending = Buffer.alloc(0)
    let served = 0
    socket.on('error', () => {})
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, Buffer.from(data)])
      for (;;) {
        if (pending.length > 0 && pending[0] !== 0x50) return this.#refuse(socket)
        const head = pending.indexOf('\r\n\r\n')
        if (head === -1) return
        const { line, headers } = this.#parseHead(pending.toString('latin1', 0, head))
        const length = Number(headers.get('content-length') ?? Number.NaN)
        if (!Number.isSafeInteger(length)) {
          this.violations.push(`content-length is ${headers.get('content-length')}`)
          return void socket.destroy()
        }
        const end = head + 4 + length
        if (pending.length < end) return
        const raw = Buffer.from(pending.subarray(head + 4, end))
        pending = Buffer.from(pending.subarray(end))
        this.#accept(line, headers, raw, socket, ++served)
      }
    })
  }

  /** A TLS handshake or HTTP/2, where a P of POST should be. */
  #refuse(socket: Socket): void {
    this.violations.push('no HTTP/1.1')
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')
  }

  #parseHead(text: string): { line: string; headers: Map<string, string> } {
    const [line = '', ...fields] = text.split('\r\n')
    const headers = new Map<string, string>()
    for (const field of fields) {
      const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?(.*)$/.exec(field)
      if (match === null) this.violations.push(`header ${JSON.stringify(field)}`)
      else if (headers.has(match[1]!.toLowerCase())) this.violations.push(`header ${match[1]} twice`)
      else headers.set(match[1]!.toLowerCase(), match[2]!)
    }
    return { line, headers }
  }

  #accept(line: string, headers: Map<string, string>, raw: Buffer, socket: Socket, nthOnConnection: number): void {
    const [method, target = '', version] = line.split(' ')
    if (method !== 'POST' || version !== 'HTTP/1.1') this.violations.push(`request line ${line}`)
    for (const name of ['host', 'content-type', 'user-agent'])
      if (!headers.get(name)) this.violations.push(`no ${name}`)
    if (headers.has('transfer-encoding')) this.violations.push('transfer-encoding')
    const signal = this.paths[target.replace(/^http:\/\/[^/]+/, '')]
    if (signal === undefined) this.violations.push(`path ${target}`)
    const body = this.#decompress(raw, headers.get('content-encoding'))
    const request: ReceivedRequest = {
      signal: signal ?? 'traces',
      target,
      headers,
      raw,
      body,
      items: this.#count(signal ?? 'traces', headers.get('content-type'), body),
      nthOnConnection,
      socket,
    }
    this.requests.push(request)
    this.#answer(request, this.answers.shift() ?? { status: 200 })
    for (const wake of this.#waiters.splice(0)) wake()
  }

  #decompress(raw: Buffer, encoding: string | undefined): Buffer {
    switch (encoding) {
      case undefined:
        return raw
      case 'gzip':
        return gunzipSync(raw)
      case 'zlib':
      case 'deflate':
        return inflateSync(raw)
      case 'zstd':
        return zstdDecompressSync(raw)
      default:
        this.violations.push(`content-encoding ${encoding}`)
        return raw
    }
  }

  #count(signal: Signal, contentType: string | undefined, body: Buffer): number {
    try {
      if (contentType === 'application/x-protobuf') return decodeOtlp(signal, body).items
      if (contentType !== 'application/json') throw new Error(`content-type ${contentType}`)
      return itemsOfJson(JSON.parse(body.toString('utf8')))
    } catch (error) {
      this.violations.push(String(error))
      return 0
    }
  }

  #answer(request: ReceivedRequest, answer: Answer): void {
    const { socket } = request
    if (answer === 'hang') return
    if (answer === 'close') return void socket.end()
    if (answer === 'reset') return void socket.resetAndDestroy()
    if (typeof answer === 'function') return answer(request)
    if ('raw' in answer) {
      socket.write(answer.raw)
      if (answer.thenClose) socket.end()
      return
    }
    const body = Buffer.from(answer.body ?? '')
    const headers = {
      'content-type': request.headers.get('content-type') ?? '',
      'content-length': String(body.length),
      ...answer.headers,
    }
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${answer.status} Status\r\n${head.join('')}\r\n`), body]))
  }
}

/** The lists that hold the items, by their names in OTLP/JSON. */
const ITEMS: ReadonlySet<string> = new Set(['spans', 'logRecords', 'dataPoints'])

function itemsOfJson(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let items = 0
  for (const [key, inner] of Object.entries(value))
    items += ITEMS.has(key) && Array.isArray(inner) ? inner.length : itemsOfJson(inner)
  return items
}
