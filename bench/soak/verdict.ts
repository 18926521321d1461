// Whether what was sampled each minute is bounded: a line through the second half must not rise, and series that are forgotten all at
// once every quarter of an hour, which no line describes, must not have a higher peak in the second half than in the first.

export interface Sample {
  readonly corePercent: number
  readonly rssMb: number
  readonly peakRssMb: number
  readonly heapMb: number
  /** Of what was seen within the minute: what a collection of garbage has left, and some more. */
  readonly lowestHeapMb: number
  readonly fds: number
  /** What is held for each that was met, by component. */
  readonly series: Readonly<Record<string, number>>
  /** Queues, batches and what is being sent. */
  readonly itemsHeld: number
}

/** Of what there was on average, in an hour. Garbage comes and goes: less than this is no growth. */
const MAX_GROWTH_AN_HOUR = 0.1
export const seriesOf = ({ series }: Sample): number => Object.values(series).reduce((sum, count) => sum + count, 0)

/** With fewer minutes a slope says nothing. */
const LEAST_MINUTES = 10

export function verdict(samples: readonly Sample[]): { readonly text: string; readonly isGood: boolean } {
  if (samples.length < LEAST_MINUTES) return { text: `no verdict on less than ${LEAST_MINUTES} minutes`, isGood: false }
  const half = samples.slice(samples.length >> 1)
  const lines = Object.entries(measures).map(([name, of]) => {
    const { slope, error, mean } = lineThrough(half.map(of))
    // A slope within twice its own error may as well be none.
    const isGrowing = slope * 60 > mean * MAX_GROWTH_AN_HOUR && slope > 2 * error
    const text = `${name}: mean ${mean.toFixed(1)}, ${(slope * 60).toFixed(1)} an hour (± ${(error * 120).toFixed(1)})${isGrowing ? ': GROWS' : ''}`
    return { text, isGrowing }
  })
  lines.push(peaks(samples))
  const text = [...lines.map(({ text }) => text), ...courseOf(samples)].join('\n')
  return { text, isGood: lines.every(({ isGrowing }) => !isGrowing) }
}

const measures: Readonly<Record<string, (sample: Sample) => number>> = {
  'RSS, MB': ({ rssMb }) => rssMb,
  'peak of RSS in a minute, MB': ({ peakRssMb }) => peakRssMb,
  'heap at its lowest in a minute, MB': ({ lowestHeapMb }) => lowestHeapMb,
  'open files': ({ fds }) => fds,
  'items held': ({ itemsHeld }) => itemsHeld,
}

function peaks(samples: readonly Sample[]): { readonly text: string; readonly isGrowing: boolean } {
  const half = samples.length >> 1
  const [first, second] = [samples.slice(0, half), samples.slice(half)].map((part) => Math.max(...part.map(seriesOf)))
  const isGrowing = second! > first! * (1 + MAX_GROWTH_AN_HOUR)
  return {
    text: `series: at most ${first} in the first half, ${second} in the second${isGrowing ? ': GROWS' : ''}`,
    isGrowing,
  }
}

const MINUTES_AT_ONCE = 5

/** For people: where it levels off. */
function courseOf(samples: readonly Sample[]): string[] {
  const groups: Sample[][] = []
  for (let at = 0; at + MINUTES_AT_ONCE <= samples.length; at += MINUTES_AT_ONCE)
    groups.push(samples.slice(at, at + MINUTES_AT_ONCE))
  const lowest = (of: (sample: Sample) => number): string =>
    groups.map((group) => Math.min(...group.map(of)).toFixed(0)).join(' ')
  return [
    `lowest of each five minutes: RSS ${lowest(({ rssMb }) => rssMb)}; heap ${lowest(({ lowestHeapMb }) => lowestHeapMb)}`,
    ...Object.keys(samples[0]!.series).map(
      (component) => `${component} holds ${groups.map((group) => group.at(-1)!.series[component]).join(' ')}`,
    ),
  ]
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
