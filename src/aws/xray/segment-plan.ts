// What the names of a span's attributes, in the order in which they come, mean for its document: worked out once for each order.
import { JsonWriter, type Member, memberOf } from '../../wire/json.ts'
import { xray } from './attributes.ts'
import { ANNOTATIONS, segmentGroups } from './segment-keys.ts'

export interface SegmentPlan {
  /** What they are about, see `segment-keys.ts`. */
  readonly groups: number
  /** Whether one of them asks for a place of its own: in annotations, or as a namespace of metadata. */
  readonly hasPlaces: boolean
  /** By index: as a member of metadata. */
  readonly members: readonly Member[]
}

export const METADATA_PREFIX: Buffer = Buffer.from(xray.metadataPrefix)

/** `indexed` by number: whether the config makes annotations of it. */
export function planOf(names: readonly Buffer[], numbers: Int32Array, indexed: Uint8Array): SegmentPlan {
  return {
    groups: numbers.reduce((groups, number) => groups | groupOf(number), 0),
    hasPlaces: names.some((name, index) => isPlaced(name, numbers[index]!, indexed)),
    members: names.map(memberNamed),
  }
}

/** 0 for what is unknown. */
export const groupOf = (number: number): number => segmentGroups[number] ?? 0

const isPlaced = (name: Buffer, number: number, indexed: Uint8Array): boolean =>
  number < 0
    ? name.subarray(0, METADATA_PREFIX.length).equals(METADATA_PREFIX)
    : number === ANNOTATIONS || indexed[number] === 1

function memberNamed(name: Buffer): Member {
  scratch.clear()
  scratch.raw(COMMA)
  scratch.keyBytes(name, 0, name.length)
  return memberOf(scratch.take())
}
const COMMA = Buffer.from(',')
const scratch = new JsonWriter(1024, { isNested: true })
