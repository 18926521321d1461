// Keeps data of different clients apart, by chosen values of their metadata.
import type { Sender, SenderKeys } from '../contract/index.ts'
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
export const partitionBy = (keys: readonly string[]): Partition =>
  partitionByNames(keys.map((key) => key.toLowerCase()))

export interface SenderPartition {
  keyOf(sender: Sender): string
  pick(sender: Sender): Sender
}

/** By what senders have said, and by what is known about them; names of attributes as they are. */
export function partitionBySender({ metadata: keys, auth: names }: SenderKeys): SenderPartition {
  const said = partitionBy([...new Set(keys.map((key) => key.toLowerCase()))])
  if (names.length === 0)
    return {
      keyOf: ({ metadata }) => said.keyOf(metadata),
      pick: ({ metadata }) => ({ metadata: said.pick(metadata), auth: undefined }),
    }
  const known = partitionByNames([...new Set(names)])
  return {
    keyOf: ({ metadata, auth = NONE }) => said.keyOf(metadata) + known.keyOf(auth),
    pick: ({ metadata, auth = NONE }) => ({ metadata: said.pick(metadata), auth: known.pick(auth) }),
  }
}

function partitionByNames(names: readonly string[]): Partition {
  if (names.length === 0) return UNPARTED
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
