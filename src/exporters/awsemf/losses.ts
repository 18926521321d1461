// What is said about points that are in no event, and about labels that had to change.
import type { Settings } from '../../contract/index.ts'
import { Burst } from '../../delivery/index.ts'
import type { LabelNote } from './labels.ts'
import type { Loss } from './translate.ts'

export class Losses {
  readonly #settings: Settings
  readonly #bursts = new Map<Loss | LabelNote, Burst>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  lost(points: number, reason: Loss, metric: string): void {
    const why = lossTexts[reason]
    if (why === undefined) return
    this.#burst(reason, 'error', 'data lost: points that are in no event').add(points, reason, `${metric}: ${why}`)
  }

  noted(note: LabelNote, label: string): void {
    this.#burst(note, 'warn', noteTexts[note]).add(1, note, label.slice(0, 200))
  }

  end(): void {
    for (const burst of this.#bursts.values()) burst.end()
  }

  #burst(key: Loss | LabelNote, level: 'warn' | 'error', message: string): Burst {
    let burst = this.#bursts.get(key)
    if (burst === undefined) {
      const { clock, log } = this.#settings
      burst = new Burst(clock, log[level].bind(log), message, {})
      this.#bursts.set(key, burst)
    }
    return burst
  }
}

/** Undefined for what is no fault of anybody's. */
const lossTexts: Readonly<Record<Loss, string | undefined>> = {
  event_too_large: 'labels and value take more than the 1 MiB that a log event may have',
  initial_value: undefined,
  invalid_buckets: 'bounds must ascend, and there is one bucket more than bounds',
  invalid_count: 'the counts of the buckets do not add up to that of the point',
  invalid_name: 'the name of a metric has 1 to 255 characters',
  invalid_quantile: 'quantiles are from 0 to 1',
  invalid_scale: 'the scale of an exponential histogram is from -10 to 20',
  invalid_time: 'the point ends before it starts',
  invalid_value: 'CloudWatch takes finite numbers from -2^360 to 2^360',
  name_collision: 'a label has the name of the metric, or the format does: rename one of them',
  no_measurement: undefined,
  no_observations: undefined,
  out_of_order: undefined,
  stale: undefined,
}

const noteTexts: Readonly<Record<LabelNote, string>> = {
  no_json: 'a label of parse_json_encoded_attr_values is no JSON: it stays a text',
  reserved_label: 'a label has a name that the format needs: it is left out',
  too_many_dimensions: 'points have more labels than CloudWatch takes dimensions: the last in the alphabet are none',
  unfit_dimension: 'names or values of labels are not what CloudWatch takes as a dimension: they are written otherwise',
}
