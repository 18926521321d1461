// CPU time per item: medians, the contenders of a row taking turns in one process.

/** By name: the work to measure. What it returns keeps it from being optimized away. */
export type Contenders = Readonly<Record<string, () => unknown>>

const WARM_UP_MICROS = 200_000
const ROUND_MICROS = 40_000
const ROUNDS = 9

/** CPU nanoseconds an item, user and system, by contender. */
export function compare(items: number, contenders: Contenders): Record<string, number> {
  const names = Object.keys(contenders)
  const repeats = names.map((name) => repeatsOf(contenders[name]!))
  const nanos = names.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++)
    names.forEach((name, i) => {
      const run = contenders[name]!
      const from = cpuMicros()
      for (let count = repeats[i]!; count > 0; count--) run()
      nanos[i]!.push(((cpuMicros() - from) * 1000) / repeats[i]! / items)
    })
  return Object.fromEntries(names.map((name, i) => [name, median(nanos[i]!)]))
}

/** Warms up, and finds how often to run in a round. */
function repeatsOf(run: () => unknown): number {
  const from = cpuMicros()
  let count = 0
  while (cpuMicros() < from + WARM_UP_MICROS) {
    run()
    count++
  }
  return Math.max(1, Math.round((count * ROUND_MICROS) / (cpuMicros() - from)))
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
