// Who goes when a server has as many connections as it may: idle ones must not keep others out.

/** A connection, as far as it matters when there are too many. */
export interface Sparable {
  /** `silent` has said nothing yet, `idle` waits for its next request: nobody loses anything. */
  readonly rest: 'silent' | 'idle' | undefined
  /** Ends the connection now. */
  giveWay(): void
}

/** `connections` from the oldest to the newest. One of them gives way, a silent one before an idle one; false when all are in use. */
export function makeRoom(connections: Iterable<Sparable>): boolean {
  let idle: Sparable | undefined
  for (const one of connections) {
    if (one.rest === 'silent') {
      one.giveWay()
      return true
    }
    if (one.rest === 'idle') idle ??= one
  }
  idle?.giveWay()
  return idle !== undefined
}
