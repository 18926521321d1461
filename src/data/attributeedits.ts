// What a config does to the attributes of every item, known beforehand: found and written down in one look at the bytes.
import { equalBytes } from '../wire/intern.ts'
import { readVarint, skip, varintEnd } from '../wire/reader.ts'
import { Words } from '../wire/words.ts'
import { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { type Key, keyOf } from './key.ts'
import type { Message } from './message.ts'
import { markAt, ODD } from './slots.ts'
import type { Splices } from './splices.ts'
import type { AnyValue, Double } from './value.ts'
import { writeAttribute } from './writeattribute.ts'

/** `insert` sets what is not there, `update` what is, `upsert` either. */
export type AttributeEdit =
  | { readonly action: 'insert' | 'update' | 'upsert'; readonly key: string; readonly value: AnyValue | Double }
  | { readonly action: 'delete'; readonly key: string }

/**
 * Made when the config is read, for `attributes.edit` of every item: what `set` and `delete` would do one after the other, for half of the
 * time. Each key once, so that no edit depends on another.
 */
export class AttributeEdits {
  readonly #steps: readonly Step[]
  /** Those that append what is not there. */
  readonly #appending: readonly Step[]
  /** By a number from the mark of a key: whether one of ours may have it. */
  readonly #isMeant = new Uint8Array(BUCKETS)

  constructor(edits: readonly AttributeEdit[]) {
    if (new Set(edits.map(({ key }) => key)).size < edits.length) throw new TypeError('edits of one key twice')
    this.#steps = edits.map((edit) => new Step(edit))
    this.#appending = this.#steps.filter(({ action }) => action === 'insert' || action === 'upsert')
    this.#isMeant[bucketOf(ODD)] = 1
    for (const { key } of this.#steps) this.#isMeant[bucketOf(key.mark)] = 1
  }

  /** By looking for each. */
  applyTo(attributes: Attributes): void {
    for (const { action, key, value } of this.#steps) {
      if (action === 'delete') attributes.delete(key)
      else if (action === 'upsert' || attributes.has(key) === (action === 'update')) attributes.set(key, value)
    }
  }

  /**
   * Of a message that stands as it came, its length at `lengthAt`: writes what changes to its splices. Returns how much the message around
   * it grows. Undefined, and nothing done, when a key is so odd that it has to be looked at closely, or something behind has changed.
   */
  write(message: Message, lengthAt: number): number | undefined {
    const { bytes, start, end, splices, attributesTag } = message
    if (!splices.endBefore(lengthAt)) return undefined
    const steps = this.#steps
    for (let i = 0; i < steps.length; i++) steps[i]!.isFound = false
    const isMeant = this.#isMeant
    const mark = splices.reserve(lengthAt)
    let delta = 0
    for (let at = start; at < end; ) {
      const tagAt = at
      let tag = bytes[at++]!
      if (tag !== attributesTag) {
        if (tag > 127) {
          tag = readVarint(bytes, tagAt)
          at = varintEnd
        }
        at = skip(bytes, at, tag)
        continue
      }
      let length = bytes[at++]!
      if (length > 127) {
        length = readVarint(bytes, at - 1)
        at = varintEnd
      }
      const keyMark = markAt(bytes, at, length)
      if (isMeant[bucketOf(keyMark)] === 1) {
        if (keyMark === ODD) {
          splices.rewindTo(mark)
          return undefined
        }
        const step = this.#stepOf(keyMark, bytes, splices.view, at + 2)
        if (step !== undefined) delta += step.change(splices, tagAt, at + length, tag)
      }
      at += length
    }
    const appending = this.#appending
    for (let i = 0; i < appending.length; i++)
      if (!appending[i]!.isFound) delta += appending[i]!.put(splices, end, end, attributesTag)
    return splices.close(mark, lengthAt, start, end, delta)
  }

  #stepOf(mark: number, bytes: Buffer, view: DataView, keyAt: number): Step | undefined {
    const steps = this.#steps
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!
      if (step.key.mark === mark && step.hasKeyAt(bytes, view, keyAt)) return step
    }
    return undefined
  }
}

const BUCKETS = 256
const bucketOf = (mark: number): number => (mark ^ (mark >> 6)) & (BUCKETS - 1)

/** One edit. */
class Step {
  readonly action: AttributeEdit['action']
  readonly key: Key
  /** Null for a deletion. */
  readonly value: AnyValue | Double
  /** In the message at hand. */
  isFound = false
  readonly #words: Words | undefined
  /** The field with its tag, which depends on the message. */
  readonly #field: Buffer
  /** The turn of `Splices` in which it was written to the scratch, where to, and with which tag. */
  #turn = 0
  #at = 0
  #tag = 0

  constructor(edit: AttributeEdit) {
    this.action = edit.action
    this.key = keyOf(edit.key)
    this.value = edit.action === 'delete' ? null : edit.value
    this.#words = this.key.bytes.length < 4 ? undefined : new Words(this.key.bytes)
    const out = new ByteWriter(64)
    writeAttribute(out, 0, this.key, this.value)
    this.#field = out.take()
  }

  hasKeyAt(bytes: Buffer, view: DataView, at: number): boolean {
    return this.#words === undefined ? equalBytes(bytes, at, this.key.bytes) : this.#words.isAt(view, at)
  }

  /** Its key is that of the field [from, to). Of a key given twice the first one is set, and all are deleted. */
  change(splices: Splices, from: number, to: number, tag: number): number {
    if (this.action === 'delete') return splices.remove(from, to)
    if (this.isFound) return 0
    this.isFound = true
    return this.action === 'insert' ? 0 : this.put(splices, from, to, tag)
  }

  /** Many items of a chunk get the same: it is written once. */
  put(splices: Splices, from: number, to: number, tag: number): number {
    if (this.#turn !== splices.turn || this.#tag !== tag) {
      const { scratch } = splices
      this.#turn = splices.turn
      this.#tag = tag
      this.#at = scratch.length
      scratch.raw(this.#field)
      scratch.bytes[this.#at] = tag
    }
    return splices.replace(from, to, this.#at, this.#at + this.#field.length)
  }
}
