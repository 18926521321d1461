// Spans from their acknowledgement until what comes next has taken the trace that they belong to.
import {
  type BatchProcessor,
  type Consume,
  type Ledger,
  messageOf,
  type Settings,
  ShutdownError,
} from '../../contract/index.ts'
import { type Batch, joinTraces, TraceSplitter } from '../../data/index.ts'
import { Burst, Handover, Waiters } from '../../delivery/index.ts'
import type { Config } from './config.ts'
import { type GroupMetrics, groupMetrics } from './metrics.ts'
import { type Trace, WaitingTraces } from './waiting.ts'

/** Traces that are on their way to what comes next at the same time. */
const MOST_SENDING = 100

export const createGroupByTrace = (
  config: Config,
  settings: Settings,
  next: Consume<'traces'>,
): BatchProcessor<'traces'> => new GroupByTrace(config, settings, next)

class GroupByTrace implements BatchProcessor<'traces'> {
  readonly #config: Config
  readonly #settings: Settings
  readonly #ledger: Ledger
  readonly #metrics: GroupMetrics
  readonly #splitter = new TraceSplitter()
  readonly #traces = new WaitingTraces()
  readonly #handover: Handover<'traces'>
  readonly #life = new AbortController()
  readonly #losses: Burst
  readonly #evictions: Burst
  /** Batches that wait for room, in order. */
  readonly #senders = new Waiters<Batch<'traces'>>()
  #sending = 0
  #cancelTimer: (() => void) | undefined
  #shutdownItems = 0
  #stopped: Promise<void> | undefined
  #tellIdle: (() => void) | undefined

  constructor(config: Config, settings: Settings, next: Consume<'traces'>) {
    this.#config = config
    this.#settings = settings
    const { clock, log } = settings
    this.#ledger = settings.ledger('traces')
    this.#metrics = groupMetrics(settings, {
      mostTraces: config.num_traces,
      traces: () => this.#traces.size + this.#sending,
    })
    this.#handover = new Handover({
      clock,
      next,
      context: { abort: this.#life.signal, metadata: new Map() },
      onLost: (items, reason, error) => this.#lose(items, reason, error),
      onLateSent: (items) => this.#ledger.created(items),
    })
    this.#losses = new Burst(
      clock,
      (...line) => log.error(...line),
      'data lost: refused for good by what comes next',
      {},
    )
    this.#evictions = new Burst(
      clock,
      (...line) => log.warn(...line),
      'traces sent on before their time: there are more than num_traces',
      { num_traces: config.num_traces },
    )
    if (config.num_workers > 1)
      log.info('setting has no effect', { setting: 'num_workers', why: 'there is no work to be shared out' })
  }

  readonly consume: Consume<'traces'> = (batch, { abort }) => {
    if (batch.items === 0) return DONE
    if (this.#stopped !== undefined) return Promise.reject(stopping())
    if (this.#senders.size === 0 && this.#hasRoom) {
      this.#take(batch)
      return DONE
    }
    return this.#senders.wait(batch, abort)
  }

  /** Sends what is there, each trace once more, for as long as `abort` lets it; counts and reports what is left. */
  async stop(abort: AbortSignal): Promise<void> {
    const end = (): void => this.#end()
    if (abort.aborted) end()
    else abort.addEventListener('abort', end, { once: true })
    this.#stopped ??= this.#stop()
    await this.#stopped
    abort.removeEventListener('abort', end)
  }

  async #stop(): Promise<void> {
    this.#senders.refuse(stopping())
    this.#handover.hurry()
    await new Promise<void>((resolve) => {
      this.#tellIdle = resolve
      this.#send()
    })
    this.#cancelTimer?.()
    this.#losses.end()
    this.#evictions.end()
    const items = this.#shutdownItems
    if (items > 0) this.#settings.log.error('data lost: it was not delivered before the end', { items })
  }

  /** What waits for its time or for an answer is lost. */
  #end(): void {
    this.#handover.end()
    this.#life.abort(new ShutdownError('the agent is going down'))
    for (let trace = this.#traces.takeOldest(); trace !== undefined; trace = this.#traces.takeOldest()) {
      this.#lose(itemsOf(trace), 'shutdown', undefined)
      this.#release(trace)
    }
  }

  /** A batch more than `num_traces` at most. */
  get #hasRoom(): boolean {
    return this.#traces.size <= this.#config.num_traces
  }

  #take(batch: Batch<'traces'>): void {
    const { clock, memory } = this.#settings
    const dueMs = clock.monotonicMs() + this.#config.wait_duration
    for (const [key, part] of this.#splitter.split(batch)) {
      memory.hold(part)
      this.#traces.add(key, part, dueMs)
    }
    this.#send()
  }

  /** What is due, as long as not too much is on its way. */
  #send(): void {
    const nowMs = this.#settings.clock.monotonicMs()
    for (let { oldest } = this.#traces; oldest !== undefined; oldest = this.#traces.oldest) {
      if (this.#sending === MOST_SENDING) return
      if (oldest.dueMs > nowMs) {
        if (this.#tellIdle === undefined) {
          if (this.#hasRoom) return this.#startTimer(oldest.dueMs - nowMs)
          this.#metrics.evicted()
          this.#evictions.add(itemsOf(oldest), 'num_traces')
        }
        this.#metrics.incomplete()
      }
      this.#traces.takeOldest()
      void this.#deliver(oldest)
    }
    if (this.#sending === 0) this.#tellIdle?.()
  }

  /** Of the oldest; when that has gone before its time, one for nothing does no harm. */
  #startTimer(ms: number): void {
    this.#cancelTimer ??= this.#settings.clock.after(ms, () => {
      this.#cancelTimer = undefined
      this.#send()
    })
  }

  async #deliver(trace: Trace): Promise<void> {
    const { memory } = this.#settings
    const batch = joinTraces(trace.parts)
    memory.hold(batch)
    this.#release(trace)
    this.#sending++
    if (await this.#handover.deliver(batch)) this.#metrics.released(batch.items)
    memory.release(batch)
    this.#sending--
    this.#admit()
    this.#send()
  }

  #admit(): void {
    this.#senders.admit(
      () => this.#hasRoom,
      (batch) => this.#take(batch),
    )
  }

  #release({ parts }: Trace): void {
    for (const part of parts) this.#settings.memory.release(part)
  }

  #lose(items: number, reason: string, error: unknown): void {
    this.#ledger.dropped(items, reason)
    if (reason === 'shutdown') this.#shutdownItems += items
    else this.#losses.add(items, reason, messageOf(error))
  }
}

const itemsOf = ({ parts }: Trace): number => parts.reduce((sum, { items }) => sum + items, 0)
const stopping = (): Error => new ShutdownError('the groupbytrace processor is stopping')
const DONE = Promise.resolve()
