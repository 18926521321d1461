import type { Clock } from '../contract/index.ts'
import type { Attributes, DataPoint, Metric, Resource, Scope } from '../data/index.ts'
import { ByteWriter } from '../wire/writer.ts'
import { finish, Identity } from './identity.ts'

/** What bounds the memory; 0 stands for no bound. */
export interface StreamLimits {
  readonly maxStreams: number
  /** How long a stream is kept after its last point. */
  readonly maxStalenessMs: number
  /** What tells streams apart beside their attributes: the start of their points, for one, or whether they are integers. */
  readonly writeIdentity?: ((point: DataPoint, out: ByteWriter) => void) | undefined
}

/** One stream of points, and what its owner keeps of it: undefined until the owner says. */
export interface Stream<V> {
  value: V | undefined
}

/**
 * Where somebody who knows a stream by other means keeps it: the next look finds it at once. It must be for one stream,
 * and never for another `MetricStreams`.
 */
export interface StreamSlot<V> {
  stream: Stream<V> | undefined
}

/**
 * Remembers metric streams, those least recently seen for the shortest time. A stream is what has the same attributes (in
 * any order) of the resource, the scope and the point, the same scope name and version, and the same name, unit, type,
 * temporality and monotonicity of the metric.
 *
 * Belongs to a visitor, whose hooks tell it what they enter:
 *
 *     onResource: () => streams.nextResource(),
 *     onScope: () => streams.nextScope(),
 *     onMetric: () => streams.nextMetric(),
 *     onPoint(point, metric, scope, resource) {
 *       const stream = streams.of(point, metric, scope, resource)
 *       const before = stream.value
 *       stream.value = …
 *     },
 */
export class MetricStreams<V> {
  readonly #clock: Clock
  readonly #limits: StreamLimits
  readonly #identity = new Identity()
  readonly #head = new ByteWriter(128)
  /** By hash; those that share one are a list by `next`. */
  readonly #nodes = new Map<number, Node<V>>()
  #nodeCount = 0
  /** The ends of the list of streams, by when they were seen. */
  #oldest: Node<V> | undefined
  #newest: Node<V> | undefined
  #nowMs = 0
  /** Where the visit stands; undefined when nobody has asked yet. */
  #resource: Node<V> | undefined
  #scope: Node<V> | undefined
  #metric: Node<V> | undefined
  #size = 0
  #evicted = 0
  #expired = 0

  constructor(clock: Clock, limits: StreamLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Streams that are remembered. */
  get size(): number {
    return this.#size
  }
  /** Streams forgotten for want of room, since the start. */
  get evicted(): number {
    return this.#evicted
  }
  /** Streams forgotten for their age, since the start. */
  get expired(): number {
    return this.#expired
  }
  /** What the streams hang on: resources, scopes and metrics that have some. */
  get parents(): number {
    return this.#nodeCount - this.#size
  }

  /** The visit enters a resource… */
  nextResource(): void {
    this.expire()
  }
  /** …a scope in it… */
  nextScope(): void {
    this.#scope = undefined
    this.nextMetric()
  }
  /** …a metric in that. */
  nextMetric(): void {
    this.#metric = undefined
  }

  /** The stream of the point under the visit, which is now the one seen last. A slot that is empty is filled. */
  of(point: DataPoint, metric: Metric, scope: Scope, resource: Resource, slot?: StreamSlot<V>): Stream<V> {
    const known = slot?.stream
    if (known instanceof Node && known.seenMs >= 0) {
      this.#see(known)
      return known
    }
    const found = this.#ofPoint(point, metric, scope, resource)
    if (slot !== undefined) slot.stream = found
    return found
  }

  #ofPoint(point: DataPoint, metric: Metric, scope: Scope, resource: Resource): Node<V> {
    const parent = (this.#metric ??= this.#enterMetric(metric, scope, resource))
    const head = this.#head
    head.clear()
    this.#limits.writeIdentity?.(point, head)
    const node = this.#find(parent, head, point.attributes)
    if (node.seenMs < 0) this.#add(node)
    this.#see(node)
    return node
  }

  #see(node: Node<V>): void {
    if (node !== this.#newest) {
      this.#unlink(node)
      this.#append(node)
    }
    node.seenMs = this.#nowMs
  }

