// One walk over the chunks of a batch: hooks run, edits and drops gather as splices, what is clean is copied as one block.
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import type { Message } from './message.ts'
import { poisoning } from './poison.ts'
import { type LevelShape, levelsOf, type Signal } from './signal.ts'
import type { Slab } from './slab.ts'
import { Splices } from './splices.ts'
import { createViews, type Hook, hooksOf, type Views } from './views.ts'
import type { AnyVisitor, Context } from './visitors.ts'

/** A node that is gone, in place of how much it grew. */
const GONE = Number.MIN_SAFE_INTEGER
const FIRST_FIELD = 0x0a

/** A pass whose arrays a huge batch has made larger than this is not kept. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024
const idle: { [S in Signal]?: Pass | undefined } = {}

/** Passes are reused: their arrays have grown to what the traffic needs. A hook that starts another pass gets another one. */
export function withPass<T>(signal: Signal, run: (pass: Pass) => T): T {
  const pass = idle[signal] ?? new Pass(signal)
  idle[signal] = undefined
  try {
    return run(pass)
  } finally {
    if (poisoning) pass.expire()
    if (pass.sizeBytes <= MAX_KEPT_BYTES) idle[signal] = pass
  }
}

/** What the walk knows about one level: the message it stands on and the hooks that look at it. */
class Stage {
  readonly shape: LevelShape
  readonly depth: number
  message: Message
  /** Where the message's length stands; equal to the message's start when there is no message yet. */
  lengthAt = 0
  hooks: readonly Hook[] = []

  constructor(shape: LevelShape, depth: number, message: Message) {
    this.shape = shape
    this.depth = depth
    this.message = message
  }
}

/** One walk, for the hooks given to `begin`; taken from `withPass`. */
class Pass {
  readonly #levels: readonly LevelShape[]
  readonly #splices = new Splices(4096)
  readonly #signal: Signal
  readonly #stages: Stage[]
  #views: Views
  #bytes: Buffer = Buffer.alloc(0)
  /** False for a visit: nothing is writable and nothing is dropped. */
  #editing = false
  #hasParentWriter = false
  /** Whose hooks the stages have. */
  #bound: readonly AnyVisitor[] | undefined
  #slab: Slab | undefined
  /** The innermost level that a hook looks at: the walk goes no further. */
  #innermost = 0
  /** Items dropped, by visitor. */
  #dropped: number[] = []

  constructor(signal: Signal) {
    this.#signal = signal
    this.#levels = levelsOf[signal]
    this.#views = createViews(signal, this.#splices)
    this.#stages = this.#levels.map((shape, depth) => new Stage(shape, depth, this.#views.messages[shape.level]))
  }

