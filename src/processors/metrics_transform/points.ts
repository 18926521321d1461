// What operations do to one data point.
import { type DataPoint, keyOf } from '../../data/index.ts'
import type { OperationConfig } from './config.ts'
import type { Filter } from './filter.ts'

/** False drops it. */
export type PointEdit = (point: DataPoint) => boolean | void

/** Undefined for the operations that need the whole metric, and for what stands inside of points. */
export function pointEdit(operation: OperationConfig, filter: Filter, version: string): PointEdit | undefined {
  switch (operation.action) {
    case 'add_label':
      return adding(operation, version)
    case 'update_label':
      return where(filter, updating(operation, version))
    case 'delete_label_value':
      return deleting(operation)
    case 'toggle_scalar_data_type':
      return where(filter, toggle)
    case 'experimental_scale_value':
    case 'aggregate_labels':
    case 'aggregate_label_values':
      return undefined
  }
}

/** Those change a metric only if all of its points are meant. */
export const isAllOrNothing = ({ action }: OperationConfig): boolean =>
  action !== 'update_label' && action !== 'toggle_scalar_data_type' && action !== 'experimental_scale_value'

function where({ labels }: Filter, edit: PointEdit): PointEdit {
  if (labels === undefined) return edit
  return (point) => (labels(point.attributes) ? edit(point) : undefined)
}

const withVersion = (text: string, version: string): string => text.replaceAll('{{version}}', version)

function adding({ new_label, new_value }: OperationConfig, version: string): PointEdit {
  const key = keyOf(new_label)
  const value = withVersion(new_value, version)
  return ({ attributes }) => {
    if (!attributes.has(key)) attributes.set(key, value)
  }
}

function updating({ label, new_label, value_actions }: OperationConfig, version: string): PointEdit {
  const from = keyOf(label)
  const to = new_label === '' ? from : keyOf(new_label)
  const values = new Map(value_actions.map(({ value, new_value }) => [value, withVersion(new_value, version)]))
  return ({ attributes }) => {
    if (!attributes.has(from)) return
    const value = values.size === 0 ? undefined : values.get(attributes.getString(from) ?? '')
    if (to !== from) {
      attributes.copy(from, to)
      attributes.delete(from)
    }
    if (value !== undefined) attributes.set(to, value)
  }
}

function deleting({ label, label_value }: OperationConfig): PointEdit {
  const key = keyOf(label)
  return ({ attributes }) => !(attributes.has(key) && (attributes.getString(key) ?? '') === label_value)
}

function toggle(point: DataPoint): void {
  if (point.isInt) point.doubleValue = Number(point.intValue)
  else if (point.hasValue) point.intValue = truncated(point.value)
}

const MIN = -(2n ** 63n)

/** As Go on most machines: what no 64-bit integer can hold becomes the least. */
export function truncated(value: number): number | bigint {
  const whole = Math.trunc(value)
  if (Number.isSafeInteger(whole)) return whole + 0
  return whole >= -(2 ** 63) && whole < 2 ** 63 ? BigInt(whole) : MIN
}
