// What the heap of this process has, to be compared before and after.
import { collectGarbage } from '../../src/observe/collect-garbage.ts'

/** Bytes in use after everything that nobody refers to has gone. */
export async function usedHeapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage('regular')
  }
  return process.memoryUsage().heapUsed
}