  /**
   * Runs visitors that `fuse` allows together; `dropped[i]` grows by the items that visitor i drops. `slab` is where what
   * is written goes. Hooks of a list that comes again are not bound again.
   */
  begin(
    visitors: readonly AnyVisitor[],
    context: Context | undefined,
    dropped: number[] | undefined,
    slab: Slab | undefined,
  ): void {
    this.#editing = dropped !== undefined
    this.#dropped = dropped ?? []
    this.#slab = slab
    this.#views.context = context as Context
    if (this.#bound === visitors) return
    this.#bound = visitors
    this.#hasParentWriter = visitors.some((visitor) => visitor.writesParents === true)
    this.#innermost = 0
    for (const stage of this.#stages) {
      stage.hooks = hooksOf(stage.shape.level, this.#signal, visitors, this.#views)
      if (stage.hooks.length > 0) this.#innermost = stage.depth
    }
  }

  /** What it holds between batches, roughly. */
  get sizeBytes(): number {
    return this.#splices.sizeBytes
  }

  /** Debug mode: no view outlives the pass. */
  expire(): void {
    for (const stage of this.#stages) this.#renew(stage)
  }

  /** The same chunk when nothing changed, undefined when nothing is left. */
  run(chunk: Buffer): Buffer | undefined {
    this.#bytes = chunk
    this.#splices.begin(chunk)
    const delta = this.#children(0, 0, chunk.length)
    if (delta === GONE) return undefined
    return this.#splices.isEmpty ? chunk : this.#splices.apply(delta, this.#slab)
  }

  /** Walks one level further in; returns how much the body [at, end) grows. */
  #children(depth: number, at: number, end: number): number {
    const bytes = this.#bytes
    const { inside } = this.#levels[depth]!
    const stage = this.#stages[depth + 1]!
    const isItem = stage.shape.level === 'item'
    let delta = 0
    let kept = 0
    let gone = 0
    while (at < end) {
      const start = at
      const tag = bytes[at++]!
      if (inside[tag] === 0) {
        const whole = readVarint(bytes, start)
        at = skip(bytes, varintEnd, whole)
        continue
      }
      const lengthAt = at
      let length = bytes[at++]!
      if (length > 127) {
        length = readVarint(bytes, lengthAt)
        at = varintEnd
      }
      const body = at
      at += length
      const grown = isItem ? this.#item(stage, lengthAt, body, at) : this.#parent(stage, tag, lengthAt, body, at)
      if (grown === GONE) {
        gone++
        delta += this.#splices.remove(start, at)
      } else {
        kept++
        delta += grown
      }
    }
    return gone > 0 && kept === 0 ? GONE : delta
  }

  #item(stage: Stage, lengthAt: number, start: number, end: number): number {
    if (poisoning) this.#renew(stage)
    const { message, hooks } = stage
    message.open(this.#bytes, start, end)
    message.writable = this.#editing
    for (let i = 0; i < hooks.length; i++) {
      const { run, owner } = hooks[i]!
      if (run() === false && this.#editing) {
        this.#dropped[owner]!++
        return GONE
      }
    }
    return message.isEdited ? message.commit(lengthAt, FIRST_FIELD) : 0
  }

  #parent(stage: Stage, tag: number, lengthAt: number, body: number, end: number): number {
    if (!this.#open(stage, tag, lengthAt, body, end)) return this.#editing ? GONE : 0
    const { message } = stage
    const { level } = stage.shape
    const mark = this.#splices.reserve(lengthAt)
    const goesOn = stage.depth < this.#innermost || (level === 'metric' && this.#views.messages.points.isEdited)
    let delta = goesOn ? this.#children(stage.depth, body, end) : 0
    if (delta === GONE) {
      this.#splices.rewindTo(mark)
      return GONE
    }
    if (level === 'metric' || level === 'points') delta += message.commitInside()
    else if (message.isEdited) delta += message.commit(stage.lengthAt, FIRST_FIELD)
    if (level === 'resource' || level === 'scope') delta += this.#views.entries[level].commit(this.#splices)
    return this.#splices.close(mark, lengthAt, body, end, delta)
  }

  /** False when a hook said so. */
  #open(stage: Stage, tag: number, lengthAt: number, body: number, end: number): boolean {
    const { level } = stage.shape
    if (level === 'points') {
      this.#views.setPointType(tag >>> 3)
      return true
    }
    if (poisoning) this.#renew(stage)
    const { message, hooks } = stage
    if (level === 'metric') {
      stage.lengthAt = lengthAt
      message.open(this.#bytes, body, end)
      this.#views.messages.points.close()
    } else if (level === 'resource' || level === 'scope') {
      this.#views.entries[level].open(this.#bytes, body, end)
      this.#openFirstField(stage, body, end)
    }
    message.writable = this.#editing
    for (let i = 0; i < hooks.length; i++) {
      const { run, owner } = hooks[i]!
      if (run() !== false) continue
      if (this.#editing) this.#dropped[owner]! += countItems(this.#levels, stage.depth, this.#bytes, body, end)
      return false
    }
    message.writable = this.#editing && this.#hasParentWriter
    return true
  }

  /** Resource and scope stand in field 1 of their entry: nearly always first, last when Go wrote it, or not at all. */
  #openFirstField(stage: Stage, body: number, end: number): void {
    const bytes = this.#bytes
    for (let at = body; at < end; ) {
      const tag = readVarint(bytes, at)
      if (tag !== FIRST_FIELD) {
        at = skip(bytes, varintEnd, tag)
        continue
      }
      stage.lengthAt = varintEnd
      const length = readVarint(bytes, varintEnd)
      stage.message.open(bytes, varintEnd, varintEnd + length)
      return
    }
    stage.lengthAt = body
    stage.message.open(bytes, body, body)
  }

  /** Whoever kept the view of the node before finds it expired. */
  #renew(stage: Stage): void {
    stage.message.expire()
    this.#views.renew(stage.shape.level)
    const type = stage.message.attributesTag
    stage.message = this.#views.messages[stage.shape.level]
    stage.message.attributesTag = type
  }
}

/** The items in a body at that depth. */
function countItems(levels: readonly LevelShape[], depth: number, bytes: Buffer, at: number, end: number): number {
  const { inside } = levels[depth]!
  const isLast = levels[depth + 1]!.level === 'item'
  let items = 0
  while (at < end) {
    const tag = readVarint(bytes, at)
    const contentAt = varintEnd
    at = skip(bytes, contentAt, tag)
    if (tag > 255 || (tag & 7) !== LEN || inside[tag] === 0) continue
    if (isLast) items++
    else {
      readVarint(bytes, contentAt)
      items += countItems(levels, depth + 1, bytes, varintEnd, at)
    }
  }
  return items
}
