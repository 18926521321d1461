// What is not taken: counted by reason, and told now and then with an example.
import type { Settings } from '../../contract/index.ts'
import { NowAndThen } from '../../observe/now-and-then.ts'
import type { LineRefusal } from './aggregation.ts'

export type StatsdRefusal = LineRefusal | 'line_too_long' | 'too_many_connections' | 'truncated'

const MAX_EXAMPLE_BYTES = 200

/** What the people who send have to change. */
const HINTS: Partial<Readonly<Record<StatsdRefusal, string>>> = {
  bad_tag: 'a tag is key:value; enable_simple_tags takes keys alone',
  bad_sample_rate: 'a sampling rate is more than 0 and at most 1',
  bad_timestamp: 'a timestamp is in seconds, and for counters and gauges only',
  bad_type: 'the types are c, g, ms, h, d and s',
  event: 'events are no metrics',
  service_check: 'service checks are no metrics',
  not_mapped: 'timer_histogram_mapping has no entry for this type, or says disabled',
  too_many_connections: 'clients must close their connections',
}

export class Refusals {
  readonly #settings: Settings
  readonly #count: (reason: StatsdRefusal) => void
  readonly #told: NowAndThen
  lines = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.#told = new NowAndThen(settings.clock)
    const counter = settings.meter.createCounter('sluice_receiver_rejected_lines', {
      description: 'Lines and connections that were turned away, by reason.',
    })
    const known = new Map<StatsdRefusal, { readonly receiver: string; readonly reason: string }>()
    this.#count = (reason) => {
      let attributes = known.get(reason)
      if (attributes === undefined) known.set(reason, (attributes = Object.freeze({ receiver: settings.id, reason })))
      counter.add(1, attributes)
    }
  }

  /** The line stands there, when there is one. */
  refuse(reason: StatsdRefusal, bytes?: Buffer, start = 0, end = 0): void {
    this.#count(reason)
    this.lines++
    const lines = this.#told.add()
    if (lines === undefined) return
    const hint = HINTS[reason]
    this.#settings.log.warn('lines are not taken', {
      lines,
      reason,
      ...(bytes && { example: bytes.toString('utf8', start, Math.min(end, start + MAX_EXAMPLE_BYTES)) }),
      ...(hint && { hint }),
    })
  }
}
