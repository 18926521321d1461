// Whether what was sampled each minute is bounded: a line through the second half must not rise.

export interface Sample {
  readonly corePercent: number
  readonly rssMb: number
  readonly peakRssMb: number
  readonly heapMb: number
  readonly fds: number
  /** Queues, batches and what is being sent. */
  readonly itemsHeld: number
}

/** Of what there was on average, in an hour. Garbage comes and goes: less than this is no growth. */
const MAX_GROWTH_AN_HOUR = 0.1
/** With fewer minutes a slope says nothing. */
const LEAST_MINUTES = 10

export function verdict(samples: readonly Sample[]): { readonly text: string; readonly isGood: boolean } {
  if (samples.length < LEAST_MINUTES) return { text: `no verdict on less than ${LEAST_MINUTES} minutes`, isGood: false }
  const half = samples.slice(samples.length >> 1)
  const lines = (['rssMb', 'heapMb', 'fds', 'itemsHeld'] as const).map((key) => {
    const { slope, error, mean } = lineThrough(half.map((sample) => sample[key]))
    // A slope within twice its own error may as well be none.
    const isGrowing = slope * 60 > mean * MAX_GROWTH_AN_HOUR && slope > 2 * error
    const text = `${key}: mean ${mean.toFixed(1)}, ${(slope * 60).toFixed(1)} an hour (± ${(error * 120).toFixed(1)})${isGrowing ? ': GROWS' : ''}`
    return { text, isGrowing }
  })
  return { text: lines.map(({ text }) => text).join('\n'), isGood: lines.every(({ isGrowing }) => !isGrowing) }
}

/** Least squares over 0, 1, 2, …; `error` is the standard error of the slope. */
export function lineThrough(values: readonly number[]): { slope: number; error: number; mean: number } {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const middle = (n - 1) / 2
  const spread = values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
  const slope = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / spread
  const residue = values.reduce((sum, value, i) => sum + (value - mean - slope * (i - middle)) ** 2, 0)
  return { slope, error: Math.sqrt(residue / Math.max(1, n - 2) / spread), mean }
}
