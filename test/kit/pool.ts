// What is learned one at a time while others take from Node's pool, as in an agent that has run for long.
import { setTimeout as sleep } from 'node:timers/promises'
import { collectGarbage } from '../../src/observe/collect-garbage.ts'

/** By how much the memory of buffers has grown when `learn` was called that often. */
export async function bufferBytesKept(times: number, learn: (i: number) => void): Promise<number> {
  learn(0)
  const before = await leastBufferBytes()
  for (let i = 1; i <= times; i++) {
    learn(i)
    for (let taken = 0; taken < Buffer.poolSize; taken += Buffer.poolSize >>> 2)
      Buffer.allocUnsafe(Buffer.poolSize >>> 2)
  }
  return (await leastBufferBytes()) - before
}

const MAX_LOOKS = 20

/** V8 frees the memory of buffers behind a collection, on a thread of its own: until it gets no less, twice in a row. */
async function leastBufferBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let looks = 0, same = 0; looks < MAX_LOOKS && same < 2; looks++) {
    collectGarbage('regular')
    await sleep(20)
    const { arrayBuffers } = process.memoryUsage()
    same = arrayBuffers < least ? 0 : same + 1
    least = Math.min(least, arrayBuffers)
  }
  return least
}
