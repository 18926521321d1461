// https://github.com/open-telemetry/opentelemetry-collector/blob/main/processor/memorylimiterprocessor/documentation.md
import type { Meter } from '@opentelemetry/api'
import type { Signal } from '../../data/index.ts'

interface Counts {
  accepted: number
  refused: number
}

/** Of one memory_limiter, over its pipelines; plain numbers that are read when somebody looks. */
export class Numbers {
  readonly #bySignal = new Map<Signal, Counts>()
  /** Requests that were refused before anyone knew their items. */
  refusedRequests = 0

  of(signal: Signal): Counts {
    let counts = this.#bySignal.get(signal)
    if (counts === undefined) this.#bySignal.set(signal, (counts = { accepted: 0, refused: 0 }))
    return counts
  }

  observe(meter: Meter, processor: string): void {
    for (const [signal, items, unit] of ITEMS)
      for (const end of ['accepted', 'refused'] as const)
        meter
          .createObservableCounter(`otelcol_processor_memory_limiter_${end}_${items}`, {
            description: `Number of ${items} ${end} by the memory limiter`,
            unit,
          })
          .addCallback((result) => {
            const counts = this.#bySignal.get(signal)
            if (counts !== undefined) result.observe(counts[end], { processor })
          })
    meter
      .createObservableCounter('sluice_processor_memory_limiter_refused_requests', {
        description: 'Requests refused by the memory limiter before they were decoded',
        unit: '{request}',
      })
      .addCallback((result) => result.observe(this.refusedRequests, { processor }))
  }
}

const ITEMS: readonly (readonly [Signal, items: string, unit: string])[] = [
  ['traces', 'spans', '{span}'],
  ['metrics', 'metric_points', '{datapoint}'],
  ['logs', 'log_records', '{record}'],
]
