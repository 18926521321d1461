// The frame of the emulators: an AWS service on a free port, as strict as AWS. It checks every signature and the time in it,
// notes what breaks a limit, and fails as it is told to.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { signatureProblem } from './signature.ts'

export interface EmulatedRequest {
  /** Of `X-Amz-Target` or `Action`; of REST APIs the path. */
  readonly operation: string
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Decompressed. */
  readonly body: Buffer
  /** As sent. */
  readonly raw: Buffer
  /** Of the signature. */
  readonly accessKeyId: string
  /** The body, parsed. */
  json(): unknown
}

export interface EmulatedAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** What happens to one request instead of what its handler would say. */
export type Fault =
  /** RST, no answer. */
  | 'reset'
  /** The handler runs, and then there is no answer. */
  | 'taken_and_reset'
  /** Nothing, for ever. */
  | 'hang'
  /** A success whose body is no JSON. */
  | 'garbage'
  /** A success of more bytes than a client takes. */
  | 'flood'
  | 'throttled'
  | 'unavailable'
  | 'expired'
  | 'denied'
  | EmulatedAnswer

/** Returns the answer's JSON or a whole answer; throws an `EmulatedError` to refuse. */
export type Handler = (request: EmulatedRequest, emulator: AwsEmulator) => object | undefined

export class EmulatedError extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** A whole answer, where a handler's JSON will not do. */
export class WholeAnswer {
  readonly answer: EmulatedAnswer
  constructor(answer: EmulatedAnswer) {
    this.answer = answer
  }
}

export interface EmulatorOptions {
  /** The name in signatures: `logs`; `*` for any. */
  readonly service: string
  readonly region?: string
  /** By operation; `*` for all that have none. */
  readonly operations: Readonly<Record<string, Handler>>
  readonly protocol?: 'json' | 'xml'
  /** Milliseconds since the epoch, at AWS. */
  readonly now?: () => number
}

export interface KnownKey {
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Milliseconds since the epoch. */
  expiresAt?: number
}

/** AWS takes signatures up to five minutes old or early. */
const MAX_SKEW_MS = 5 * 60_000

