// What all pipelines that name one memory_limiter share.
import { type Host, RetryableError, type Settings, TooLargeError, takenBytes } from '../../contract/index.ts'
import type { Config } from './config.ts'
import { mib } from './limits.ts'
import { Monitor } from './monitor.ts'
import { Numbers } from './numbers.ts'
import type { ProcessMemory } from './process-memory.ts'

/** The least that a refused sender is asked to wait. */
const LEAST_WAIT_MS = 1000

export class Limiter {
  readonly numbers = new Numbers()
  readonly #settings: Settings
  readonly #waitMs: number
  readonly #monitor: Monitor
  #refusal: RetryableError | undefined
  /** Of the pipelines that have started and not stopped. */
  readonly #hosts = new Set<Host>()

  constructor(config: Config, settings: Settings, memory: ProcessMemory) {
    const { clock, log } = settings
    this.#settings = settings
    this.#waitMs = Math.max(LEAST_WAIT_MS, config.check_interval)
    this.#monitor = new Monitor({ config, clock, log, memory, onChange: (isShort) => this.#report(isShort) })
    this.numbers.observe(settings.meter, settings.id)
  }

  start(host: Host): void {
    this.#hosts.add(host)
    this.#monitor.start()
  }

  stop(host: Host): void {
    this.#hosts.delete(host)
    if (this.#hosts.size === 0) this.#monitor.stop()
  }

  /** Throws when so many bytes more are too many. */
  admit(sizeBytes: number): void {
    this.#monitor.admitted(sizeBytes)
    const { budgetBytes, isRefusing } = this.#monitor
    if (!isRefusing && this.#takenBytes + sizeBytes <= budgetBytes) return
    this.numbers.refusedRequests++
    const { mostBytes } = this.#monitor
    if (sizeBytes > mostBytes)
      throw new TooLargeError(`a payload of ${sizeBytes} bytes is more than the memory limit allows (${mostBytes})`)
    throw this.#refuse()
  }

  /** Throws when there is too much already. */
  pass(): void {
    if (!this.#monitor.isRefusing && this.#takenBytes <= this.#monitor.budgetBytes) return
    throw this.#refuse()
  }

  get #takenBytes(): number {
    return takenBytes(this.#settings.memory)
  }

  #refuse(): RetryableError {
    this.#monitor.refused()
    const message = `memory is short: ${mib(this.#takenBytes)} of ${mib(this.#monitor.budgetBytes)} MiB for data are taken`
    // Under pressure an error each, with its stack, would be what there is least room for.
    if (this.#refusal?.message !== message)
      this.#refusal = new RetryableError(message, { waitMs: this.#waitMs, reason: 'memory_limit' })
    return this.#refusal
  }

  #report(isShort: boolean): void {
    for (const host of this.#hosts) {
      if (isShort) host.report('degraded', 'memory is short: data is refused')
      else host.report('ok')
    }
  }
}
