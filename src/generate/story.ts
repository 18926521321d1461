// One customer's request and all that it leads to: spans that belong together, and the log records that go with them.
import { type AnyValue, type Double, double, Id } from '../data/index.ts'
import { type Failure, type Operation, operationsOf } from './operations.ts'
import type { Random } from './random.ts'

export type Values = Readonly<Record<string, AnyValue | Double>>

/** Times are milliseconds since the epoch. */
export interface SpanDraft {
  readonly service: string
  readonly traceId: Id
  readonly spanId: Id
  readonly parentSpanId: Id | undefined
  readonly name: string
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Values
  /** Of the error, when it failed. */
  readonly failedWith: string | undefined
  readonly exception: { readonly atMs: number; readonly type: string; readonly message: string } | undefined
}

export interface LogDraft {
  readonly service: string
  readonly traceId: Id
  readonly spanId: Id
  readonly atMs: number
  readonly severity: Severity
  readonly body: string
  readonly attributes: Values
}
export type Severity = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'

/** A request that a service has answered, for its metrics. */
export interface Served {
  readonly service: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
  readonly traceId: Id
  readonly spanId: Id
  readonly query: { readonly system: string; readonly name: string; readonly durationMs: number } | undefined
}

export interface Story {
  readonly spans: readonly SpanDraft[]
  readonly logs: readonly LogDraft[]
  readonly served: readonly Served[]
  /** Of an order that was placed. */
  readonly amount: number | undefined
}

const SERVER = 2
const CLIENT = 3

/** Tells stories that end now. */
export class Storyteller {
  readonly #random: Random
  readonly #operations: ReturnType<typeof operationsOf>

  constructor(services: readonly string[], random: Random) {
    this.#random = random
    this.#operations = operationsOf(services)
  }

  tell(nowMs: number): Story {
    const operation = this.#choose()
    const telling = new Telling(this.#random, operation)
    return telling.endingAt(nowMs)
  }

  #choose(): Operation {
    const sum = this.#operations.reduce((total, [weight]) => total + weight, 0)
    let left = this.#random.next() * sum
    for (const [weight, operation] of this.#operations) if ((left -= weight) < 0) return operation
    return this.#operations[0]![1]
  }
}

/** One story in the making; its clock starts at 0. */
class Telling {
  readonly #random: Random
  readonly #traceId: Id
  readonly #orderId: string
  readonly #amount: number
  readonly #isOrder: boolean
  readonly #spans: SpanDraft[] = []
  readonly #logs: LogDraft[] = []
  readonly #served: Served[] = []
  #nowMs = 0

  constructor(random: Random, operation: Operation) {
    this.#random = random
    this.#traceId = Id.fromBytes(random.bytes(16))
    this.#orderId = `o-${random.hex(10)}`
    this.#amount = Math.round(random.around(48) * 100) / 100
    this.#isOrder = operation.method === 'POST'
    this.#serve(operation, undefined)
  }

