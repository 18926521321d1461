// The reference page of a component: what its README says, and what its schema says.
import { type Shape, shapeOf } from '../config/index.ts'
import type { ComponentKind } from '../contract/index.ts'
import { type Catalog, type Entry, sectionOf, signalsOf } from './catalog.ts'
import { completed } from './example.ts'
import { DIFFERENCES, EXAMPLE, METRICS, type Parts, partsOf, sectionCalled, WHEN, yamlIn } from './markdown.ts'
import { METRICS_OF } from './metrics.ts'
import { defaultText, rowsOf, typeText } from './words.ts'

/** A README has not what a page needs. */
export class PageError extends Error {
  override readonly name = 'PageError'
}

export interface PageSources {
  readonly readme: string
  /** docs/differences.md */
  readonly differences: string
}

export function pageOf(entry: Entry, catalog: Catalog, { readme, differences }: PageSources): string {
  const { kind, type } = entry.factory
  const parts = partsOf(readme)
  const need = (heading: RegExp, words: string): string => {
    const text = sectionCalled(parts, heading)
    if (text) return text
    throw new PageError(`src/${kind}s/${type}/README.md has no section "## ${words}"`)
  }
  const example = yamlIn(need(EXAMPLE, 'Example'))
  if (example === undefined) throw new PageError(`src/${kind}s/${type}/README.md has no YAML below "## Example"`)
  const others = parts.sections.filter(
    ({ heading }) => ![WHEN, EXAMPLE, METRICS, DIFFERENCES].some((known) => known.test(heading)),
  )
  const text = [
    `<!-- Written by \`npm run docs\` from src/${kind}s/${type} (README.md, the schema) and docs/differences.md: change those. -->`,
    `# ${kind[0]!.toUpperCase()}${kind.slice(1)} \`${type}\``,
    parts.intro,
    factsOf(entry),
    `## When to use it\n${need(WHEN, 'When to use it')}`,
    `## Example\nA whole config; its first line is for [editors](../../config.md#in-an-editor).\n\n\`\`\`yaml\n${completed(example, entry, catalog)}\`\`\``,
    `## Settings\n${settingsTable(shapeOf(entry.factory.config))}`,
    ...others.map(({ heading, text }) => `## ${heading}\n${text}`),
    `## Metrics\n${metricsTable(kind, sectionCalled(parts, METRICS))}`,
    differencesOf(entry, parts, differences),
  ]
  return `${relinked(text.join('\n\n'), kind)}\n`
}

function factsOf({ factory, names }: Entry): string {
  const signals = signalsOf(factory)
  const others = names.filter(({ name }) => name !== factory.type)
  return [
    '| | |',
    '|---|---|',
    ...(signals.length > 0 ? [`| signals | ${signals.join(', ')} |`] : []),
    `| stability | ${factory.stability} |`,
    ...(others.length > 0
      ? [`| other names | ${others.map(({ name, isOld }) => `\`${name}\`${isOld ? ' (older)' : ''}`).join(', ')} |`]
      : []),
  ].join('\n')
}

/** For settings inside sections the way there is part of the name, as `sluice explain` takes it. */
function settingsTable(shape: Shape): string {
  const rows = rowsOf(shape).map(({ path, shape: setting }) => {
    const byDefault = defaultText(setting)
    const otherwise = setting.isOptional ? '' : '**required**'
    return `| \`${path}\` | ${cell(typeText(setting))} | ${byDefault === undefined ? otherwise : `\`${cell(byDefault)}\``} | ${cell(setting.about ?? '')} |`
  })
  if (rows.length === 0) return 'It has none.'
  return ['| setting | type | default | what it does |', '|---|---|---|---|', ...rows].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function metricsTable(kind: ComponentKind, own: string | undefined): string {
  const general = METRICS_OF[kind].map(({ name, about }) => `| \`${name}\` | ${about} |`)
  const rows = [...(own?.split('\n').filter((line) => /^\| `/.test(line)) ?? []), ...general]
  if (rows.length === 0) return "It has none of its own: the agent's are enough."
  return ['| metric | counts |', '|---|---|', ...rows].join('\n')
}

/** Its own section; where the README has none, the line in docs/differences.md. */
function differencesOf({ factory: { kind, type } }: Entry, parts: Parts, differences: string): string {
  const own = parts.sections.find(({ heading }) => DIFFERENCES.test(heading))
  if (own !== undefined) return `## ${own.heading}\n${own.text}`
  const row = differences.split('\n').find((line) => line.includes(`(../src/${kind}s/${type}/README.md`))
  const [, , here, why] = row?.split('|').map((part) => part.trim()) ?? []
  if (!here) throw new PageError(`docs/differences.md has no line for src/${kind}s/${type}/README.md`)
  const text = here === 'the same' ? "It behaves as the collector's." : `Here: ${here}.${why ? ` Why: ${why}.` : ''}`
  return `## Differences from the collector\n${text}`
}

/** Links of a README, which lies in src/<kind>s/<type>/, as those of a page, which lies in docs/reference/<kind>s/. */
function relinked(text: string, kind: ComponentKind): string {
  return text
    .replaceAll('](../../../docs/', '](../../')
    .replaceAll(/\]\(\.\.\/\.\.\/(\w+)\/(\w+)\/README\.md/g, '](../$1/$2.md')
    .replaceAll(/\]\(\.\.\/(\w+)\/README\.md/g, `](../${sectionOf(kind)}/$1.md`)
}

/** The page that leads to all others. */
export function indexPage(catalog: Catalog): string {
  const tables = Object.entries(catalog).map(([section, entries]) => {
    const rows = entries.map(({ factory: { type, summary }, names, factory }) => {
      const others = names.filter(({ name }) => name !== type).map(({ name }) => `\`${name}\``)
      return `| [\`${type}\`](${section}/${type}.md)${others.length > 0 ? ` (${others.join(', ')})` : ''} | ${signalsOf(factory).join(', ')} | ${cell(summary)} |`
    })
    return [
      `## ${section[0]!.toUpperCase()}${section.slice(1)}`,
      '| type | signals | |',
      '|---|---|---|',
      ...rows,
    ].join('\n')
  })
  return `${[
    '<!-- Written by `npm run docs` from the components. -->',
    '# Reference',
    'One page a component: what it is, when to use it, an example that a test runs, its settings, what it counts, what differs from the\ncollector. `sluice explain exporters.prometheus.metric_expiration` shows the same in the terminal. [`service`](service.md) has a page of its\nown; the language itself is in [config.md](../config.md).',
    ...tables,
  ].join('\n\n')}\n`
}

export function servicePage(service: Shape): string {
  return `${[
    '<!-- Written by `npm run docs` from src/config. -->',
    '# `service`',
    'How the components are joined to pipelines, which extensions run, and what the agent tells of itself. What differs from the collector is in\n[differences.md](../differences.md#own-telemetry-servicetelemetry).',
    `## Settings\n${settingsTable(service)}`,
  ].join('\n\n')}\n`
}
