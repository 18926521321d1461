// The segments of a document: the outermost, and its subsegments with theirs, each behind what it is in. What a segment must
// have is checked here, so that nothing is written of a document that is wrong.
import { ARRAY, JsonTape, NULL, OBJECT } from '../../wire/jsontape.ts'
import { readSpanId, readTraceId } from './decode-id.ts'
import { readSeconds } from './decode-time.ts'

/** The members that are known, by their place in a segment's row. */
export const slot = {
  name: 0,
  id: 1,
  traceId: 2,
  parentId: 3,
  startTime: 4,
  endTime: 5,
  http: 6,
  sql: 7,
  aws: 8,
  service: 9,
  cause: 10,
  annotations: 11,
  metadata: 12,
  links: 13,
  subsegments: 14,
  resourceArn: 15,
  origin: 16,
  type: 17,
  namespace: 18,
  inProgress: 19,
  fault: 20,
  error: 21,
  throttle: 22,
  traced: 23,
  precursorIds: 24,
  user: 25,
} as const
export type Slot = (typeof slot)[keyof typeof slot]

export const slotOf: ReadonlyMap<string, Slot> = new Map(
  Object.entries(slot).map(([name, place]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), place]),
)

const SLOTS = Object.keys(slot).length
/** Of a row: the segment's own node, and the row of the segment that it is in (-1 for the outermost). */
const NODE = SLOTS
const PARENT = SLOTS + 1
const WIDTH = SLOTS + 2

export class SegmentIndex {
  readonly tape = new JsonTape()
  #rows = new Int32Array(16 * WIDTH)
  /** Segments and subsegments. */
  count = 0

  /** Throws `MalformedError`. */
  read(bytes: Buffer): void {
    this.count = 0
    this.tape.read(bytes)
    this.#add(0, -1)
  }

  /** Its object in the tape. */
  node(segment: number): number {
    return this.#rows[segment * WIDTH + NODE]!
  }
  /** -1 for the outermost. */
  parent(segment: number): number {
    return this.#rows[segment * WIDTH + PARENT]!
  }
  /** The node of that member, 0 when there is none. Of a member given twice the first one counts, and null counts as none. */
  member(segment: number, place: Slot): number {
    return this.#rows[segment * WIDTH + place]!
  }
  text(segment: number, place: Slot): string {
    const node = this.member(segment, place)
    return node !== 0 && this.tape.isString(node) ? this.tape.text(node) : ''
  }
  /** The outermost one is a subsegment when it says so and what it belongs to, as in the collector. */
  isSubsegment(segment: number): boolean {
    if (this.parent(segment) >= 0) return true
    return this.member(segment, slot.parentId) !== 0 && this.text(segment, slot.type).toLowerCase() === 'subsegment'
  }

  #add(node: number, parent: number): void {
    const { tape } = this
    if (tape.kind(node) !== OBJECT) tape.fail(`a ${parent < 0 ? '' : 'sub'}segment must be an object`, node)
    const segment = this.#addRow(node, parent)
    for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
      const place = slotOf.get(tape.text(key))
      if (place === undefined || tape.kind(key + 1) === NULL) continue
      const at = segment * WIDTH + place
      if (this.#rows[at] === 0) this.#rows[at] = key + 1
    }
    this.#check(segment)
    const subsegments = this.member(segment, slot.subsegments)
    if (subsegments === 0) return
    if (tape.kind(subsegments) !== ARRAY) tape.fail('must be a list', subsegments)
    for (let item = tape.first(subsegments); item < tape.next(subsegments); item = tape.next(item))
      this.#add(item, segment)
  }

  #addRow(node: number, parent: number): number {
    const segment = this.count++
    const at = segment * WIDTH
    if (at === this.#rows.length) {
      const grown = new Int32Array(this.#rows.length * 2)
      grown.set(this.#rows)
      this.#rows = grown
    }
    this.#rows.fill(0, at, at + SLOTS)
    this.#rows[at + NODE] = node
    this.#rows[at + PARENT] = parent
    return segment
  }

  #check(segment: number): void {
    const { tape } = this
    const isOutermost = this.parent(segment) < 0
    const name = this.#required(segment, slot.name, 'name')
    if (!tape.isString(name)) tape.fail('must be a text', name)
    readSpanId(tape, this.#required(segment, slot.id, 'id'))
    readSeconds(tape, this.#required(segment, slot.startTime, 'start_time'))
    if (isOutermost) this.#required(segment, slot.traceId, 'trace_id')
    const traceId = this.member(segment, slot.traceId)
    const parentId = this.member(segment, slot.parentId)
    const endTime = this.member(segment, slot.endTime)
    if (traceId !== 0) readTraceId(tape, traceId)
    if (parentId !== 0) readSpanId(tape, parentId)
    if (endTime !== 0) readSeconds(tape, endTime)
  }

  #required(segment: number, place: Slot, name: string): number {
    const node = this.member(segment, place)
    if (node === 0) this.tape.fail(`${name} is missing`, this.node(segment))
    return node
  }
}
