import type { Clock } from '../../contract/index.ts'

export interface Attempts {
  /** At least one is made; 0 is as many as it takes. */
  readonly most: number
  readonly maxBackoffMs: number
}

const FIRST_BACKOFF_MS = 1000

/** Tries again what may work later, after waits that double, shortened at random. */
export async function attempt<T>(
  { most, maxBackoffMs }: Attempts,
  { clock, abort }: { readonly clock: Clock; readonly abort: AbortSignal },
  run: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean,
): Promise<T> {
  for (let made = 1; ; made++) {
    try {
      return await run()
    } catch (error) {
      if (abort.aborted || made === Math.max(most, 0) || !isWorthIt(error)) throw error
      await clock.sleep(Math.min(FIRST_BACKOFF_MS * 2 ** (made - 1), maxBackoffMs) * Math.random(), abort)
    }
  }
}
