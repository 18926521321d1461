// The end of the process, at once.
import { kernel } from '../net/kernel.ts'

/**
 * As `process.exit`, which waits for each thread: one whose name server does not answer would keep the process for half a minute,
 * and whoever stops it would kill it. Everything has been written by now.
 */
export function leave(code: number): never {
  process.exitCode = code
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) kernel()?._exit(code)
  process.exit(code)
}
