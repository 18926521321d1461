// Item by item work, and which pieces of it may share a pass.
import type { DataPoint } from './datapoint.ts'
import type { LogRecord } from './logrecord.ts'
import type { Metric } from './metric.ts'
import type { Resource, Scope } from './resource.ts'
import type { Signal } from './signal.ts'
import { Slab } from './slab.ts'
import type { Span } from './span.ts'

/** What travels beside a batch. */
export interface Context {
  readonly abort: AbortSignal
  /** Client metadata (headers), lower-case names, when the receiver includes it. */
  readonly metadata: ReadonlyMap<string, readonly string[]>
  /** How it came in, for the receiver's own counters: `http`, `grpc`. */
  readonly transport?: string | undefined
  /** The sender's address without its port, when the receiver knows it. */
  readonly clientAddress?: string | undefined
  /** What an authenticator of the receiver says about the sender, by attribute. */
  readonly auth?: ReadonlyMap<string, readonly string[]> | undefined
}

/**
 * Hooks run outside in. Returning false drops that node and all below it; parents emptied by drops are removed.
 * A node is editable in its own hook; from a hook further in only by a visitor with `writesParents`.
 */
interface ParentHooks {
  /** Edits a resource, scope or metric from a hook further in: such a visitor gets a pass of its own. */
  readonly writesParents?: boolean
  onResource?(resource: Resource, context: Context): boolean | void
  onScope?(scope: Scope, resource: Resource, context: Context): boolean | void
}
/** By signal: the hooks that a visitor may have. */
export interface Visitors {
  traces: ParentHooks & { onSpan?(span: Span, scope: Scope, resource: Resource, context: Context): boolean | void }
  logs: ParentHooks & { onLog?(record: LogRecord, scope: Scope, resource: Resource, context: Context): boolean | void }
  metrics: ParentHooks & {
    onMetric?(metric: Metric, scope: Scope, resource: Resource, context: Context): boolean | void
    onPoint?(point: DataPoint, metric: Metric, scope: Scope, resource: Resource, context: Context): boolean | void
  }
}
/** Item by item work on one signal. */
export type Visitor<S extends Signal = Signal> = Visitors[S]

/** Every hook there is, whatever the signal. */
export interface AnyVisitor extends ParentHooks {
  onSpan?(span: Span, scope: Scope, resource: Resource, context: Context): boolean | void
  onLog?(record: LogRecord, scope: Scope, resource: Resource, context: Context): boolean | void
  onMetric?(metric: Metric, scope: Scope, resource: Resource, context: Context): boolean | void
  onPoint?(point: DataPoint, metric: Metric, scope: Scope, resource: Resource, context: Context): boolean | void
}

/**
 * Which visitors may run in one pass with the result of running one after the other.
 *
 * In a chain the second visitor meets a parent when the first has seen everything below it. So a visitor joins a pass only
 * if none of its hooks is further out than the innermost hook before it: [onSpan, onSpan] and [onResource, onSpan] share a
 * pass, [onSpan, onResource] do not (the first might empty the resource, or read it as it was).
 * Returns runs of positions in `visitors`.
 */
export function fuse(visitors: readonly AnyVisitor[]): number[][] {
  const passes: number[][] = []
  let pass: number[] | undefined
  let reached = 0
  for (const [position, visitor] of visitors.entries()) {
    const depths = depthsOf(visitor)
    const first = Math.min(...depths)
    const last = Math.max(...depths)
    if (pass === undefined || visitor.writesParents || first < reached) passes.push((pass = []))
    pass.push(position)
    reached = last
    if (visitor.writesParents) pass = undefined
  }
  return passes
}

/** Visitors that share a pass, and where they stand among all. */
export interface Run {
  readonly positions: readonly number[]
  readonly visitors: readonly AnyVisitor[]
}

/** What is known about a list of visitors that is used again and again; the memory is for what they write. */
export interface Plan {
  readonly runs: readonly Run[]
  readonly slab: Slab
}
const plans = new WeakMap<readonly AnyVisitor[], Plan>()

/** By the list itself: it must not change once it has been used. */
export function planOf(visitors: readonly AnyVisitor[]): Plan {
  let plan = plans.get(visitors)
  if (plan === undefined) {
    const passes = fuse(visitors)
    const runs = passes.map((positions) => ({
      positions,
      visitors: passes.length === 1 ? visitors : positions.map((position) => visitors[position]!),
    }))
    plan = { runs, slab: new Slab() }
    plans.set(visitors, plan)
  }
  return plan
}

const ITEM = 3

function depthsOf(visitor: AnyVisitor): number[] {
  const hooks = [
    visitor.onResource,
    visitor.onScope,
    visitor.onMetric,
    visitor.onSpan ?? visitor.onLog ?? visitor.onPoint,
  ]
  const depths = hooks.flatMap((hook, depth) => (hook === undefined ? [] : [depth]))
  return depths.length > 0 ? depths : [ITEM]
}
