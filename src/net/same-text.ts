// Whether a sender knows a secret, found out without telling how much of it was right: the time does not depend on the texts.
import { createHash, timingSafeEqual } from 'node:crypto'

export const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** `wanted` is a digest. */
export const hasDigest = (given: string, wanted: Buffer): boolean => timingSafeEqual(digestOf(given), wanted)

export const isSameText = (given: string, wanted: string): boolean => hasDigest(given, digestOf(wanted))
