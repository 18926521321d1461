// Between the queue and the sender: what stands in the queue (entries), and what is sent at once (parts). A part carries
// items of one entry or of several, an entry's items go out in one part or in several.
import type { Clock, PayloadMemory, SenderKeys } from '../contract/index.ts'
import { type Batch, type Context, concat, type Signal } from '../data/index.ts'
import { Deadlines, type Waiting } from './deadlines.ts'
import { partitionBySender, type SenderPartition } from './partition.ts'
import { type BatchConfig, batchSizer, type Sizer } from './settings.ts'

/** One batch as it came. */
export interface Entry<S extends Signal> {
  readonly batch: Batch<S>
  readonly context: Pick<Context, 'metadata' | 'transport' | 'auth'>
  /** What it takes of the queue's room. */
  readonly size: number
  /** Parts, sent or to be sent, that have items of it. */
  parts: number
  /** The sender, while it waits for the result. */
  result: Result | undefined
}

/** What a sender who waits is told. */
export interface Result {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  /** Items of the entry whose end is in the ledger. */
  booked: number
  error: Error | undefined
}

export interface Share<S extends Signal> {
  readonly entry: Entry<S>
  readonly items: number
}

export interface Part<S extends Signal> {
  readonly batch: Batch<S>
  readonly context: Pick<Context, 'metadata' | 'transport' | 'auth'>
  /** In the order of the items. */
  readonly shares: readonly Share<S>[]
  /** What is accounted in memory for it; released when it is settled. */
  readonly held: readonly Batch<S>[]
}

/** Items that wait to become a part, of one combination of metadata values. */
interface Group<S extends Signal> extends Waiting<Group<S>> {
  readonly key: string
  readonly context: Part<S>['context']
  batches: Batch<S>[]
  shares: Share<S>[]
  items: number
  sizeBytes: number
}

const MAX_GROUPS = 10_000

export interface BatcherSettings<S extends Signal> {
  readonly config: BatchConfig
  readonly queueSizer: Sizer
  readonly clock: Clock
  readonly memory: PayloadMemory
  readonly onPart: (part: Part<S>) => void
}

/** Joins entries into parts of `min_size` to `max_size`, and lets none wait longer than `flush_timeout`. */
export class Batcher<S extends Signal> {
  readonly #of: BatcherSettings<S>
  readonly #counts: 'items' | 'sizeBytes'
  #partition: SenderPartition
  readonly #groups = new Map<string, Group<S>>()
  readonly #deadlines: Deadlines<Group<S>>

  constructor(of: BatcherSettings<S>) {
    this.#of = of
    const { config, queueSizer, clock } = of
    this.#counts = batchSizer(config, queueSizer) === 'items' ? 'items' : 'sizeBytes'
    this.#partition = partitionBySender({ metadata: config.partition.metadata_keys, auth: [] })
    this.#deadlines = new Deadlines(clock, config.flush_timeout, (group) => this.#flush(group))
  }

  /** Besides what the config keeps apart. Before anything is added. */
  keepApart({ metadata, auth }: SenderKeys): void {
    this.#partition = partitionBySender({ metadata: [...this.#of.config.partition.metadata_keys, ...metadata], auth })
  }

  /** Groups that have something. */
  get groups(): number {
    return this.#groups.size
  }

  add(entry: Entry<S>): void {
    const group = this.#groupOf(entry)
    group.batches.push(entry.batch)
    group.shares.push({ entry, items: entry.batch.items })
    group.items += entry.batch.items
    group.sizeBytes += entry.batch.sizeBytes
    const { min_size, max_size } = this.#of.config
    const size = group[this.#counts]
    if (size >= min_size || (max_size > 0 && size > max_size)) {
      this.#deadlines.remove(group)
      this.#send(group, min_size)
    }
  }

  /** Everything goes out now. */
  flush(): void {
    for (const group of this.#groups.values()) {
      this.#deadlines.remove(group)
      this.#flush(group)
    }
    this.#deadlines.clear()
  }

  #groupOf(entry: Entry<S>): Group<S> {
    const key = this.#partition.keyOf(entry.context)
    const found = this.#groups.get(key)
    if (found !== undefined) return found
    if (this.#groups.size >= MAX_GROUPS) {
      const [oldest] = this.#groups.values()
      this.#deadlines.remove(oldest!)
      this.#flush(oldest!)
    }
    const context = { ...this.#partition.pick(entry.context), transport: undefined }
    return this.#open({ key, context, batches: [], shares: [], items: 0, sizeBytes: 0, ...nowhere })
  }

  #open(group: Group<S>): Group<S> {
    this.#groups.set(group.key, group)
    this.#deadlines.add(group)
    return group
  }

  /** The group stands in no list of deadlines any more. */
  #flush(group: Group<S>): void {
    this.#send(group, 0)
  }

  /** Parts of at most `max_size`; the last one waits on if it is smaller than `leastSize`. */
  #send(group: Group<S>, leastSize: number): void {
    this.#groups.delete(group.key)
    const { batches, shares, context } = group
    const parts = this.#cut(batches)
    if (parts.length === 1 && parts[0]![this.#counts] >= leastSize) {
      this.#of.onPart({ batch: parts[0]!, context, shares, held: batches })
      return
    }
    const { memory } = this.#of
    for (const part of parts) memory.hold(part)
    for (const batch of batches) memory.release(batch)
    const cut = cutShares(shares, parts)
    for (const [i, batch] of parts.entries()) {
      if (i < parts.length - 1 || batch[this.#counts] >= leastSize)
        this.#of.onPart({ batch, context, shares: cut[i]!, held: [batch] })
      else {
        const { items, sizeBytes } = batch
        this.#open({ key: group.key, context, batches: [batch], shares: cut[i]!, items, sizeBytes, ...nowhere })
      }
    }
  }

  #cut(batches: readonly Batch<S>[]): Batch<S>[] {
    const [first, ...more] = batches
    const joined = more.length === 0 ? first! : concat([first!, ...more])
    const { max_size } = this.#of.config
    if (max_size === 0) return [joined]
    return joined.split(this.#counts === 'items' ? { items: max_size } : { sizeBytes: max_size })
  }
}

const nowhere = { dueMs: 0, before: undefined, after: undefined }

/** The shares of each part, when parts are consecutive runs of the items that the shares describe. */
function cutShares<S extends Signal>(shares: readonly Share<S>[], parts: readonly Batch<S>[]): Share<S>[][] {
  let position = 0
  let taken = 0
  return parts.map((part) => {
    const cut: Share<S>[] = []
    for (let wanted = part.items; wanted > 0; ) {
      const { entry, items } = shares[position]!
      const share = Math.min(wanted, items - taken)
      // The entry was in one part; every further one that it reaches into adds one.
      if (taken > 0) entry.parts++
      cut.push({ entry, items: share })
      wanted -= share
      taken += share
      if (taken === items) {
        position++
        taken = 0
      }
    }
    return cut
  })
}
