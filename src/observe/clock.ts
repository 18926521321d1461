import { performance } from 'node:perf_hooks'
import type { Clock } from '../contract/index.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, abort) =>
    new Promise((resolve, reject) => {
      if (abort?.aborted) return reject(abort.reason)
      const end = (): void => {
        abort?.removeEventListener('abort', stop)
        resolve()
      }
      const timer = setTimeout(end, ms)
      const stop = (): void => {
        clearTimeout(timer)
        reject(abort!.reason)
      }
      abort?.addEventListener('abort', stop, { once: true })
    }),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
