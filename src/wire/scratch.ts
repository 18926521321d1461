// One large piece of memory that whoever writes something large has for a moment, instead of one for each.

const FIRST_BYTES = 64 * 1024
/** What a very large body has taken is not kept. */
const KEPT_BYTES = 8 * 1024 * 1024

/** Undefined while somebody has it. */
let idle: Buffer | undefined

/** Of at least that size, and the taker's alone until it is given back. Not cleared. */
export function takeScratch(leastBytes: number): Buffer {
  if (idle === undefined || idle.length < leastBytes) return Buffer.allocUnsafeSlow(Math.max(leastBytes, FIRST_BYTES))
  const taken = idle
  idle = undefined
  return taken
}

/** Once for each that was taken; whoever gives it back does not look at it any more. Of two that are idle the larger is kept. */
export function giveBackScratch(bytes: Buffer): void {
  if (bytes.length <= KEPT_BYTES && bytes.length > (idle?.length ?? 0)) idle = bytes
}
