// The agent's own span of a batch on its way out: named and attributed as the collector's.
import { messageOf, type Settings } from '../contract/index.ts'
import type { Batch, Signal } from '../data/index.ts'
import type { Outcome } from './sender.ts'

/** Undefined when nobody wants spans. The returned function ends it. */
export function beginExportSpan(
  { spans, id }: Pick<Settings, 'id' | 'spans'>,
  signal: Signal,
  batch: Batch,
): ((outcome: Outcome) => void) | undefined {
  const end = spans?.begin(`exporter/${id}/${signal}`, {
    kind: 'client',
    attributes: { exporter: id, data_type: signal },
  })
  if (end === undefined) return undefined
  return ({ left, leftError, lost }) => {
    const failedItems = lost.reduce((sum, { items }) => sum + items, left)
    const error = leftError ?? lost[0]?.error
    end(
      { 'items.sent': batch.items - failedItems, 'items.failed': failedItems },
      failedItems === 0 ? undefined : messageOf(error),
    )
  }
}
