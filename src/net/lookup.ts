// Names to addresses. However many connections wait for the same name, one thread looks it up; a name that hangs takes no thread
// from compression and files, and keeps no other name waiting.
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../contract/index.ts'
import { type AskNameServers, askNameServers } from './name-servers.ts'

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void
type Known = [address: string | LookupAddress[], family?: number]

/**
 * libuv has two of its four threads for names, whoever asks: when two names hang, every other waits with them, half a minute with
 * the usual resolv.conf. One that was found before has the addresses that it had by then; a new one is asked for past the threads.
 */
const PATIENCE_MS = 2000
/** Of what was found; an exporter has one name, as a rule. */
const MAX_KNOWN = 64

const byClock = new WeakMap<Clock, LookupFunction>()

/** One for all clients of the process: the name of a destination that several share takes one thread. */
export function sharedLookup(clock: Clock): LookupFunction {
  let shared = byClock.get(clock)
  if (shared === undefined) byClock.set(clock, (shared = createLookup(clock)))
  return shared
}

/** The same for who wants a promise of all addresses. */
export const lookupAll = (look: LookupFunction, host: string): Promise<readonly LookupAddress[]> =>
  new Promise((resolve, reject) =>
    look(host, { all: true }, (error, found) => {
      if (error !== null) reject(error)
      else resolve(Array.isArray(found) ? found : [])
    }),
  )

/** For the `lookup` of `net.connect` and of agents. */
export function createLookup(
  clock: Clock,
  resolve: typeof lookup = lookup,
  ask: AskNameServers = askNameServers(),
): LookupFunction {
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
    const keep = (found: Known): void => {
      remember(known, key, found)
      tell(null, ...found)
    }
    let isAsking = false
    const loseThePatience = (): void => {
      cancel = clock.after(PATIENCE_MS, loseThePatience)
      const before = known.get(key)
      if (before !== undefined) return tell(null, ...before)
      if (isAsking || answers.length === 0) return
      isAsking = true
      const family = options.family === 4 || options.family === 6 ? options.family : 0
      const asked = ask(hostname, family).then((found) => {
        isAsking = false
        if (found.length > 0) keep(inShape(found, options))
      })
      // That the system's resolver finds nothing either is for it to say.
      asked.catch(() => (isAsking = false))
    }
    let cancel = clock.after(PATIENCE_MS, loseThePatience)
    resolve(hostname, options, (error, address, family) => {
      cancel()
      waiting.delete(key)
      if (error === null) keep([address, family])
      else tell(error, address, family)
    })
  }
}

/** As `dns.lookup` answers: all of them, or the first and its family. */
function inShape(found: readonly LookupAddress[], { all }: LookupOptions): Known {
  const [first] = found
  return all === true || first === undefined ? [[...found]] : [first.address, first.family]
}

/** The one that was found longest ago makes room. */
function remember(known: Map<string, Known>, key: string, found: Known): void {
  known.delete(key)
  const [oldest] = known.keys()
  if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest)
  known.set(key, found)
}
