// One call of `send`, and everything that can end it: an answer, the time limit, the end of the agent, the sender's leave.
import { type Clock, type PayloadMemory, PermanentError, RetryableError, ShutdownError } from '../contract/index.ts'
import type { Batch, Context } from '../data/index.ts'
import { Deadlines, type Waiting } from './deadlines.ts'
import type { Delivery, Drop, Outgoing } from './delivery.ts'

/** How long after its abort an attempt may still answer, before it is taken for one that never will. */
const GRACE_MS = 1000

/** Where a request comes from. */
export interface Origin {
  readonly batch: Batch
  readonly metadata: Context['metadata']
  readonly transport: string | undefined
  readonly auth: Context['auth']
  /** Of a sender who waits for the result; its leave ends the attempt. */
  readonly abort: (() => AbortSignal) | undefined
}

/** How an attempt ended. */
export interface Answer {
  /** Undefined when the request was delivered. */
  readonly error: Error | undefined
  /** Items that the destination did not want while it took the rest. */
  readonly dropped: readonly Dropped[]
}
export interface Dropped {
  readonly items: number
  readonly reason: string
}
const DELIVERED: Answer = { error: undefined, dropped: [] }

export interface AttemptsSettings {
  readonly clock: Clock
  readonly memory: PayloadMemory
  /** 0: no limit. */
  readonly timeoutMs: number
  /** How many may be abandoned and still be without an answer, before nothing is sent any more. */
  readonly maxAbandoned: number
}

export class Attempts<R> {
  readonly #send: Delivery<never, R>['send']
  readonly #settings: AttemptsSettings
  readonly #running = new Set<Attempt>()
  readonly #timeouts: Deadlines<Attempt> | undefined
  readonly #graces: Deadlines<Attempt>
  #abandoned = 0
  #isOver = false

  constructor(send: Delivery<never, R>['send'], settings: AttemptsSettings) {
    this.#send = send
    this.#settings = settings
    const { clock, timeoutMs } = settings
    if (timeoutMs > 0) this.#timeouts = new Deadlines(clock, timeoutMs, (attempt) => this.#expire(attempt))
    this.#graces = new Deadlines(clock, GRACE_MS, (attempt) => this.#abandon(attempt, attempt.reason!))
  }

  get running(): number {
    return this.#running.size
  }
  /** True when nothing is sent any more because the agent ends. */
  get isOver(): boolean {
    return this.#isOver
  }
  /** True when so many calls never ended that nothing is sent any more. */
  get isStuck(): boolean {
    return this.#abandoned >= this.#settings.maxAbandoned
  }

  /** Never rejects, and always ends: soon after the time limit, or when `end` is called. */
  run(outgoing: Outgoing<R>, origin: Origin): Promise<Answer> {
    if (this.#isOver) return Promise.resolve({ error: new ShutdownError('the agent is going down'), dropped: [] })
    if (this.isStuck) return Promise.resolve({ error: this.#stuck(), dropped: [] })
    return new Promise((resolve) => {
      const attempt = new Attempt(origin, resolve)
      this.#running.add(attempt)
      this.#timeouts?.add(attempt)
      try {
        const sent = this.#send(outgoing, attempt, attempt.drop)
        // A plugin in JavaScript may return something else than a promise.
        Promise.resolve(sent).then(
          () => this.#answer(attempt, undefined),
          (error: unknown) => this.#answer(attempt, attempt.explain(error)),
        )
      } catch (error) {
        this.#answer(attempt, attempt.explain(error))
      }
    })
  }

  /** Ends every attempt now, and all later ones before they begin. */
  end(error: ShutdownError): void {
    this.#isOver = true
    this.#timeouts?.clear()
    this.#graces.clear()
    for (const attempt of this.#running) {
      attempt.stop(error)
      this.#abandon(attempt, error)
    }
  }

  #answer(attempt: Attempt, error: Error | undefined): void {
    if (attempt.state === 'abandoned') {
      this.#abandoned--
      this.#settings.memory.release(attempt.batch)
      return
    }
    if (attempt.state === 'stopped') this.#graces.remove(attempt)
    else this.#timeouts?.remove(attempt)
    attempt.state = 'answered'
    this.#running.delete(attempt)
    attempt.settle(error)
  }

  #expire(attempt: Attempt): void {
    const limit = `no answer within ${this.#settings.timeoutMs} ms`
    attempt.stop(new RetryableError(limit, { reason: 'timeout' }))
    this.#graces.add(attempt)
  }

  #abandon(attempt: Attempt, error: Error): void {
    attempt.state = 'abandoned'
    this.#abandoned++
    // Whoever never answers still has the payload.
    this.#settings.memory.hold(attempt.batch)
    this.#running.delete(attempt)
    attempt.settle(error)
  }

  #stuck(): Error {
    return new RetryableError(`${this.#abandoned} calls of send never ended`, { reason: 'stuck' })
  }
}

class Attempt implements Context, Waiting<Attempt> {
  dueMs = 0
  before: Attempt | undefined
  after: Attempt | undefined
  state: 'running' | 'stopped' | 'answered' | 'abandoned' = 'running'
  /** Why it was stopped. */
  reason: Error | undefined
  readonly #origin: Origin
  readonly #resolve: (answer: Answer) => void
  #controller: AbortController | undefined
  #dropped: Dropped[] | undefined

  constructor(origin: Origin, resolve: (answer: Answer) => void) {
    this.#origin = origin
    this.#resolve = resolve
  }

  get batch(): Batch {
    return this.#origin.batch
  }
  get metadata(): Context['metadata'] {
    return this.#origin.metadata
  }
  get transport(): string | undefined {
    return this.#origin.transport
  }
  get auth(): Context['auth'] {
    return this.#origin.auth
  }

  /** Made when it is looked at: most of what an AbortController costs is saved where nobody looks. */
  get abort(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      const sender = this.#origin.abort?.()
      if (this.reason !== undefined) this.#controller.abort(this.reason)
      else if (sender?.aborted) this.#controller.abort(sender.reason)
      else sender?.addEventListener('abort', this.#onLeave, { once: true })
    }
    return this.#controller.signal
  }

  readonly drop: Drop = (items, reason) => {
    this.#dropped ??= []
    this.#dropped.push({ items, reason })
  }

  stop(reason: Error): void {
    this.state = 'stopped'
    this.reason = reason
    this.#controller?.abort(reason)
  }

  settle(error: Error | undefined): void {
    if (this.#controller !== undefined) this.#origin.abort?.().removeEventListener('abort', this.#onLeave)
    if (error === undefined && this.#dropped === undefined) this.#resolve(DELIVERED)
    else this.#resolve({ error, dropped: this.#dropped ?? [] })
  }

  /** What was thrown, as an error; what follows from a stop is put down to its reason. */
  explain(error: unknown): Error {
    const isOurs = error instanceof RetryableError || error instanceof PermanentError
    if (this.reason !== undefined && !isOurs) return this.reason
    return error instanceof Error ? error : new RetryableError(`send: ${String(error)}`, { reason: 'error' })
  }

  readonly #onLeave = (): void => this.#controller?.abort(this.#origin.abort?.().reason)
}