export class AwsEmulator {
  readonly requests: EmulatedRequest[] = []
  /** Limits that were broken, with the reason; a test ends with this empty. */
  readonly violations: string[] = []
  /** One for each request that is to come; then none. */
  readonly faults: (Fault | undefined)[] = []
  /** A fault for every request, as long as it is set. */
  fault: Fault | undefined
  /** By access key id. Another key is unknown to it. */
  readonly keys = new Map<string, KnownKey>([[TEST_KEY.accessKeyId, TEST_KEY]])
  readonly region: string
  readonly now: () => number
  readonly #of: EmulatorOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(of: EmulatorOptions) {
    this.#of = of
    this.region = of.region ?? 'eu-west-1'
    this.now = of.now ?? Date.now
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** Stops with the test, and fails it when a limit was broken. */
  static async start(t: Test, of: EmulatorOptions): Promise<AwsEmulator> {
    const emulator = await new AwsEmulator(of).listen()
    t.teardown(async () => {
      await emulator.stop()
      if (emulator.violations.length > 0) throw new Error(`limits of AWS: ${emulator.violations.join('; ')}`)
    })
    return emulator
  }

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }
  /** The settings of a component that sends here; the keys stand in the environment (`withTestKeys`). */
  get config(): { readonly region: string; readonly endpoint: string } {
    return { region: this.region, endpoint: this.url }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false
    response.setHeader('date', new Date(this.now()).toUTCString())
    response.setHeader('x-amzn-requestid', '00000000-0000-4000-8000-000000000000')
    const raw = await bodyOf(incoming)
    if (raw === undefined) return
    const fault = this.faults.shift() ?? this.fault
    try {
      const request = this.#parse(incoming, raw)
      this.requests.push(request)
      if (fault !== undefined && fault !== 'taken_and_reset') return this.#fail(fault, incoming, response)
      await this.#checkSignature(incoming, raw, request)
      const { operations } = this.#of
      const handler = operations[request.operation] ?? operations['*']
      if (handler === undefined) throw new EmulatedError('UnknownOperationException', request.operation)
      const answer = handler(request, this)
      if (fault === 'taken_and_reset') return void incoming.socket.resetAndDestroy()
      if (answer instanceof WholeAnswer) this.#answer(response, answer.answer)
      else this.#answer(response, { status: 200, body: answer === undefined ? '' : JSON.stringify(answer) })
    } catch (error) {
      if (error instanceof EmulatedError) this.#refuse(response, error)
      else {
        this.violations.push(`the emulator itself: ${error instanceof Error ? error.stack : error}`)
        this.#answer(response, { status: 500 })
      }
    }
  }

  #parse(incoming: IncomingMessage, raw: Buffer): EmulatedRequest {
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value!]),
    )
    const encoding = headers['content-encoding']
    const body = encoding === 'gzip' && this.#of.service !== 's3' ? gunzipSync(raw) : raw
    const path = incoming.url ?? '/'
    const target = headers['x-amz-target']?.split('.').at(-1)
    const action = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
      ? new URLSearchParams(body.toString()).get('Action')
      : undefined
    const key = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? ''
    return {
      operation: target ?? action ?? path.split('?')[0]!,
      method: incoming.method ?? '',
      path,
      headers,
      body,
      raw,
      accessKeyId: key,
      json: () => JSON.parse(body.toString('utf8')),
    }
  }

  async #checkSignature(
    incoming: IncomingMessage,
    raw: Buffer,
    { accessKeyId, headers }: EmulatedRequest,
  ): Promise<void> {
    const key = this.keys.get(accessKeyId)
    if (key === undefined)
      throw new EmulatedError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
        403,
      )
    const time = headers['x-amz-date'] ?? ''
    const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    if (!(Math.abs(at - this.now()) <= MAX_SKEW_MS))
      throw new EmulatedError(
        this.#of.service === 's3' ? 'RequestTimeTooSkewed' : 'InvalidSignatureException',
        `Signature expired: ${time} is not within 5 min of ${new Date(this.now()).toISOString()}`,
        403,
      )
    if (key.expiresAt !== undefined && key.expiresAt <= this.now())
      throw new EmulatedError('ExpiredTokenException', 'The security token included in the request is expired', 403)
    const problem = await signatureProblem(
      incoming,
      raw,
      { ...key, accessKeyId },
      { service: this.#of.service, region: this.region },
    )
    if (problem !== undefined) {
      this.violations.push(`signature: ${problem}`)
      throw new EmulatedError('InvalidSignatureException', problem, 403)
    }
  }

  #fail(fault: Exclude<Fault, 'taken_and_reset'>, incoming: IncomingMessage, response: ServerResponse): void {
    switch (fault) {
      case 'reset':
        incoming.socket.resetAndDestroy()
        return
      case 'hang':
        return
      case 'garbage':
        return this.#answer(response, { status: 200, body: '{"half": ' })
      case 'flood':
        return this.#answer(response, { status: 200, body: Buffer.alloc(5 * 1024 * 1024, 0x20) })
      case 'throttled':
        return this.#refuse(response, new EmulatedError('ThrottlingException', 'Rate exceeded'))
      case 'unavailable':
        return this.#refuse(response, new EmulatedError('ServiceUnavailableException', 'not now', 503))
      case 'expired':
        return this.#refuse(response, new EmulatedError('ExpiredTokenException', 'The security token is expired', 403))
      case 'denied':
        return this.#refuse(response, new EmulatedError('AccessDeniedException', 'is not authorized to perform', 403))
      default:
        return this.#answer(response, fault)
    }
  }

  #refuse(response: ServerResponse, { code, message, status }: EmulatedError): void {
    const isXml = this.#of.protocol === 'xml'
    this.#answer(response, {
      status,
      headers: { 'content-type': isXml ? 'application/xml' : 'application/x-amz-json-1.1' },
      body: isXml
        ? `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
        : JSON.stringify({ __type: `com.amazonaws.${this.#of.service}#${code}`, message }),
    })
  }

  #answer(response: ServerResponse, { status, headers = {}, body = '' }: EmulatedAnswer): void {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers })
    response.end(body)
  }
}

/** What every emulator knows. */
export const TEST_KEY = { accessKeyId: 'AKIATEST', secretAccessKey: 'test/secret+key' }

/** Puts credentials that the emulators know into the environment, for the length of a test. */
export function withTestKeys(t: Test): void {
  const before = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  process.env.AWS_ACCESS_KEY_ID = TEST_KEY.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = TEST_KEY.secretAccessKey
  t.teardown(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
    for (const [name, value] of Object.entries(before)) if (name.startsWith('AWS_')) process.env[name] = value
  })
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
