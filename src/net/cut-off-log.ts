// Why clients were cut off, in the log of the receiver: each cause now and then, with how often it was left out since.
import type { Clock, Logger } from '../contract/index.ts'

/** Of one cause there is a line so often. */
const QUIET_MS = 60_000
/** What there is beyond shares one line. */
const MAX_CAUSES = 32

export interface CutOff {
  /** As it is counted. */
  readonly reason: string
  /** In words, the same for all that are alike. */
  readonly cause: string
  /** The address of the client, while it is known. */
  readonly peer: string | undefined
  /** As the library says it. */
  readonly error?: string | undefined
}

export function cutOffLogger(
  message: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): (cutOff: CutOff) => void {
  const said = new Map<string, { atMs: number; suppressed: number }>()
  return ({ reason, cause, peer, error }) => {
    const nowMs = clock.monotonicMs()
    const key = said.has(cause) || said.size < MAX_CAUSES ? cause : 'other'
    const last = said.get(key)
    if (last !== undefined && nowMs - last.atMs < QUIET_MS) {
      last.suppressed++
      return
    }
    const suppressed = last?.suppressed ?? 0
    said.set(key, { atMs: nowMs, suppressed: 0 })
    log.warn(message, {
      reason,
      cause,
      ...(peer !== undefined && { peer }),
      ...(error !== undefined && { error }),
      ...(suppressed > 0 && { suppressed }),
    })
  }
}