  /** Forgets what is too old; every visit does, so that only who hears nothing for long needs to ask. */
  expire(): void {
    this.#nowMs = this.#clock.monotonicMs()
    this.#resource = undefined
    this.nextScope()
    const { maxStalenessMs } = this.#limits
    if (maxStalenessMs === 0) return
    for (
      let node = this.#oldest;
      node !== undefined && this.#nowMs - node.seenMs > maxStalenessMs;
      node = this.#oldest
    ) {
      this.#forget(node)
      this.#expired++
    }
  }

  clear(): void {
    for (let node = this.#oldest; node !== undefined; node = node.newer) node.seenMs = -1
    this.#nodes.clear()
    this.#nodeCount = this.#size = 0
    this.#oldest = this.#newest = undefined
    this.#resource = undefined
    this.nextScope()
  }

  #enterMetric(metric: Metric, scope: Scope, resource: Resource): Node<V> {
    this.#resource ??= this.#find(undefined, undefined, resource.attributes)
    const head = this.#head
    if (this.#scope === undefined) {
      head.clear()
      scope.writeIdentity(head)
      this.#scope = this.#find(this.#resource, head, scope.attributes)
    }
    head.clear()
    metric.writeIdentity(head)
    return this.#find(this.#scope, head, undefined)
  }

  /** The node with that identity, made when there is none. */
  #find(parent: Node<V> | undefined, head: ByteWriter | undefined, attributes: Attributes | undefined): Node<V> {
    const identity = this.#identity
    const own = identity.of(head, attributes)
    const hash = parent === undefined ? own : finish(own ^ Math.imul(parent.hash, 0x01000193))
    const first = this.#nodes.get(hash)
    for (let node = first; node !== undefined; node = node.next)
      if (node.parent === parent && identity.equals(node.text)) return node
    const made = new Node<V>(hash, parent, identity.toText(), first)
    this.#nodes.set(hash, made)
    this.#nodeCount++
    if (parent !== undefined) parent.children++
    return made
  }

  #add(node: Node<V>): void {
    const { maxStreams } = this.#limits
    if (maxStreams > 0 && this.#size >= maxStreams) {
      this.#forget(this.#oldest!)
      this.#evicted++
    }
    this.#size++
    this.#append(node)
  }

  #append(node: Node<V>): void {
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
  }

  #unlink({ older, newer }: Node<V>): void {
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
  }

  /** With the parents that have nothing else. */
  #forget(stream: Node<V>): void {
    this.#unlink(stream)
    stream.seenMs = -1
    this.#size--
    for (let node: Node<V> | undefined = stream; node !== undefined && node.children === 0; node = node.parent) {
      this.#drop(node)
      if (node.parent !== undefined) node.parent.children--
    }
  }

  #drop(node: Node<V>): void {
    this.#nodeCount--
    const first = this.#nodes.get(node.hash)!
    if (first === node) {
      if (node.next === undefined) this.#nodes.delete(node.hash)
      else this.#nodes.set(node.hash, node.next)
      return
    }
    let before = first
    while (before.next !== node) before = before.next!
    before.next = node.next
  }
}

/** A resource, a scope, a metric or a stream: only a stream has been seen. */
class Node<V> implements Stream<V> {
  readonly hash: number
  readonly parent: Node<V> | undefined
  readonly text: string
  next: Node<V> | undefined
  children = 0
  older: Node<V> | undefined = undefined
  newer: Node<V> | undefined = undefined
  seenMs = -1
  value: V | undefined = undefined

  constructor(hash: number, parent: Node<V> | undefined, text: string, next: Node<V> | undefined) {
    this.hash = hash
    this.parent = parent
    this.text = text
    this.next = next
  }
}
