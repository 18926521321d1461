// What the health endpoints are told: a few failures in a row make an exporter degraded, a success makes it well again.
import { type Host, type Logger, messageOf, PermanentError } from '../contract/index.ts'
import { isDefect } from '../observe/line.ts'

const FAILURES_UNTIL_DEGRADED = 3

/** Of one exporter, over its signals. */
export class ExporterHealth {
  #host: Pick<Host, 'report'> | undefined
  readonly #degraded = new Map<LaneHealth, string>()

  start(host: Pick<Host, 'report'>): void {
    this.#host = host
  }

  degraded(lane: LaneHealth, reason: string): void {
    this.#degraded.set(lane, reason)
    this.#host?.report('degraded', reason)
  }
  recovered(lane: LaneHealth): void {
    this.#degraded.delete(lane)
    const [reason] = this.#degraded.values()
    if (reason === undefined) this.#host?.report('ok')
    else this.#host?.report('degraded', reason)
  }
}

/** Of one signal of an exporter. */
export class LaneHealth {
  readonly #exporter: ExporterHealth
  readonly #log: Logger
  readonly #signal: string
  #failures = 0

  constructor(exporter: ExporterHealth, log: Logger, signal: string) {
    this.#exporter = exporter
    this.#log = log
    this.#signal = signal
  }

  succeeded(): void {
    if (this.#failures === 0) return
    const failures = this.#failures
    this.#failures = 0
    this.#log.info('export works again', { signal: this.#signal, failedAttempts: failures })
    if (failures >= FAILURES_UNTIL_DEGRADED) this.#exporter.recovered(this)
  }

  /** What may be a fault in the exporter's own code comes with the place. */
  defect(error: unknown): void {
    if (isDefect(error)) this.#log.error('exporter has a fault in its code', { signal: this.#signal, error })
  }

  failed(error: Error): void {
    this.#failures++
    this.defect(error)
    const isRetried = !(error instanceof PermanentError)
    if (this.#failures === 1 && isRetried)
      this.#log.warn('export fails', { signal: this.#signal, error: messageOf(error) })
    if (this.#failures === FAILURES_UNTIL_DEGRADED) this.#exporter.degraded(this, messageOf(error))
  }
}
