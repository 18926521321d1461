// Names to addresses. However many connections wait for the same name, one thread looks it up: a resolver that hangs must
// not take all threads from compression and files.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../contract/index.ts'

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void
type Known = [address: string | LookupAddress[], family: number | undefined]

/**
 * libuv has two threads for names, whoever asks: when two names hang, every other waits with them, half a minute with the usual
 * resolv.conf. One that was found before has the addresses that it had by then, and its exporter goes on.
 */
const PATIENCE_MS = 2000
/** Of what was found; an exporter has one name, as a rule. */
const MAX_KNOWN = 64

/** For the `lookup` of `net.connect` and of agents. */
export function createLookup(clock: Clock, resolve: typeof lookup = lookup): LookupFunction {
  const waiting = new Map<string, Answer[]>()
  const known = new Map<string, Known>()
  return (hostname: string, options: LookupOptions, answer: Answer) => {
    const key = `${hostname} ${options.family} ${options.hints} ${options.all}`
    const others = waiting.get(key)
    if (others !== undefined) {
      others.push(answer)
      return
    }
    const answers = [answer]
    waiting.set(key, answers)
    const tell = (...found: Parameters<Answer>): void => {
      for (const each of answers.splice(0)) each(...found)
    }
    const giveKnown = (): void => {
      cancel = clock.after(PATIENCE_MS, giveKnown)
      const before = known.get(key)
      if (before !== undefined) tell(null, ...before)
    }
    let cancel = clock.after(PATIENCE_MS, giveKnown)
    resolve(hostname, options, (error, address, family) => {
      cancel()
      waiting.delete(key)
      if (error === null) remember(known, key, [address, family])
      tell(error, address, family)
    })
  }
}

/** The one that was found longest ago makes room. */
function remember(known: Map<string, Known>, key: string, found: Known): void {
  known.delete(key)
  const [oldest] = known.keys()
  if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest)
  known.set(key, found)
}
