// What is not taken: counted by reason, and told now and then with an example.
import type { Settings } from '../../contract/index.ts'
import { NowAndThen } from '../../observe/now-and-then.ts'
import type { LineFault, MetricFault } from './line.ts'

/** Of a line, a packet or a connection. */
export type Refusal =
  | LineFault
  | 'incomplete_line'
  | 'line_too_long'
  | 'no_memory'
  | 'too_many_connections'
  | 'too_slow'

const MAX_EXAMPLE_LENGTH = 200

export class Refusals {
  readonly #settings: Settings
  readonly #counters: { readonly [of in 'lines' | 'metrics']: (reason: string) => void }
  readonly #told: { readonly [of in 'lines' | 'metrics']: NowAndThen }

  constructor(settings: Settings) {
    this.#settings = settings
    this.#told = { lines: new NowAndThen(settings.clock), metrics: new NowAndThen(settings.clock) }
    const counterOf = (name: string, description: string) => {
      const counter = settings.meter.createCounter(name, { description })
      return (reason: string): void => counter.add(1, { receiver: settings.id, reason })
    }
    this.#counters = {
      lines: counterOf('sluice_receiver_rejected_lines', 'Lines and connections that were turned away, by reason.'),
      metrics: counterOf(
        'sluice_receiver_rejected_metrics',
        'Metrics, and sets of dimensions, of lines that were taken, which say nothing, by reason.',
      ),
    }
  }

  refuse(reason: Refusal, example = ''): void {
    this.#tell('lines', reason, example)
  }
  refuseMetric(reason: MetricFault, name: string): void {
    this.#tell('metrics', reason, name)
  }

  #tell(what: 'lines' | 'metrics', reason: string, example: string): void {
    this.#counters[what](reason)
    const untold = this.#told[what].add()
    if (untold === undefined) return
    const message = what === 'lines' ? 'lines are not taken' : 'metrics of lines are not taken'
    const short = example.slice(0, MAX_EXAMPLE_LENGTH)
    this.#settings.log.warn(message, { [what]: untold, reason, ...(short !== '' && { example: short }) })
  }
}
