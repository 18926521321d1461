// Exponential histograms at another scale: each step down joins neighbouring buckets in pairs.
import type { ExponentialSide } from '../data/index.ts'

/** With the buckets that a scale lower by so many has. */
export function coarser(side: ExponentialSide, halvings: number): ExponentialSide {
  if (halvings === 0 || side.counts.length === 0) return side
  const offset = halved(side.offset, halvings)
  const counts = new Array<number>(halved(side.offset + side.counts.length - 1, halvings) - offset + 1).fill(0)
  for (const [i, count] of side.counts.entries()) counts[halved(side.offset + i, halvings) - offset]! += count
  return { offset, counts }
}

/** The index of a bucket after so many halvings. */
export const halved = (index: number, times: number): number => Math.floor(index / 2 ** times)
