import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** Watches what is compared in constant time: the sizes of both sides, one comparison after the other. */
export function watchComparisons(t: { teardown(end: () => void): unknown }): [number, number][] {
  const { timingSafeEqual } = crypto
  const compared: [number, number][] = []
  crypto.timingSafeEqual = (a, b) => {
    compared.push([a.byteLength, b.byteLength])
    return timingSafeEqual(a, b)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    crypto.timingSafeEqual = timingSafeEqual
    syncBuiltinESMExports()
  })
  return compared
}
