// Subsegments that came inside their segment go back there, where the batch has both and X-Ray's limit has room for them.
import { nestedJsonLiteral } from '../../wire/json.ts'
import { ByteWriter } from '../../wire/writer.ts'
import type { DocumentPlace } from './segment.ts'
import { documentSize, exactSize, MAX_DOCUMENT_BYTES } from './segment-limits.ts'

/** Where a document with a parent has its ids, and its name behind them; quotes included. */
export interface HeadOffsets {
  readonly id: number
  readonly traceId: number
  readonly parentId: number
  /** Behind what stands before the name, in a document and in one that is inside another. */
  readonly end: number
}
const ID_LENGTH = 16
const TRACE_ID_LENGTH = 33

const NAME = nestedJsonLiteral('","name":')
const SUBSEGMENTS = nestedJsonLiteral(',"subsegments":[')
/** `,"subsegments":[]`, as X-Ray sees it. */
const LIST_BYTES = 17
/** `","trace_id":"1-…","parent_id":"…","type":"subsegment`, which one inside another does without. */
const SAVED_BYTES = '","trace_id":"1-","parent_id":"","type":"subsegment'.length + TRACE_ID_LENGTH + ID_LENGTH

const CAPACITY = 1 << 16
const MAX_KEPT_BYTES = 1 << 23

/** A document with those inside it. */
class Tree {
  readonly members: number[]
  sizeBytes: number
  isExact = false

  constructor(document: number, sizeBytes: number) {
    this.members = [document]
    this.sizeBytes = sizeBytes
  }
}

/** One instance for all batches of an exporter. */
export class Nesting {
  readonly #offsets: HeadOffsets
  readonly #out = new ByteWriter(CAPACITY)
  #bytes: Buffer = Buffer.alloc(0)
  #places: readonly DocumentPlace[] = []
  /** By position of a document: those directly inside it. */
  #children: (number[] | undefined)[] = []

  constructor(offsets: HeadOffsets) {
    this.#offsets = offsets
  }

  /**
   * The same documents, those of the `embedded` (positions, ascending) that can be inside others there. A document is put into
   * the one before it that has its parent's id. What is returned is valid until the next time.
   */
  nest(
    bytes: Buffer,
    places: readonly DocumentPlace[],
    embedded: readonly number[],
  ): { readonly bytes: Buffer; readonly places: DocumentPlace[] } {
    const out = this.#out
    if (out.bytes.length > MAX_KEPT_BYTES) out.bytes = Buffer.allocUnsafeSlow(CAPACITY)
    out.clear()
    this.#bytes = bytes
    this.#places = places
    const trees = this.#plant(embedded)
    const nested: DocumentPlace[] = []
    for (const [i, { span }] of places.entries()) {
      const tree = trees[i]!
      if (tree.members[0] !== i) continue
      if (nested.length > 0) out.byte(0x2c)
      const start = out.length
      this.#write(i, false)
      nested.push({ start, end: out.length, span, spans: tree.members.length })
    }
    this.#bytes = Buffer.alloc(0)
    this.#places = []
    this.#children = []
    return { bytes: out.bytes, places: nested }
  }

  /** By position of a document, the tree that it is in. */
  #plant(embedded: readonly number[]): readonly Tree[] {
    const { parentId } = this.#offsets
    const trees: Tree[] = []
    const known = new Map<string, number>()
    this.#children = new Array(this.#places.length)
    let next = 0
    for (const [i, { start, end }] of this.#places.entries()) {
      let tree: Tree | undefined
      if (embedded[next] === i) {
        next++
        const parent = known.get(this.#key(start, parentId))
        if (parent !== undefined && this.#add(i, parent, trees[parent]!)) tree = trees[parent]
      }
      trees.push(tree ?? new Tree(i, documentSize(this.#bytes, start, end)))
      known.set(this.#key(start, this.#offsets.id), i)
    }
    return trees
  }

  #key(start: number, idOffset: number): string {
    const trace = start + this.#offsets.traceId
    const id = start + idOffset
    return this.#bytes.latin1Slice(trace, trace + TRACE_ID_LENGTH) + this.#bytes.latin1Slice(id, id + ID_LENGTH)
  }

  /** False when there is no room. */
  #add(document: number, parent: number, tree: Tree): boolean {
    const children = this.#children[parent]
    const addedBytes = (children === undefined ? LIST_BYTES : 1) - SAVED_BYTES
    const { start, end } = this.#places[document]!
    let sizeBytes = addedBytes + (tree.isExact ? exactSize : documentSize)(this.#bytes, start, end)
    if (tree.sizeBytes + sizeBytes > MAX_DOCUMENT_BYTES && !tree.isExact) {
      this.#measure(tree)
      sizeBytes = addedBytes + exactSize(this.#bytes, start, end)
    }
    if (tree.sizeBytes + sizeBytes > MAX_DOCUMENT_BYTES) return false
    tree.sizeBytes += sizeBytes
    tree.members.push(document)
    if (children === undefined) this.#children[parent] = [document]
    else children.push(document)
    return true
  }

  /** What was added up so far counts backslashes, too, which X-Ray does not see. */
  #measure(tree: Tree): void {
    for (const member of tree.members) {
      const { start, end } = this.#places[member]!
      tree.sizeBytes -= documentSize(this.#bytes, start, end) - exactSize(this.#bytes, start, end)
    }
    tree.isExact = true
  }

  #write(document: number, isNested: boolean): void {
    const out = this.#out
    const { id, end: headEnd } = this.#offsets
    const { start, end } = this.#places[document]!
    const children = this.#children[document]
    if (isNested) {
      out.raw(this.#bytes, start + 1, start + id + ID_LENGTH)
      out.raw(NAME)
      out.raw(this.#bytes, start + headEnd, end - 2)
    } else out.raw(this.#bytes, start, end - 2)
    if (children !== undefined) {
      out.raw(SUBSEGMENTS)
      for (const [i, child] of children.entries()) {
        if (i > 0) out.byte(0x2c)
        this.#write(child, true)
      }
      out.byte(0x5d)
    }
    out.byte(0x7d)
    if (!isNested) out.byte(0x22)
  }
}
