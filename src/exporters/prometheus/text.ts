// The exposition: every live series, family by family, as Prometheus text 0.0.4 or OpenMetrics 1.0.
import { type EscapingScheme, escapeMetricName, isPlainMetricName } from './escape.ts'
import { escapeLabelText } from './labels.ts'
import type { Family, Registry } from './registry.ts'
import { type FamilyText, type Format, familyText, type SampleOptions, SampleWriter } from './samples.ts'

export interface Exposition extends SampleOptions {
  /** How names are written; undefined leaves them as they are. */
  readonly escaping: EscapingScheme | undefined
  /** Only these families, when any are named. */
  readonly names: ReadonlySet<string>
  readonly nowMs: number
}

/** A scrape is written in pieces of about this size, and other work goes on in between. */
const PIECE_BYTES = 65_536

/** Series that come while it is read wait for the next scrape; those that go are left out. */
export function* expose(registry: Registry, exposition: Exposition): Generator<Buffer, void, undefined> {
  const { names, nowMs, escaping } = exposition
  const { newest } = registry
  const writer = new SampleWriter(exposition)
  const groups =
    escaping === undefined ? each(registry, exposition.format) : escaped(registry, exposition.format, escaping)
  for (const { name, families, text, labelsOf } of groups) {
    if (names.size > 0 && !names.has(name)) continue
    let isBegun = false
    for (const family of families)
      for (const series of family.series.values()) {
        if (series.number > newest || !registry.keeps(series, nowMs)) continue
        const labels = labelsOf === undefined ? Buffer.from(series.text) : labelsOf(series.text)
        if (labels === undefined) continue
        if (!isBegun) writer.beginFamily(text)
        isBegun = true
        writer.series(labels, series.state)
        if (writer.length >= PIECE_BYTES) yield writer.take()
      }
  }
  writer.end()
  yield writer.take()
}

/** What is written under one name. */
interface Group {
  readonly name: string
  readonly families: readonly Family[]
  readonly text: FamilyText
  /** Other labels than the series has; undefined when they have been written for another series. */
  readonly labelsOf?: (text: string) => Buffer | undefined
}

/** Texts of a family by format, made once. */
const known = new WeakMap<Family, Map<string, FamilyText>>()

function* each(registry: Registry, format: Format): Generator<Group> {
  for (const family of registry.families) {
    let texts = known.get(family)
    if (texts === undefined) known.set(family, (texts = new Map()))
    const isBaseTaken = isBaseOf(family, (name) => registry.has(name))
    const key = isBaseTaken ? `${format} taken` : format
    let text = texts.get(key)
    if (text === undefined) texts.set(key, (text = familyText(family, format, isBaseTaken)))
    yield { name: family.name, families: [family], text }
  }
}

/**
 * With other names, families may share one, and so may series. The first family says what type the name has, the first
 * series has the labels; what comes later in their place cannot be shown to a scraper that wants its names so.
 */
function* escaped(registry: Registry, format: Format, escaping: EscapingScheme): Generator<Group> {
  const groups = new Map<string, Family[]>()
  for (const family of registry.families) {
    const name = escapeMetricName(family.name, escaping)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [family])
    else if (group[0]!.type === family.type) group.push(family)
  }
  for (const [name, families] of groups) {
    const { type, help } = families[0]!
    const renamed = { name, type, help }
    const text = familyText(
      renamed,
      format,
      isBaseOf(renamed, (base) => groups.has(base)),
    )
    const opener = isPlainMetricName(name) ? '{' : ','
    const seen = new Set<string>()
    yield {
      name,
      families,
      text,
      labelsOf(original) {
        const labels = escapeLabelText(original, escaping, opener)
        if (seen.has(labels)) return undefined
        seen.add(labels)
        return Buffer.from(labels)
      },
    }
  }
}

const isBaseOf = ({ name, type }: Pick<Family, 'name' | 'type'>, has: (name: string) => boolean): boolean =>
  type === 'counter' && name.endsWith('_total') && has(name.slice(0, -'_total'.length))
