// When V8 collects garbage. Set while the agent runs: given at the start, such flags make Node compile its own modules anew,
// which takes 40 ms and a megabyte.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import type { Clock } from '../contract/index.ts'
import { collectGarbage } from '../observe/collect-garbage.ts'
import { containerMemory } from '../observe/container-memory.ts'

/** Reads and sets what V8 has. */
export interface Collector {
  usedHeapBytes(): number
  setFlag(flag: string): void
  collectThoroughly(): void
}

/** The first V8 that is known to have these flags: one that is not known is told on stderr. */
const KNOWN_SINCE_V8 = 14
/** Set by main.ts. Whoever has chosen a young generation of another size has this left alone as well. */
const OUR_YOUNG_GENERATION = '--max-semi-space-size=8'

const v8: Collector = {
  usedHeapBytes: () => getHeapStatistics().used_heap_size,
  setFlag: setFlagsFromString,
  collectThoroughly: () => collectGarbage('last-resort'),
}

/** For the agent of this process, unless it has been told otherwise. */
export function collectSooner(clock: Clock): void {
  const isKnown = Number.parseInt(process.versions.v8, 10) >= KNOWN_SINCE_V8
  if (isKnown && process.execArgv.includes(OUR_YOUNG_GENERATION)) followHeap(v8, clock, hasRoom())
}

/** Where a hundred megabytes more matter, they are not spent on CPU. */
const hasRoom = (): boolean => (containerMemory()?.limitBytes ?? Infinity) >= 1024 ** 3

/**
 * Buffers count, all of them: V8's own measure marks after each 64 MB of them (spans over HTTP, 1,000 a request: a quarter more CPU).
 */
const COUNTING = '--external-memory-accounted-in-global-limit'
/**
 * A large heap is collected when a quarter has been added to what is in use; V8's own measure lets it grow to twice that. With
 * seven destinations: 307 -> 253 MB for a quarter to a half more CPU. In a small heap a quarter is soon there: ten spans a request took a third more.
 */
const BY_A_QUARTER = '--heap-growing-percent=25'
/**
 * A small one when it has three times as much. Most payloads then die in the young generation, buffers and all, before anything is marked:
 * spans and edited log records, 100 a request, a fifth less CPU (two rounds), and in one of the runs 80 MB more at the peak.
 */
const BY_TWICE = '--heap-growing-percent=200'
const AS_USUAL = '--heap-growing-percent=0'
const LARGE_BYTES = 64 * 1024 ** 2
const SMALL_BYTES = 48 * 1024 ** 2
const EVERY_MS = 1000

/**
 * What the start has left is collected a second after it: an agent without traffic would keep it for ever. 85 -> 76 MB for 40 ms, once.
 */
export function followHeap(collector: Collector, clock: Clock, hasRoom: boolean): void {
  const small = hasRoom ? BY_TWICE : AS_USUAL
  collector.setFlag(COUNTING)
  collector.setFlag(small)
  clock.after(EVERY_MS, () => collector.collectThoroughly())
  let isLarge = false
  const look = (): void => {
    const used = collector.usedHeapBytes()
    if (isLarge ? used < SMALL_BYTES : used > LARGE_BYTES) {
      isLarge = !isLarge
      collector.setFlag(isLarge ? BY_A_QUARTER : small)
    }
    clock.after(EVERY_MS, look)
  }
  look()
}
