// When a receiver that asks goes and asks: in a steady rhythm, never twice at a time, and never for longer than it may.
import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { setting } from '../config/schema.ts'
import { duration } from '../config/values.ts'
import type { Clock } from '../contract/index.ts'

/** The collector's settings of whoever scrapes, to spread into a section. */
export const scrapeEntries = (defaultInterval: string) => ({
  collection_interval: setting(
    v.pipe(
      duration,
      v.check((ms) => ms > 0, coded('out_of_range', 'must be more than 0')),
    ),
    defaultInterval,
    'How often to collect.',
  ),
  initial_delay: setting(duration, '1s', 'How long after the start to collect for the first time.'),
  timeout: setting(duration, '0s', 'How long one collection may take; 0 means until the next one is due.'),
})

export interface ScrapeConfig {
  readonly collection_interval: number
  readonly initial_delay: number
  readonly timeout: number
}

export interface Scrape {
  /** Once at a time. `abort` says that the time is over, or that nobody waits any more. */
  run(abort: AbortSignal): Promise<void>
  /** The last one had not ended when the next ones were due: so many are left out. */
  onSkipped(collections: number): void
}

export class Schedule {
  readonly #config: ScrapeConfig
  readonly #clock: Clock
  readonly #scrape: Scrape
  readonly #end = new AbortController()
  #dueMs = 0
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined

  constructor(config: ScrapeConfig, clock: Clock, scrape: Scrape) {
    this.#config = config
    this.#clock = clock
    this.#scrape = scrape
  }

  start(): void {
    this.#dueMs = this.#clock.monotonicMs() + this.#config.initial_delay
    this.#wait()
  }

  /** Resolves when a collection that is under way has ended: it is told to. */
  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    this.#end.abort(new Error('the agent is shutting down'))
    await this.#running
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#dueMs - this.#clock.monotonicMs(), () => {
      this.#running = this.#collect().then(() => {
        this.#running = undefined
        if (!this.#end.signal.aborted) this.#plan()
      })
    })
  }

  async #collect(): Promise<void> {
    const { timeout, collection_interval } = this.#config
    const limitMs = timeout || collection_interval
    const time = new AbortController()
    const end = (): void => time.abort(this.#end.signal.reason)
    const cancel = this.#clock.after(limitMs, () => time.abort(new Error(`not done within ${limitMs} ms`)))
    this.#end.signal.addEventListener('abort', end, { once: true })
    try {
      await this.#scrape.run(time.signal)
    } finally {
      cancel()
      this.#end.signal.removeEventListener('abort', end)
    }
  }

  /** The rhythm is kept, however long a collection took. */
  #plan(): void {
    const { collection_interval } = this.#config
    this.#dueMs += collection_interval
    const lateMs = this.#clock.monotonicMs() - this.#dueMs
    if (lateMs > 0) {
      const skipped = Math.ceil(lateMs / collection_interval)
      this.#dueMs += skipped * collection_interval
      this.#scrape.onSkipped(skipped)
    }
    this.#wait()
  }
}
