// Metric names on the Prometheus page as the collector writes them: by default without units and without `_total`.

import { unitWords } from './units.ts'

export interface NameSettings {
  readonly without_units: boolean
  readonly without_type_suffix: boolean
}

/** The name with its unit, if units are wanted and it has not got it. */
export function nameWithUnit(name: string, unit: string, isGauge: boolean, { without_units }: NameSettings): string {
  const word = unit === '1' ? (isGauge ? 'ratio' : undefined) : unitWords[unit] || undefined
  if (without_units || word === undefined) return name
  const bare = name.replace(/_total$/, '')
  if (bare.endsWith(`_${word}`)) return name
  return bare === name ? `${name}_${word}` : `${bare}_${word}_total`
}

/**
 * The page without the `_total` that the serializer appends to counters. `own` are the names that had it of their own.
 * Families are written one after the other: HELP, TYPE, then their samples.
 */
export function withoutTotal(page: string, own: ReadonlySet<string>): string {
  let counter: string | undefined
  const lines = page.split('\n')
  for (const [index, line] of lines.entries()) {
    const family = /^# (HELP|TYPE) (\S+) /.exec(line)
    if (family !== null) {
      const name = family[2]!
      if (family[1] === 'HELP') counter = isStripped(name, lines[index + 1], own) ? name : undefined
      if (counter === name) lines[index] = line.replace(name, bare(name))
    } else if (counter !== undefined && line.startsWith(counter)) {
      lines[index] = bare(counter) + line.slice(counter.length)
    }
  }
  return lines.join('\n')
}

const isStripped = (name: string, typeLine: string | undefined, own: ReadonlySet<string>): boolean =>
  typeLine === `# TYPE ${name} counter` && name.endsWith('_total') && !own.has(name)

const bare = (name: string): string => name.slice(0, -'_total'.length)
