// Names to addresses. However many connections wait for the same name, one thread looks it up: a resolver that hangs must
// not take all threads from compression and files.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/** For the `lookup` of `net.connect` and of agents. */
export function createLookup(resolve: typeof lookup = lookup): LookupFunction {
  const waiting = new Map<string, Answer[]>()
  return (hostname: string, options: LookupOptions, answer: Answer) => {
    const key = `${hostname} ${options.family} ${options.hints} ${options.all}`
    const others = waiting.get(key)
    if (others !== undefined) {
      others.push(answer)
      return
    }
    const answers = [answer]
    waiting.set(key, answers)
    resolve(hostname, options, (error, address, family) => {
      waiting.delete(key)
      for (const each of answers) each(error, address, family)
    })
  }
}
