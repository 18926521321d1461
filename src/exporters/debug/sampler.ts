import type { Clock } from '../../contract/index.ts'

const TICK_MS = 1000
/** Messages share a counter when their hashes meet, as in the collector's logger: what is remembered is bounded. */
const COUNTERS = 4096

/**
 * Whether a message may pass: of equal messages the first `initial` of each second, then every `thereafter`-th, none when
 * `thereafter` is 0.
 */
export function createSampler(initial: number, thereafter: number, clock: Clock): (message: string) => boolean {
  if (thereafter === 1) return () => true
  const counts = new Uint32Array(COUNTERS)
  const endsAt = new Float64Array(COUNTERS)
  return (message) => {
    const slot = hash(message) % COUNTERS
    const now = clock.monotonicMs()
    if (counts[slot] === 0 || now >= endsAt[slot]!) {
      counts[slot] = 0
      endsAt[slot] = now + TICK_MS
    }
    const nth = ++counts[slot]!
    return nth <= initial || (thereafter > 0 && (nth - initial) % thereafter === 0)
  }
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
