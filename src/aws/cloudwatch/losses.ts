// What is said about points that are not sent, and about what had to change.
import type { Settings } from '../../contract/index.ts'
import { Burst } from '../../delivery/index.ts'
import type { PointLoss } from './reader.ts'

/** Undefined for what is no fault of anybody's. */
export const pointLossTexts: Readonly<Record<PointLoss, string | undefined>> = {
  initial_value: undefined,
  invalid_buckets: 'bounds must ascend, and there is one bucket more than bounds',
  invalid_count: 'the counts of the buckets do not add up to that of the point',
  invalid_quantile: 'quantiles are from 0 to 1',
  invalid_scale: 'the scale of an exponential histogram is from -10 to 20',
  invalid_time: 'the point ends before it starts',
  invalid_value: 'CloudWatch takes finite numbers from -2^360 to 2^360',
  no_observations: undefined,
  out_of_order: undefined,
  stale: undefined,
}

/** Tells at once, then once in a while. `Loss` and `Note` are the labels of what there is to tell. */
export class Losses<Loss extends string, Note extends string> {
  readonly #settings: Settings
  readonly #message: string
  readonly #losses: Readonly<Record<Loss, string | undefined>>
  readonly #notes: Readonly<Record<Note, string>>
  readonly #bursts = new Map<string, Burst>()

  constructor(
    settings: Settings,
    message: string,
    losses: Readonly<Record<Loss, string | undefined>>,
    notes: Readonly<Record<Note, string>>,
  ) {
    this.#settings = settings
    this.#message = message
    this.#losses = losses
    this.#notes = notes
  }

  lost(points: number, reason: Loss, metric: string): void {
    const why = this.#losses[reason]
    if (why === undefined) return
    this.#burst(reason, 'error', this.#message).add(points, reason, `${metric}: ${why}`)
  }

  noted(note: Note, what: string): void {
    this.#burst(note, 'warn', this.#notes[note]).add(1, note, what.slice(0, 200))
  }

  end(): void {
    for (const burst of this.#bursts.values()) burst.end()
  }

  #burst(key: string, level: 'warn' | 'error', message: string): Burst {
    let burst = this.#bursts.get(key)
    if (burst === undefined) {
      const { clock, log } = this.#settings
      burst = new Burst(clock, log[level].bind(log), message, {})
      this.#bursts.set(key, burst)
    }
    return burst
  }
}
