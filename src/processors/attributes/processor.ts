import type { ItemProcessor } from '../../contract/index.ts'
import { compileActions } from '../../match/actions.ts'
import { selectLogs, selectMetrics, selectSpans } from '../../match/select.ts'
import type { AttributesConfig } from './config.ts'

export function tracesProcessor(config: AttributesConfig): ItemProcessor<'traces'> {
  const edit = compileActions(config.actions)
  const isSelected = selectSpans(config)
  return {
    keepsNothing: true,
    visitor: {
      onSpan(span, scope, resource, context) {
        if (isSelected === undefined || isSelected(span, scope, resource)) edit(span.attributes, context)
      },
    },
  }
}

export function logsProcessor(config: AttributesConfig): ItemProcessor<'logs'> {
  const edit = compileActions(config.actions)
  const isSelected = selectLogs(config)
  return {
    keepsNothing: true,
    visitor: {
      onLog(record, scope, resource, context) {
        if (isSelected === undefined || isSelected(record, scope, resource)) edit(record.attributes, context)
      },
    },
  }
}

/** Selected by metric, edited point by point. */
export function metricsProcessor(config: AttributesConfig): ItemProcessor<'metrics'> {
  const edit = compileActions(config.actions)
  const isSelected = selectMetrics(config)
  return {
    keepsNothing: true,
    visitor: {
      onPoint(point, metric, scope, resource, context) {
        if (isSelected === undefined || isSelected(metric, scope, resource)) edit(point.attributes, context)
      },
    },
  }
}
