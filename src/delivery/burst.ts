// A log message for what may happen thousands of times a second: said at once, then once in a while, all of it counted.
import type { Clock, Logger } from '../contract/index.ts'

const QUIET_MS = 10_000

export class Burst {
  readonly #clock: Clock
  readonly #write: Logger['error']
  readonly #message: string
  readonly #fields: object
  /** By reason: items not told of yet. */
  readonly #items = new Map<string, number>()
  #error = ''
  #cancel: (() => void) | undefined

  constructor(clock: Clock, write: Logger['error'], message: string, fields: object) {
    this.#clock = clock
    this.#write = write
    this.#message = message
    this.#fields = fields
  }

  add(items: number, reason: string, error = ''): void {
    this.#items.set(reason, (this.#items.get(reason) ?? 0) + items)
    this.#error = error
    if (this.#cancel === undefined) this.#tell()
  }

  /** Tells what is not told, and waits for nothing. */
  end(): void {
    this.#cancel?.()
    if (this.#items.size > 0) this.#tell()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #tell(): void {
    let items = 0
    for (const count of this.#items.values()) items += count
    const reasons = Object.fromEntries(this.#items)
    this.#items.clear()
    const error = this.#error === '' ? {} : { error: this.#error }
    this.#write(this.#message, { ...this.#fields, items, reasons, ...error })
    this.#cancel = this.#clock.after(QUIET_MS, () => {
      this.#cancel = undefined
      if (this.#items.size > 0) this.#tell()
    })
  }
}
