import type { Metric, MetricType } from '../../data/index.ts'
import { type Matches, matchTexts } from '../../match/texts.ts'
import type { CumulativeToDeltaConfig, MetricSelection } from './config.ts'

/** Which metrics are meant, of those that can be converted. */
export function selecting({ include, exclude }: CumulativeToDeltaConfig): (metric: Metric) => boolean {
  const included = compile(include)
  const excluded = compile(exclude)
  return (metric) => {
    const { type } = metric
    if (!isConvertible(metric, type)) return false
    const spelled = type.toLowerCase()
    if (included.types !== undefined && !included.types.has(spelled)) return false
    if (excluded.types?.has(spelled)) return false
    return (included.names?.(metric.name) ?? true) && !excluded.names?.(metric.name)
  }
}

function isConvertible(metric: Metric, type: MetricType | undefined): type is MetricType {
  switch (type) {
    case 'sum':
      return metric.isMonotonic && metric.temporality === 'cumulative'
    case 'histogram':
    case 'exponentialHistogram':
      return metric.temporality === 'cumulative'
    default:
      return false
  }
}

interface Selection {
  readonly names: Matches | undefined
  readonly types: ReadonlySet<string> | undefined
}

const compile = ({ match_type = 'strict', regexp, metrics, metric_types }: MetricSelection): Selection => ({
  names: metrics.length === 0 ? undefined : matchTexts(metrics, { match_type, regexp }),
  types: metric_types.length === 0 ? undefined : new Set(metric_types),
})
