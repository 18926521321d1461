// Datagrams that are not taken: counted by reason, and told now and then with an example.
import type { Settings } from '../../contract/index.ts'

/** The first is told at once; after that there is a line for each so often. */
const QUIET_MS = 60_000
const MAX_EXAMPLE_BYTES = 200

/** What the people who send have to change. */
const HINTS: Readonly<Record<string, string>> = {
  bad_header: 'a datagram begins with the line {"format":"json","version":1}, and the segment document follows',
  missing_segment: 'the segment document follows the header in the same datagram',
}

export class Rejected {
  readonly #settings: Settings
  readonly #count: (reason: string) => void
  #untold = 0
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(settings: Settings) {
    this.#settings = settings
    const counter = settings.meter.createCounter('sluice_receiver_rejected_requests', {
      description: 'Requests and connections that were turned away, by reason.',
    })
    this.#count = (reason) => counter.add(1, { receiver: settings.id, transport: 'udp', reason })
  }

  /** `error` says more about it, when there is more. */
  add(reason: string, bytes: Buffer, start: number, end: number, error?: string): void {
    this.#count(reason)
    this.#untold++
    const nowMs = this.#settings.clock.monotonicMs()
    if (nowMs - this.#toldAtMs < QUIET_MS) return
    this.#toldAtMs = nowMs
    const hint = HINTS[reason]
    this.#settings.log.warn('segments are not taken', {
      datagrams: this.#untold,
      reason,
      ...(error !== undefined && { error }),
      example: bytes.utf8Slice(start, Math.min(end, start + MAX_EXAMPLE_BYTES)),
      ...(hint !== undefined && { hint }),
    })
    this.#untold = 0
  }
}
