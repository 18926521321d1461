// What exporters that write to log groups tell of names and events.
import type { Settings } from '../../contract/index.ts'
import { Burst } from '../../delivery/index.ts'

/** What is worth telling and no loss. */
export class LogNotes {
  readonly #truncated: Burst
  readonly #cleaned: Burst
  readonly #missing: Burst
  readonly onTruncated: (excessBytes: number) => void
  readonly onCleaned: (name: string) => void
  readonly onMissing: (placeholder: string) => void

  constructor({ id, clock, log, meter }: Settings) {
    const warn = log.warn.bind(log)
    this.#truncated = new Burst(clock, warn, 'log events are longer than AWS takes: their ends are cut off', {})
    this.#cleaned = new Burst(clock, warn, 'names of log groups or streams have characters that AWS does not take', {})
    this.#missing = new Burst(clock, warn, 'records or points lack what names of log groups or streams are made of', {})
    const counter = (name: string, description: string, unit: string) =>
      meter.createCounter(name, { description, unit })
    const events = counter('sluice_exporter_truncated_log_events', 'Log events whose ends were cut off', '{event}')
    const bytes = counter('sluice_exporter_truncated_log_bytes', 'Bytes that were cut off log events', 'By')
    const names = counter(
      'sluice_exporter_cleaned_log_names',
      'Names that were made fit for AWS, batch by batch',
      '{name}',
    )
    this.onTruncated = (excessBytes) => {
      events.add(1, { exporter: id })
      bytes.add(excessBytes, { exporter: id })
      this.#truncated.add(1, 'too_large')
    }
    this.onCleaned = (name) => {
      names.add(1, { exporter: id })
      this.#cleaned.add(1, 'unfit_name', JSON.stringify(name.slice(0, 100)))
    }
    this.onMissing = (placeholder) => this.#missing.add(1, 'missing_attribute', `{${placeholder}} is "undefined"`)
  }

  close(): void {
    for (const burst of [this.#truncated, this.#cleaned, this.#missing]) burst.end()
  }
}
