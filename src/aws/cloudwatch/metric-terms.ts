// What a metric is called in CloudWatch, and what its values mean.

import { compilePattern, type Pattern } from '../../match/regexp.ts'
import { STORAGE_RESOLUTION } from './attributes.ts'
import { cleanMetricName } from './names.ts'
import type { CloudWatchConfig } from './settings.ts'
import { type Conversion, toCloudWatchUnit } from './units.ts'

export interface MetricTerms {
  /** "" when CloudWatch takes nothing of it. */
  readonly name: string
  /** `None` for no unit. */
  readonly conversion: Conversion
  /** In seconds, unless a point says otherwise. */
  readonly storageResolution: number
}

/** Of `fullName`; the unit is that of the metric `name`, of which it may be a part. */
export type TermsOf = (name: string, unit: string, fullName?: string) => MetricTerms

export function metricTerms(config: CloudWatchConfig): TermsOf {
  const patterns: readonly Pattern[] = config.high_resolution_metrics.map(compilePattern)
  const descriptors = new Map(config.metric_descriptors.map((descriptor) => [descriptor.metric_name, descriptor]))
  const conversionOf = (name: string, unit: string): Conversion => {
    const descriptor = descriptors.get(name)
    return descriptor !== undefined && (descriptor.overwrite || unit === '')
      ? { unit: descriptor.unit, factor: 1 }
      : toCloudWatchUnit(unit)
  }
  return (name, unit, fullName = name) => ({
    name: cleanMetricName(fullName),
    conversion: conversionOf(name, unit),
    storageResolution: patterns.some((pattern) => pattern.test(fullName)) ? 1 : config.storage_resolution,
  })
}

/** How the CloudWatch agent says it. */
const AGENT_RESOLUTION = 'aws:StorageResolution'

/** Takes out what is no label, but says the storage resolution; undefined when the point does not say. */
export function takeResolution(texts: Map<string, string>): number | undefined {
  const resolution = texts.get(STORAGE_RESOLUTION)
  const isHigh = texts.get(AGENT_RESOLUTION)?.toLowerCase()
  texts.delete(STORAGE_RESOLUTION)
  texts.delete(AGENT_RESOLUTION)
  if (resolution === '1' || resolution === '60') return Number(resolution)
  return isHigh === 'true' ? 1 : undefined
}
