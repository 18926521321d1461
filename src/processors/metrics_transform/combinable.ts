import type { MetricPart } from '../../data/index.ts'

/** What must be the same in metrics that become one. */
interface Traits {
  readonly name: string
  readonly type: string
  readonly unit: string
  /** Of all points, sorted. */
  readonly attributes: string
  readonly temporality: string
  readonly isMonotonic: boolean
}

/** Undefined when they can be combined. */
export function whyNotCombined(metrics: readonly MetricPart[]): string | undefined {
  const [first, ...others] = metrics.map(traitsOf)
  const all = [first!, ...others]
  if (all.some(({ type }) => type === 'summary')) return 'summaries cannot be combined'
  for (const trait of ['type', 'unit', 'attributes', 'temporality', 'isMonotonic'] as const) {
    const other = others.find((one) => one[trait] !== first![trait])
    if (other !== undefined)
      return `metrics of another ${trait} cannot be combined: ${first!.name} (${first![trait]}), ${other.name} (${other[trait]})`
  }
  return undefined
}

function traitsOf(part: MetricPart): Traits {
  const keys = new Set<string>()
  let traits: Omit<Traits, 'attributes'> | undefined
  part.visit({
    onMetric({ name, type = 'no data', unit, temporality, isMonotonic }) {
      traits = { name, type, unit, temporality, isMonotonic }
    },
    onPoint: ({ attributes }) => attributes.forEachKey((key) => void keys.add(key)),
  })
  return { ...traits!, attributes: [...keys].sort().join(', ') }
}
