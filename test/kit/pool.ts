// What is learned one at a time while others take from Node's pool, as in an agent that has run for long.
import { collectGarbage } from '../../src/observe/collect-garbage.ts'

/** By how much the memory of buffers has grown when `learn` was called that often. */
export function bufferBytesKept(times: number, learn: (i: number) => void): number {
  learn(0)
  collectGarbage('regular')
  const before = process.memoryUsage().arrayBuffers
  for (let i = 1; i <= times; i++) {
    learn(i)
    for (let taken = 0; taken < Buffer.poolSize; taken += Buffer.poolSize >>> 2)
      Buffer.allocUnsafe(Buffer.poolSize >>> 2)
  }
  collectGarbage('regular')
  return process.memoryUsage().arrayBuffers - before
}
