// How late the process is: a plugin or a huge piece of work held the event loop, the machine slept, or others had the CPU. Says
// when it did nothing for a while.
import type { Clock, EventLoopDelay, Logger } from '../contract/index.ts'

const LOOK_MS = 1000
/** What is later than that is no jitter. */
const LATE_MS = 2000
const MINUTE_MS = 60_000

export interface StandstillWatch {
  delay(): EventLoopDelay
  stop(): void
}

export function watchStandstill({ clock, log }: { readonly clock: Clock; readonly log: Logger }): StandstillWatch {
  /** Of the last minute, oldest first. */
  let looks: { readonly atMs: number; readonly lateMs: number }[] = []
  let dueMs = 0
  const look = (): (() => void) => {
    dueMs = clock.monotonicMs() + LOOK_MS
    return clock.after(LOOK_MS, () => {
      const atMs = clock.monotonicMs()
      const lateMs = atMs - dueMs
      looks.push({ atMs, lateMs })
      forget(atMs)
      if (lateMs >= LATE_MS)
        log.warn('the process stood still: nothing was received or sent', { ms: Math.round(lateMs) })
      cancel = look()
    })
  }
  const forget = (nowMs: number): void => {
    if (nowMs - (looks[0]?.atMs ?? nowMs) > MINUTE_MS) looks = looks.filter(({ atMs }) => nowMs - atMs <= MINUTE_MS)
  }
  let cancel = look()
  return {
    delay() {
      const nowMs = clock.monotonicMs()
      forget(nowMs)
      // Whoever asks after a standstill may be heard before the next look.
      const overdueMs = Math.max(0, nowMs - dueMs)
      const lastMs = Math.max(overdueMs, looks.at(-1)?.lateMs ?? 0)
      const worstMs = looks.reduce((worst, { lateMs }) => Math.max(worst, lateMs), lastMs)
      return { lastMs: Math.round(Math.max(0, lastMs)), worstOfMinuteMs: Math.round(Math.max(0, worstMs)) }
    },
    stop: () => cancel(),
  }
}
