// Keeps data of different clients apart, by chosen values of their metadata.
import type { Context } from '../data/index.ts'

type Metadata = Context['metadata']

export interface Partition {
  /** The same for the same values of the keys only; an unset key differs from one with an empty value. */
  keyOf(metadata: Metadata): string
  /** The keys that are set, with their values: what goes on with the partition's data. */
  pick(metadata: Metadata): Metadata
}

const NONE: Metadata = new Map()
const UNPARTED: Partition = { keyOf: () => '', pick: () => NONE }

/** Keys in any case; metadata has its names in lower case. */
export function partitionBy(keys: readonly string[]): Partition {
  if (keys.length === 0) return UNPARTED
  const names = keys.map((key) => key.toLowerCase())
  return {
    keyOf(metadata) {
      let key = ''
      for (const name of names) {
        const values = metadata.get(name)
        key += values === undefined ? '-;' : `${values.length};`
        // Lengths keep values from running into each other.
        for (const value of values ?? []) key += `${value.length}:${value}`
      }
      return key
    },
    pick(metadata) {
      const picked = new Map<string, readonly string[]>()
      for (const name of names) {
        const values = metadata.get(name)
        if (values !== undefined) picked.set(name, values)
      }
      return picked
    },
  }
}
