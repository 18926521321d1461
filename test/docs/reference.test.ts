// What is generated is current, and says what is so.
import { globSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { referencePages } from '../../src/cli/reference.ts'
import { schemaText } from '../../src/cli/schema.ts'
import { components } from '../../src/components.ts'
import { errorsPage } from '../../src/manual/errors.ts'
import { METRICS_OF } from '../../src/manual/metrics.ts'

const root = new URL('../../', import.meta.url)
const pluginApi = new URL('src/plugin.ts', root)
const FOLDER = 'docs/reference'

test('the schema in the repository is the current one', async (t) => {
  const file = 'schema/sluice.schema.json'
  t.ok(readFileSync(file, 'utf8') === (await schemaText([], pluginApi)), `${file} is not current: npm run docs`)
})

test('the page of the codes is the current one', async (t) => {
  t.ok(readFileSync('docs/errors.md', 'utf8') === errorsPage(), 'docs/errors.md is not current: npm run docs')
})

test('the reference pages are the current ones, one a component', async (t) => {
  const pages = await referencePages(root, pluginApi)
  for (const [path, text] of pages)
    t.ok(readFileSync(`${FOLDER}/${path}`, 'utf8') === text, `${FOLDER}/${path} is not current: npm run docs`)
  t.same(globSync(`${FOLDER}/**/*.md`).length, pages.size, 'there are no others')
  for (const [kind, byType] of Object.entries(components))
    for (const type of Object.keys(byType)) t.ok(pages.has(`${kind}s/${type}.md`), `${kind} ${type}`)
})

test('a page has all its parts', async (t) => {
  for (const page of globSync(`${FOLDER}/*/*.md`)) {
    const text = readFileSync(page, 'utf8')
    for (const part of ['When to use it', 'Example', 'Settings', 'Metrics', '(What differs|Differences) from .*'])
      t.match(text, new RegExp(`^## ${part}\n\\S`, 'm'), `${page}: ${part}`)
  }
})

/** `otelcol_a_{b,c}` is two names. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^\| `((?:sluice|otelcol)_[\w{},]+)` \|/gm)].flatMap(([, name]) => {
    const [, start, words] = /^(.*)\{(.*)\}$/.exec(name!) ?? []
    return words === undefined ? [name!] : words.split(',').map((word) => `${start}${word}`)
  })

test('the metrics of a component are on its page, and nothing else is', async (t) => {
  for (const folder of globSync('src/*s/*/index.ts').map((file) => file.replace('/index.ts', ''))) {
    const [, section, type] = folder.split('/')
    if (!Object.keys(components).includes(section!.slice(0, -1))) continue
    const documented = namesIn(readFileSync(`${FOLDER}/${section}/${type}.md`, 'utf8'))
    const code = globSync(`${folder}/*.ts`).map((file) => readFileSync(file, 'utf8'))
    for (const [, name] of code.join('\n').matchAll(/'((?:sluice|otelcol)_[a-z_]+)'/g))
      t.ok(documented.includes(name!), `${folder}: ${name}`)
  }
})

test('every metric in the manual is one that something counts', async (t) => {
  const code = globSync('src/**/*.ts').filter((file) => !file.startsWith('src/manual/'))
  const text = code.map((file) => readFileSync(file, 'utf8')).join('\n')
  // Names that are put together: what stands in front of ${…}, and any word behind it.
  const whole = new Set([...text.matchAll(/['`]((?:sluice|otelcol)_[a-z_]+)['`]/g)].map(([, name]) => name!))
  const parts = [...text.matchAll(/`((?:sluice|otelcol)_[a-z_]+)\$\{/g)].map(([, start]) => start!)
  const isCounted = (name: string): boolean =>
    whole.has(name) ||
    parts.some((start) => name.startsWith(start)) ||
    [...whole].some((start) => ['spans', 'metric_points', 'log_records'].some((items) => name === `${start}_${items}`))
  const pages = globSync(`${FOLDER}/*/*.md`).flatMap((page) => namesIn(readFileSync(page, 'utf8')))
  for (const name of new Set(pages)) t.ok(isCounted(name), name)
  t.ok(pages.length > Object.values(METRICS_OF).flat().length)
})
