// Connections over which something comes and nothing goes back. When a server has too many, those that have been quiet give way:
// not those that have only paused, for what is on its way to them would be lost.
import type { Clock } from '../contract/index.ts'
import type { Sparable } from './connection-room.ts'

const QUIET_MS = 10_000

export class QuietConnections {
  readonly #clock: Clock
  /** When each has said something last, the quietest first. */
  readonly #saidMs = new Map<Sparable, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  said(connection: Sparable): void {
    this.#saidMs.delete(connection)
    this.#saidMs.set(connection, this.#clock.monotonicMs())
  }

  delete(connection: Sparable): void {
    this.#saidMs.delete(connection)
  }

  *sparable(): Iterable<Sparable> {
    const untilMs = this.#clock.monotonicMs() - QUIET_MS
    for (const [connection, saidMs] of this.#saidMs) {
      if (saidMs > untilMs) return
      yield connection
    }
  }
}
