import type { IncomingMessage } from 'node:http'
import {
  type Consume,
  type Consumers,
  type Host,
  messageOf,
  type Receiver,
  type Settings,
} from '../../contract/index.ts'
import type { Context } from '../../data/index.ts'
import { type Asker, createDesk, type Desk, Exchange, type HttpAnswer, pathOf, type Route } from '../../net/exchange.ts'
import { HttpServer } from '../../net/http-server.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import { isSameText } from '../../net/same-text.ts'
import { GRPC, httpStatusOf, RefusedError, retryAfterOf, statusOf } from '../../net/status.ts'
import { Sweep } from '../../net/sweep.ts'
import type { AwsLogsConfig } from './config.ts'
import { commonAttributesOf, firehoseAnswer, readFirehose, requestIdOf } from './firehose.ts'
import {
  type BareMessages,
  fromBase64,
  isGzip,
  lambdaPayload,
  malformed,
  readPayload,
  type Subscription,
  UnpackedRoom,
} from './payload.ts'
import { recordsOf } from './records.ts'

export class AwsLogsReceiver implements Receiver {
  readonly #config: AwsLogsConfig
  readonly #settings: Settings
  readonly #consume: Consume<'logs'> | undefined
  readonly #parsesJson: boolean
  readonly #route: Route
  readonly #sweep: Sweep
  #countRefusal: (reason: string) => void = () => {}
  #running: { readonly server: HttpServer; readonly desk: Desk } | undefined
  endpoints: string[] = []

