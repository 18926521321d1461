// What is said about points that are not shown.
import type { Settings } from '../../contract/index.ts'
import { Burst } from '../../delivery/index.ts'
import type { Loss } from './intake.ts'

/** Tells of points that were lost; those that newer ones or the end of a series have overtaken are counted, no more. */
export class Losses {
  readonly #settings: Settings
  readonly #bursts = new Map<Loss, Burst>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  add(points: number, reason: Loss, metric: string): void {
    const why = reasons[reason]
    if (why === undefined) return
    let burst = this.#bursts.get(reason)
    if (burst === undefined) {
      const { clock, log } = this.#settings
      burst = new Burst(clock, log.error, 'data lost: points left out of the exposition', {})
      this.#bursts.set(reason, burst)
    }
    burst.add(points, reason, `${metric}: ${why}`)
  }

  end(): void {
    for (const burst of this.#bursts.values()) burst.end()
  }
}

/** Undefined for what is no fault of anybody's. */
const reasons: Readonly<Record<Loss, string | undefined>> = {
  collision:
    'another metric has the same name and labels, or the same name and another type: rename one, or keep them apart by a label',
  invalid_buckets: 'bounds must ascend, and there is one bucket more than bounds',
  invalid_count: 'the counts of the buckets do not add up to that of the point',
  invalid_label: 'the key of an attribute is empty',
  invalid_name: 'the name of the metric has no letter or digit',
  invalid_quantile: 'quantiles are from 0 to 1',
  invalid_scale: 'the scale of an exponential histogram is from -10 to 20',
  invalid_time: 'the point ends before it starts',
  invalid_value: 'the point has no value, or one that cannot be added up',
  out_of_order: undefined,
  series_limit: 'max_series is reached',
  stale: undefined,
  unsupported_temporality: 'only cumulative points, and deltas of what never goes down, can be shown',
}
