// What is to be built: checked configs and the pipelines that join them.
import type { ProblemCode } from '../config/index.ts'
import { type ComponentKind, type Factory, messageOf } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'

/** A component that some pipeline or `service::extensions` uses, with its settings checked. */
export interface PlannedComponent {
  readonly kind: ComponentKind
  /** As configured: `otlp/internal`. */
  readonly id: string
  readonly factory: Factory
  readonly config: unknown
}

/** One entry of `service::pipelines`; the lists hold ids, in the order of the config. */
export interface PlannedPipeline {
  /** As configured: `traces/eu`. */
  readonly id: string
  readonly signal: Signal
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

export interface Plan {
  readonly components: readonly PlannedComponent[]
  readonly pipelines: readonly PlannedPipeline[]
  /** Ids, in the order in which they start. */
  readonly extensions: readonly string[]
}

/** The plan cannot be built. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
  /** Where in the config: `service::pipelines::traces`. */
  readonly path: readonly string[]
  readonly code: ProblemCode
  readonly problem: string

  constructor(path: readonly string[], code: ProblemCode, problem: string, options?: ErrorOptions) {
    super(`${path.join('::')}: ${problem}`, options)
    this.path = path
    this.code = code
    this.problem = problem
  }
}

/** What a component throws when it is made gets its name. Plugins may be in JavaScript: what comes back is looked at. */
export function made<C extends object>(kind: ComponentKind, id: string, parts: readonly string[], make: () => C): C {
  const path = [`${kind}s`, id]
  let component: C
  try {
    component = make()
  } catch (error) {
    throw error instanceof PlanError
      ? error
      : new PlanError(path, 'component_not_made', `cannot be made: ${messageOf(error)}`, { cause: error })
  }
  const isWhole =
    typeof component === 'object' &&
    component !== null &&
    (parts.length === 0 || parts.some((part) => part in component))
  if (!isWhole)
    throw new PlanError(
      path,
      'component_not_made',
      `cannot be made: create returned no object${parts.length > 0 ? ` with ${parts.join(' or ')}` : ''}`,
    )
  return component
}

/** Pipelines in an order in which each comes after those that it feeds through connectors. */
export function downstreamFirst(plan: Plan): PlannedPipeline[] {
  const connectors = new Set(plan.components.filter(({ kind }) => kind === 'connector').map(({ id }) => id))
  const ordered: PlannedPipeline[] = []
  const open: PlannedPipeline[] = []
  const visit = (pipeline: PlannedPipeline): void => {
    if (ordered.includes(pipeline)) return
    if (open.includes(pipeline)) {
      const ring = [...open.slice(open.indexOf(pipeline)), pipeline].map(({ id }) => id).join(' -> ')
      throw new PlanError(
        ['service', 'pipelines', pipeline.id],
        'pipeline_cycle',
        `feeds itself through connectors: ${ring}`,
      )
    }
    open.push(pipeline)
    for (const id of pipeline.exporters) {
      if (!connectors.has(id)) continue
      for (const next of plan.pipelines) if (next.receivers.includes(id)) visit(next)
    }
    open.pop()
    ordered.push(pipeline)
  }
  for (const pipeline of plan.pipelines) visit(pipeline)
  return ordered
}
