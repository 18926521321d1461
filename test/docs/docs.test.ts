import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { createProgram } from '../../src/cli/program.ts'
import { components } from '../../src/components.ts'

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...globSync('docs/**/*.md'),
  ...globSync('src/*/*/README.md'),
]

/** As a page shows it: lower case, without signs, hyphens for spaces. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(/\s/g, '-')

const anchorsOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!))

test('every link between pages leads somewhere', async (t) => {
  let links = 0
  for (const page of pages) {
    for (const [, target] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path, section] = target!.split('#')
      const file = path === '' ? page : join(dirname(page), path!)
      t.ok(existsSync(file), `${page}: ${target}`)
      if (section !== undefined) t.ok(anchorsOf(file).includes(section), `${page}: ${target}`)
      links++
    }
  }
  t.ok(links > 0)
})

test('every file of the project that a page, a config or an image names is there', async (t) => {
  const named = /\b(?:configs|deploy|docs|schema|tools)\/[\w./-]*\w\.\w+/g
  let files = 0
  for (const page of [...pages, 'Dockerfile', ...globSync('configs/*.yaml'), ...globSync('deploy/*/*')]) {
    for (const [path] of readFileSync(page, 'utf8').matchAll(named)) {
      t.ok(existsSync(path), `${page}: ${path}`)
      files++
    }
  }
  t.ok(files > 0)
})

test('every command that a page, a config or an image names is one that the help shows', async (t) => {
  const program = createProgram(new URL('../../src/plugin.ts', import.meta.url))
  const shown = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name())
  let commands = 0
  for (const page of [...pages, 'Dockerfile', ...globSync('configs/*.yaml'), ...globSync('deploy/*/*')]) {
    const text = readFileSync(page, 'utf8')
    for (const [, command] of text.matchAll(
      /(?:`|^ {4}|npx )(?:npx )?(?:sluice|node dist\/main\.js) ([a-z][a-z-]+)\b(?![.:/])/gm,
    )) {
      t.ok(shown.includes(command!), `${page}: sluice ${command}`)
      commands++
    }
  }
  t.ok(commands > 0)
})

test('every component is in the index of differences', async (t) => {
  const index = readFileSync('docs/differences.md', 'utf8')
  for (const [kind, byType] of Object.entries(components)) {
    for (const type of Object.keys(byType))
      t.ok(index.includes(`(../src/${kind}s/${type}/README.md`), `${kind} ${type}`)
  }
})

test('every component that there is stands in the guide for those who move', async (t) => {
  const guide = readFileSync('docs/from-otelcol.md', 'utf8')
  for (const byType of Object.values(components)) {
    for (const type of Object.keys(byType)) t.ok(guide.includes(`\`${type}\``), type)
  }
})
