import type { Batch, Visitor } from '../../data/index.ts'

/** The numbers of the summary line, under the collector's names. */
export function count(batch: Batch): Record<string, number> {
  let resources = 0
  let metrics = 0
  const onResource = (): void => void resources++
  switch (batch.signal) {
    case 'traces':
      batch.visit({ onResource })
      return { 'resource spans': resources, spans: batch.items }
    case 'logs':
      batch.visit({ onResource })
      return { 'resource logs': resources, 'log records': batch.items }
    case 'metrics': {
      const visitor: Visitor<'metrics'> = { onResource, onMetric: () => void metrics++ }
      batch.visit(visitor)
      return { 'resource metrics': resources, metrics, 'data points': batch.items }
    }
  }
}