  constructor(config: AwsLogsConfig, settings: Settings, next: Consumers) {
    this.#config = config
    this.#settings = settings
    this.#consume = next.logs
    this.#parsesJson = config.message_format === 'json'
    this.#sweep = new Sweep(settings.clock)
    this.#route = {
      signal: 'logs',
      take: (body, asker, request) => {
        this.#take(body, asker, request).catch((error: unknown) => asker.onRefused(error))
      },
      refusal: (error, request) => this.#refusal(error, requestIdOf(request)),
    }
  }

  async start(host: Host): Promise<void> {
    const { log } = this.#settings
    const counter = this.#settings.meter.createCounter('sluice_receiver_rejected_requests', {
      description: 'Requests and connections that were turned away, by reason.',
    })
    this.#countRefusal = (reason) => counter.add(1, { receiver: this.#settings.id, transport: 'http', reason })
    noticeSettingsWithoutEffect(this.#config, '', log)
    const desk = createDesk(this.#config, {
      host,
      sweep: this.#sweep,
      onRefused: this.#countRefusal,
      route: (request) => this.#look(request),
      refusal: (error) => this.#refusal(error, undefined),
    })
    const server = new HttpServer(this.#config, this.#settings, {
      handle: (request, response) => new Exchange(desk, request, response).begin(),
      onRefused: this.#countRefusal,
    })
    this.endpoints = [`${await server.start()}${this.#config.path}`]
    this.#running = { server, desk }
  }

  async stop(abort?: AbortSignal): Promise<void> {
    const running = this.#running
    this.#running = undefined
    this.endpoints = []
    await running?.server.stop(running.desk.active, abort)
    this.#sweep.stop()
  }

  async invoke(event: unknown): Promise<boolean> {
    const payload = lambdaPayload(event)
    if (payload === undefined) return false
    const room = new UnpackedRoom(this.#config.max_request_body_size)
    const documents = await readPayload(payload, room)
    if (documents.some((one) => 'messages' in one))
      throw malformed('must be a document of CloudWatch Logs', 'awslogs.data')
    await this.#hand(documents, {}, { abort: new AbortController().signal, metadata: new Map(), transport: 'lambda' })
    return true
  }

  #look(request: IncomingMessage): Route | RefusedError {
    const { path, access_key: key } = this.#config
    if (pathOf(request.url!) !== path) {
      return new RefusedError(404, GRPC.UNIMPLEMENTED, 'not_found', `no such path; payloads are taken at ${path}`)
    }
    if (request.method !== 'POST') {
      return new RefusedError(405, GRPC.UNIMPLEMENTED, 'method_not_allowed', 'method not allowed, supported: [POST]')
    }
    if (key !== undefined && !isSameText(String(request.headers['x-amz-firehose-access-key'] ?? ''), key.reveal())) {
      return new RefusedError(
        401,
        GRPC.UNAUTHENTICATED,
        'bad_access_key',
        'X-Amz-Firehose-Access-Key is missing or wrong',
      )
    }
    return this.#route
  }

  async #take(body: Buffer, asker: Asker, request: IncomingMessage): Promise<void> {
    const requestId = requestIdOf(request)
    const room = new UnpackedRoom(this.#config.max_request_body_size)
    const admit = (): void => asker.admitUpTo(body.length + this.#config.max_request_body_size - room.leftBytes)
    if (requestId === undefined) {
      const documents = await readPayload(payloadOf(body), room)
      admit()
      if (documents.some((one) => 'messages' in one)) {
        throw malformed('must be a payload of CloudWatch Logs, a Lambda event with one, or come from Firehose', 'body')
      }
      await this.#hand(documents, {}, asker.context())
      return asker.answer(TAKEN)
    }
    const common = commonAttributesOf(request)
    const documents = await this.#readRecords(readFirehose(parse(body)), room, admit)
    await this.#hand(documents, common, asker.context())
    asker.answer(firehoseAnswer(200, requestId, this.#settings.clock.now()))
  }

  /** A record that is damaged does not take the others with it: only when all of them are is the request refused. */
  async #readRecords(
    payloads: readonly (Buffer | Error)[],
    room: UnpackedRoom,
    admit: () => void,
  ): Promise<(Subscription | BareMessages)[]> {
    const documents: (Subscription | BareMessages)[] = []
    let bad = 0
    let firstProblem: unknown
    for (const payload of payloads) {
      try {
        if (payload instanceof Error) throw payload
        documents.push(...(await readPayload(payload, room)))
        admit()
      } catch (error) {
        if (!(error instanceof RefusedError) || error.httpStatus !== 400) throw error
        bad++
        firstProblem ??= error
      }
    }
    if (bad === 0) return documents
    if (bad === payloads.length) throw firstProblem
    for (let i = 0; i < bad; i++) this.#countRefusal('malformed_record')
    this.#settings.log.error('records of a Firehose request were damaged and are lost, the others were taken', {
      records: bad,
      of: payloads.length,
      error: messageOf(firstProblem),
    })
    return documents
  }

  async #hand(
    documents: readonly (Subscription | BareMessages)[],
    common: Readonly<Record<string, string>>,
    context: Context,
  ): Promise<void> {
    const parsesJson = this.#parsesJson
    const batch = recordsOf(documents, { parsesJson, now: this.#settings.clock.now(), common })
    if (!batch.isEmpty) await this.#consume?.(batch, context)
  }

  #refusal(error: unknown, requestId: string | undefined): HttpAnswer {
    const status = statusOf(error)
    const httpStatus = httpStatusOf(error, status)
    const wait = status.retryDelayMs === undefined ? [] : ['Retry-After', retryAfterOf(status.retryDelayMs)]
    const { headers, body } = firehoseAnswer(httpStatus, requestId ?? '', this.#settings.clock.now(), status.message)
    return { httpStatus, headers: [...headers, ...wait, ...(httpStatus === 405 ? ['Allow', 'POST'] : [])], body }
  }
}

const TAKEN: HttpAnswer = { httpStatus: 200, headers: ['Content-Type', 'application/json'], body: Buffer.from('{}') }

/** Of what was posted by something that is not Firehose: a payload, its base64, or a Lambda event with it inside. */
function payloadOf(body: Buffer): Buffer {
  if (isGzip(body)) return body
  const text = body.toString('latin1')
  if (/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return fromBase64(text, 'body')
  if (!/^\s*\{\s*"awslogs"/.test(text)) return body
  return lambdaPayload(parse(body)) ?? body
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw malformed(`must be JSON: ${messageOf(error)}`, 'body')
  }
}
