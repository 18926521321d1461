import type { Admission, Host } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'

/** What one request takes of the memory that the limiters ahead allow; grows with it, and ends with it. */
export class Reservation {
  readonly #host: Host
  readonly #signal: Signal
  #sizeBytes = 0
  #first: Admission | undefined
  #more: Admission[] | undefined

  constructor(host: Host, signal: Signal) {
    this.#host = host
    this.#signal = signal
  }

  /** Throws when there is no room. */
  growTo(sizeBytes: number): void {
    if (sizeBytes <= this.#sizeBytes) return
    const admission = this.#host.admit(this.#signal, sizeBytes - this.#sizeBytes)
    this.#sizeBytes = sizeBytes
    if (this.#first === undefined) this.#first = admission
    else if (this.#more === undefined) this.#more = [admission]
    else this.#more.push(admission)
  }

  release(): void {
    this.#first?.release()
    this.#first = undefined
    if (this.#more !== undefined) for (const admission of this.#more) admission.release()
    this.#more = undefined
  }
}
