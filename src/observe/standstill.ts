// Says when the process did nothing for a while: a plugin or a huge piece of work held the event loop, the machine slept, or others had the CPU.
import type { Clock, Logger } from '../contract/index.ts'

const LOOK_MS = 1000
/** What is later than that is no jitter. */
const LATE_MS = 2000

/** Returns what ends the watching. */
export function watchStandstill({ clock, log }: { readonly clock: Clock; readonly log: Logger }): () => void {
  const look = (): (() => void) => {
    const due = clock.monotonicMs() + LOOK_MS
    return clock.after(LOOK_MS, () => {
      const lateMs = clock.monotonicMs() - due
      if (lateMs >= LATE_MS)
        log.warn('the process stood still: nothing was received or sent', { ms: Math.round(lateMs) })
      cancel = look()
    })
  }
  let cancel = look()
  return () => cancel()
}
