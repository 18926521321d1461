// Transforms that look at one metric at a time, as a visitor: new names, new labels, other values.
import type { DataPoint, Visitor } from '../../data/index.ts'
import type { TransformConfig } from './config.ts'
import { createFilter, type Filter } from './filter.ts'
import { type PointEdit, pointEdit } from './points.ts'

const POINTWISE = new Set(['add_label', 'update_label', 'delete_label_value', 'toggle_scalar_data_type'])

/** Whether it updates whole metrics, each point by itself. */
export const isSimple = ({ action, experimental_match_labels, operations }: TransformConfig): boolean =>
  action === 'update' &&
  Object.keys(experimental_match_labels).length === 0 &&
  operations.every((operation) => POINTWISE.has(operation.action))

interface Simple {
  readonly filter: Filter
  readonly edits: readonly PointEdit[]
}

export function simpleVisitor(transforms: readonly TransformConfig[], version: string): Visitor<'metrics'> {
  const simples: Simple[] = transforms.map((transform) => {
    const filter = createFilter(transform)
    return { filter, edits: transform.operations.map((operation) => pointEdit(operation, filter, version)!) }
  })
  const hasEdits = simples.some(({ edits }) => edits.length > 0)
  /** For the metric under the visit. */
  const edits: PointEdit[] = []
  return {
    onMetric(metric) {
      edits.length = 0
      let { name } = metric
      for (let i = 0; i < simples.length; i++) {
        const { filter, edits: more } = simples[i]!
        if (!filter.matches(name)) continue
        const renamed = filter.rename(name)
        if (renamed !== '' && renamed !== name) {
          name = renamed
          metric.name = name
        }
        for (let k = 0; k < more.length; k++) edits.push(more[k]!)
      }
    },
    ...(hasEdits && {
      onPoint(point: DataPoint) {
        for (let i = 0; i < edits.length; i++) if (edits[i]!(point) === false) return false
      },
    }),
  }
}