  endingAt(nowMs: number): Story {
    const shift = nowMs - this.#nowMs
    const isPlaced = this.#isOrder && this.#served.every(({ status }) => status < 400)
    return {
      spans: this.#spans.map((span) => ({
        ...span,
        startMs: span.startMs + shift,
        endMs: span.endMs + shift,
        exception: span.exception && { ...span.exception, atMs: span.exception.atMs + shift },
      })),
      logs: this.#logs.map((log) => ({ ...log, atMs: log.atMs + shift })),
      served: this.#served,
      amount: isPlaced ? this.#amount : undefined,
    }
  }

  /** The service's own part: its server span, its query, its calls. Returns the status that it answers. */
  #serve(operation: Operation, parentSpanId: Id | undefined): number {
    const { service, method, route, medianMs } = operation
    const spanId = this.#spanId()
    const startMs = this.#nowMs
    this.#pass(medianMs / 2)
    const failure = this.#fails(operation)
    const query = failure === undefined ? this.#query(operation, spanId) : undefined
    const status = failure === undefined ? this.#callAll(operation, spanId) : failure.status
    this.#pass(failure === undefined ? medianMs / 2 : failure.medianMs)
    const isBroken = status >= 500
    this.#spans.push({
      service,
      traceId: this.#traceId,
      spanId,
      parentSpanId,
      name: `${method} ${route}`,
      kind: SERVER,
      startMs,
      endMs: this.#nowMs,
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'url.path': route.replace('{id}', this.#orderId).replace('{sku}', `sku-${this.#random.int(500)}`),
        'http.response.status_code': status,
        'server.address': `${service}.shop.internal`,
        ...(this.#isOrder && { 'shop.order.id': this.#orderId, 'shop.order.amount': double(this.#amount) }),
      },
      failedWith: isBroken ? (failure?.message ?? 'what it called failed') : undefined,
      exception: failure && { atMs: this.#nowMs, type: failure.type, message: failure.message },
    })
    const durationMs = this.#nowMs - startMs
    this.#served.push({ service, method, route, status, durationMs, traceId: this.#traceId, spanId, query })
    this.#say(operation, spanId, status, failure, durationMs)
    return status
  }

  #fails({ failure }: Operation): Failure | undefined {
    return failure !== undefined && this.#random.chance(failure.chance) ? failure : undefined
  }

  #query({ service, query }: Operation, parentSpanId: Id): Served['query'] {
    if (query === undefined) return undefined
    const { system, name, table } = query
    const startMs = this.#nowMs
    this.#pass(query.medianMs)
    this.#spans.push({
      service,
      traceId: this.#traceId,
      spanId: this.#spanId(),
      parentSpanId,
      name: `${name} ${table}`,
      kind: CLIENT,
      startMs,
      endMs: this.#nowMs,
      attributes: {
        'db.system.name': system,
        'db.operation.name': name,
        'db.collection.name': table,
        'server.address': `${system}.shop.internal`,
      },
      failedWith: undefined,
      exception: undefined,
    })
    return { system, name, durationMs: this.#nowMs - startMs }
  }

  /** One after the other, until one fails. */
  #callAll({ service, calls = [], method }: Operation, parentSpanId: Id): number {
    for (const called of calls) {
      const spanId = this.#spanId()
      const startMs = this.#nowMs
      this.#pass(0.4)
      const status = this.#serve(called, spanId)
      this.#pass(0.4)
      this.#spans.push({
        service,
        traceId: this.#traceId,
        spanId,
        parentSpanId,
        name: called.method,
        kind: CLIENT,
        startMs,
        endMs: this.#nowMs,
        attributes: {
          'http.request.method': called.method,
          'http.response.status_code': status,
          'server.address': `${called.service}.shop.internal`,
          'server.port': 8080,
        },
        failedWith: status >= 400 ? `${called.service} answered ${status}` : undefined,
        exception: undefined,
      })
      if (status >= 400) return status >= 500 ? 502 : status
    }
    return method === 'POST' ? 201 : 200
  }

  #say(operation: Operation, spanId: Id, status: number, failure: Failure | undefined, durationMs: number): void {
    const { service, method, route } = operation
    const log = (severity: Severity, body: string, attributes: Values): void => {
      this.#logs.push({ service, traceId: this.#traceId, spanId, atMs: this.#nowMs, severity, body, attributes })
    }
    if (failure !== undefined) {
      log(failure.status >= 500 ? 'ERROR' : 'WARN', `${method} ${route} failed: ${failure.message}`, {
        'exception.type': failure.type,
        'exception.message': failure.message,
      })
    }
    if (service === 'gateway') {
      const severity = status >= 500 ? 'ERROR' : status >= 400 ? 'WARN' : 'INFO'
      log(severity, `${method} ${route} ${status} in ${durationMs.toFixed(1)} ms`, {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'user.id': `u-${this.#random.int(10_000)}`,
      })
    } else if (service === 'order' && status === 201) {
      log('INFO', 'order placed', { 'shop.order.id': this.#orderId, 'shop.order.amount': double(this.#amount) })
    } else if (service === 'payment' && status === 201) {
      log('INFO', 'card charged', { 'shop.order.id': this.#orderId, 'shop.order.amount': double(this.#amount) })
    } else if (service === 'inventory' && this.#random.chance(0.1)) {
      log('WARN', 'stock is low', { 'shop.sku': `sku-${this.#random.int(500)}`, 'shop.stock': this.#random.int(5) })
    } else if (status < 400) {
      log('DEBUG', `${method} ${route} done`, { 'http.response.status_code': status })
    }
  }

  #pass(medianMs: number): void {
    this.#nowMs += this.#random.around(medianMs)
  }
  #spanId(): Id {
    return Id.fromBytes(this.#random.bytes(8))
  }
}
