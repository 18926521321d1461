// Why clients were cut off, in the log of the receiver: each cause now and then, with how often it was left out since.
import type { Clock, Logger } from '../contract/index.ts'
import { NowAndThen } from '../observe/now-and-then.ts'

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
  const told = new Map<string, NowAndThen>()
  return ({ reason, cause, peer, error }) => {
    const key = told.has(cause) || told.size < MAX_CAUSES ? cause : 'other'
    let ofCause = told.get(key)
    if (ofCause === undefined) told.set(key, (ofCause = new NowAndThen(clock)))
    const times = ofCause.add()
    if (times === undefined) return
    log.warn(message, {
      reason,
      cause,
      ...(peer !== undefined && { peer }),
      ...(error !== undefined && { error }),
      ...(times > 1 && { suppressed: times - 1 }),
    })
  }
}
