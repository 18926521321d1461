// A component of the project: its folder, its tests, and its lines where all components stand.
import type { ComponentKind } from '../contract/index.ts'
import type { Name, ProjectDraft } from './draft.ts'
import { importsFor } from './imports.ts'
import { describeWith, goldenFiles, indented, testCode } from './texts.ts'

/** By path in the project: what is written. */
export function componentFiles(name: Name, draft: ProjectDraft): ReadonlyMap<string, string> {
  const { kind, type } = name
  const folder = `src/${kind}s/${type}`
  const tests = `test/${kind}s/${type}`
  return new Map([
    [`${folder}/index.ts`, indexCode(name, draft)],
    [`${folder}/config.ts`, configCode(name, draft)],
    [`${folder}/${kind}.ts`, wiringCode(name, draft)],
    [`${folder}/README.md`, readme(name, draft)],
    [`${tests}/${type}.test.ts`, projectTest(name, draft)],
    ...goldenFiles(`${tests}/cases/first`, draft.golden),
    [
      `changelog.d/${kind}-${type.replaceAll('_', '-')}.md`,
      `*Added* the ${kind} \`${type}\`: ${lower(draft.summary)}\n`,
    ],
  ])
}

const lower = (sentence: string): string => sentence[0]!.toLowerCase() + sentence.slice(1)

function indexCode({ kind, type }: Name, { create, ...draft }: ProjectDraft): string {
  const code = describeWith(`define${kind[0]!.toUpperCase()}${kind.slice(1)}`, type, {
    ...draft,
    create,
    config: 'config',
  })
  const names = [...new Set(create.match(/\b(?:create\w+|for[A-Z]\w+|\w+Receiver)\b/g))].join(', ')
  return `${importsFor(code, '../..')}${fromHere('config', 'config')}${fromHere(names, kind)}\n${code}`
}

function configCode({ pascal }: Name, { schema }: ProjectDraft): string {
  const code = `export const config = ${schema}\nexport type ${pascal}Config = v.InferOutput<typeof config>\n`
  return `${importsFor(code, '../..')}\n${code}`
}

function wiringCode({ pascal }: Name, { wiring }: ProjectDraft): string {
  const [, own = '', code = ''] = /^((?:import .*\n)*)\n?([\s\S]*)$/.exec(wiring) ?? []
  return `${own}${importsFor(code, '../..')}${fromHere(`${pascal}Config`, 'config', 'import type')}\n${code}`
}

/** A line that imports from a file of the same folder. */
function fromHere(names: string, file: string, statement = 'import'): string {
  const path = `./${file}.ts`
  return `${statement} { ${names} } from '${path}'\n`
}

function readme({ kind, type }: Name, { summary, whenToUse, howItWorks, example }: ProjectDraft): string {
  return `# ${kind[0]!.toUpperCase()}${kind.slice(1)} \`${type}\`

${summary}

## When to use it
${whenToUse}

## Example
\`\`\`yaml
${kind}s:
  ${type}:
${indented(example, 4)}
\`\`\`

## How it works
${howItWorks}

## Differences from the collector
The collector has none.
`
}

function projectTest({ kind, type }: Name, { goldenTest }: ProjectDraft): string {
  const code = testCode(goldenTest, undefined)
  const factory = `'../../../src/${kind}s/${type}/index.ts'`
  return `import { test } from 'tap'\nimport factory from ${factory}\n${importsFor(code, '../../../src')}\n${code}`
}

/** A line for a place where all components stand. */
export interface Edit {
  readonly path: string
  /** Returns the text with the line in it; undefined when it has no place for it. */
  apply(text: string): string | undefined
}

export function componentEdits(
  { kind, type }: Name,
  { summary, minimal, changes, receive }: ProjectDraft,
): readonly Edit[] {
  const differences = `| [\`${type}\`](../src/${kind}s/${type}/README.md#differences-from-the-collector) | not in the collector | ${lower(summary).replace(/\.$/, '')} |`
  const load = `'./${kind}s/${type}/index.ts'`
  return [
    {
      path: 'src/components.ts',
      apply: (text) => inSection(text, 'export const components', kind, `${type}: () => import(${load}),`),
    },
    {
      path: 'test/contract/driven.ts',
      apply: (text) => inSection(text, 'const MINIMAL', kind, `${type}: ${minimal},`),
    },
    {
      path: 'test/contract/settings/table.ts',
      apply: (text) => inSection(text, 'export const changes', kind, `${type}: ${changes},`),
    },
    ...(receive === undefined
      ? []
      : [
          {
            path: 'test/contract/receiving.ts',
            apply: (text: string) => inMapping(text, 'export const receive', `${type}: ${receive},`),
          },
        ]),
    { path: 'docs/differences.md', apply: (text) => behindTable(text, '\n## Components\n', differences) },
    {
      path: 'docs/from-otelcol.md',
      apply: (text) => {
        const row = text.split('\n').find((line) => line.startsWith(`| ${kind}s |`))
        return row && text.replace(row, () => `${row.replace(/ \|$/, '')}, \`${type}\` (not in the collector) |`)
      },
    },
  ]
}

/** As the last entry below `  <kind>: {` behind the anchor. */
function inSection(text: string, anchor: string, kind: ComponentKind, line: string): string | undefined {
  const start = text.indexOf(`\n  ${kind}: {`, Math.max(0, text.indexOf(anchor)))
  const end = text.indexOf('},\n', start)
  const close = text.startsWith(`\n  ${kind}: {},`, start) ? end : text.indexOf('\n  },\n', start) + 1
  if (!text.includes(anchor) || start < 0 || close <= 0) return undefined
  return `${text.slice(0, close)}    ${line}\n${text.slice(close)}`
}

/** As the last entry of the mapping behind the anchor. */
function inMapping(text: string, anchor: string, line: string): string | undefined {
  const start = text.indexOf(anchor)
  const end = text.indexOf('\n}\n', start) + 1
  return start < 0 || end === 0 ? undefined : `${text.slice(0, end)}  ${line}\n${text.slice(end)}`
}

/** As the last row of the table behind the heading. */
function behindTable(text: string, heading: string, row: string): string | undefined {
  const start = text.indexOf(heading)
  const end = text.indexOf('|\n\n', start)
  return start < 0 || end < 0 ? undefined : `${text.slice(0, end)}|\n${row}${text.slice(end + 1)}`
}
