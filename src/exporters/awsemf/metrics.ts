// What is known of a metric by its name and unit: how it stands in an event, and which declarations are for it.
import { metricTerms, type TermsOf } from '../../aws/cloudwatch/metric-terms.ts'
import type { MetricType } from '../../data/index.ts'
import type { AwsEmfConfig } from './config.ts'
import type { Declarations, Selection } from './declarations.ts'
import { isFreeName } from './event.ts'
import type { Format } from './format.ts'
import type { LabelNames, Labels } from './labels.ts'

export interface KnownMetric {
  /** As CloudWatch takes it; "" when it does not, or when an event has another use for it. */
  readonly name: string
  /** Why it has no name. */
  readonly loss: 'invalid_name' | 'name_collision'
  /** The name as a member of the event, a comma before it. */
  readonly member: Buffer
  readonly selection: Selection
  readonly storageResolution: number
  /** What CloudWatch is told of it: its name, its unit, at a storage resolution of 60 s and of 1 s. */
  readonly definition: Buffer
  readonly highResolutionDefinition: Buffer
  /** Whether some label has the same name, as far as `LabelNames` of that version go. */
  mayCollide: boolean
  namesVersion: number
}

/** Whether it has room in an event of these labels. */
export function isFree(metric: KnownMetric, { keys }: Labels, names: LabelNames): boolean {
  if (metric.namesVersion !== names.version) {
    metric.namesVersion = names.version
    metric.mayCollide = names.mayHave(metric.name)
  }
  return !metric.mayCollide || !keys.has(metric.name)
}

/** Names may come from anywhere: more than these and all are learned again. */
const MAX_KNOWN = 10_000

export class KnownMetrics {
  readonly #format: Format
  readonly #declarations: Declarations
  readonly #termsOf: TermsOf
  readonly #known = new Map<string, KnownMetric>()

  constructor(config: AwsEmfConfig, format: Format, declarations: Declarations) {
    this.#format = format
    this.#declarations = declarations
    this.#termsOf = metricTerms(config)
  }

  /** `suffix`: what a part of a metric is called beyond it; it has the metric's unit. */
  of(name: string, unit: string, type: MetricType, suffix = ''): KnownMetric {
    const key = `${type}${suffix}\u0000${unit}\u0000${name}`
    let known = this.#known.get(key)
    if (known === undefined) {
      if (this.#known.size === MAX_KNOWN) this.#known.clear()
      this.#known.set(key, (known = this.#learn(name, unit, name + suffix)))
    }
    return known
  }

  #learn(metricName: string, unit: string, fullName: string): KnownMetric {
    const { name: clean, conversion, storageResolution } = this.#termsOf(metricName, unit, fullName)
    const name = isFreeName(clean) ? clean : ''
    const quoted = JSON.stringify(name)
    // Values stay as they are, so a unit that would need others is none.
    const hasUnit = conversion.unit !== 'None' && conversion.factor === 1
    const definition = `{"Name":${quoted}${hasUnit ? `,"Unit":"${conversion.unit}"` : ''}`
    return {
      name,
      loss: clean === '' ? 'invalid_name' : 'name_collision',
      mayCollide: true,
      namesVersion: -1,
      member: this.#format.literal(`,${quoted}:`),
      selection: this.#declarations.select(fullName),
      storageResolution,
      definition: this.#format.literal(`${definition}}`),
      highResolutionDefinition: this.#format.literal(`${definition},"StorageResolution":1}`),
    }
  }
}
