// Datagrams that are not taken: counted by reason, and told now and then with an example.
import type { Settings } from '../../contract/index.ts'

/** The first of a reason is told at once; after that there is a line for the rest each so often. */
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
  readonly #tellers = new Map<string, Teller>()

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
    let teller = this.#tellers.get(reason)
    if (teller === undefined) this.#tellers.set(reason, (teller = new Teller(this.#settings, reason)))
    teller.add(bytes, start, end, error)
  }

  /** Tells what is not told yet, and waits for nothing. */
  end(): void {
    for (const teller of this.#tellers.values()) teller.end()
  }
}

class Teller {
  readonly #settings: Settings
  readonly #reason: string
  #untold = 0
  /** Of the first that is not told. */
  #about: object = {}
  #cancel: (() => void) | undefined

  constructor(settings: Settings, reason: string) {
    this.#settings = settings
    this.#reason = reason
  }

  add(bytes: Buffer, start: number, end: number, error?: string): void {
    if (this.#untold++ === 0) {
      const example = bytes.utf8Slice(start, Math.min(end, start + MAX_EXAMPLE_BYTES))
      this.#about = { ...(error !== undefined && { error }), example }
    }
    if (this.#cancel === undefined) this.#tell()
  }

  end(): void {
    this.#cancel?.()
    if (this.#untold > 0) this.#tell()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #tell(): void {
    const { clock, log } = this.#settings
    const reason = this.#reason
    const hint = HINTS[reason]
    const datagrams = this.#untold
    this.#untold = 0
    log.warn('segments are not taken', { datagrams, reason, ...this.#about, ...(hint !== undefined && { hint }) })
    this.#cancel = clock.after(QUIET_MS, () => {
      this.#cancel = undefined
      if (this.#untold > 0) this.#tell()
    })
  }
}
