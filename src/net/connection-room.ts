// Who goes when a server has as many connections as it may: idle ones must not keep others out.

/** A connection, as far as it matters when there are too many. */
export interface Sparable {
  /**
   * `silent` has said nothing at all, `idle` waits for its next request: nobody loses anything. `beginning` has sent a part of
   * what makes a request: the oldest of them is a sender that takes its time, the others' are here within a moment.
   */
  readonly rest: 'silent' | 'idle' | 'beginning' | undefined
  /** Ends the connection now. */
  giveWay(): void
}

/** As many silent ones have only just come: what they say is on its way. */
const NEWCOMERS = 64

/**
 * `connections`, each kind from the oldest to the newest. One of them gives way: the oldest that is silent, if there are more of
 * them than newcomers; else the oldest that is idle, that has begun, that is silent. False when all are in use.
 */
export function makeConnectionRoom(connections: Iterable<Sparable>): boolean {
  let silentCount = 0
  let silent: Sparable | undefined
  let idle: Sparable | undefined
  let beginning: Sparable | undefined
  for (const one of connections) {
    const { rest } = one
    if (rest === 'silent') {
      silent ??= one
      if (++silentCount > NEWCOMERS) break
    } else if (rest === 'idle') idle ??= one
    else if (rest === 'beginning') beginning ??= one
  }
  const found = silentCount > NEWCOMERS ? silent : (idle ?? beginning ?? silent)
  found?.giveWay()
  return found !== undefined
}
