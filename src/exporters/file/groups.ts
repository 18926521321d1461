import type { Batch, Key, Resource, Signal, Visitor } from '../../data/index.ts'

export interface Groups<S extends Signal> {
  /** By the value of the attribute. */
  readonly batches: ReadonlyMap<string, Batch<S>>
  /** Items of resources that do not have it, or not as a string. */
  readonly without: number
}

/** Parts of a batch by a resource attribute: the batch itself when all its resources agree. */
export function groupByAttribute<S extends Signal>(batch: Batch<S>, attribute: Key): Groups<S> {
  const positions = new Map<string | undefined, number[]>()
  let current: number[] = []
  let position = 0
  const onResource = (resource: Resource): void => {
    const value = resource.attributes.getString(attribute)
    current = positions.get(value) ?? []
    positions.set(value, current)
  }
  batch.visit(itemVisitor(onResource, () => void current.push(position++)))

  const without = positions.get(undefined)?.length ?? 0
  positions.delete(undefined)
  const batches = new Map<string, Batch<S>>()
  for (const [value, chosen] of positions)
    if (value !== undefined && chosen.length > 0)
      batches.set(value, chosen.length === batch.items ? batch : batch.select(chosen))
  return { batches, without }
}

/** The same whatever the signal: a hook that the signal does not have is never called. */
function itemVisitor(onResource: (resource: Resource) => void, onItem: () => void): Visitor {
  return { onResource, onSpan: onItem, onLog: onItem, onPoint: onItem } satisfies Visitor<'traces'> &
    Visitor<'logs'> &
    Visitor<'metrics'>
}
