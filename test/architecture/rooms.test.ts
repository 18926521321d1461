// Holds the tree to the table in ARCHITECTURE.md: which room may import which, one registry entry a folder, sizes that a
// reader can hold.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'tap'

const SRC = 'src'
const KINDS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions']
/** A longer file is a question; the ones listed are the answered ones. */
const MAX_LINES = 400

/** By room: the rooms that it may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  data: ['wire'],
  contract: ['data', 'wire'],
  config: ['contract'],
  observe: ['contract', 'data', 'config'],
  delivery: ['contract', 'data', 'wire', 'config', 'observe'],
  net: ['contract', 'data', 'wire', 'config', 'observe'],
  match: ['contract', 'data', 'wire', 'config'],
  aws: ['contract', 'data', 'wire', 'config', 'observe', 'net', 'delivery', 'match', 'series'],
  series: ['contract', 'data', 'wire', 'config'],
  prometheus: ['contract', 'data', 'wire', 'config', 'observe', 'match'],
  search: ['contract', 'data', 'wire', 'config', 'observe', 'delivery', 'net', 'match', 'aws'],
  scrape: ['contract', 'data', 'wire', 'config', 'observe', 'net'],
  component: [
    'contract',
    'data',
    'wire',
    'config',
    'observe',
    'delivery',
    'net',
    'match',
    'aws',
    'series',
    'search',
    'prometheus',
    'scrape',
  ],
  pipeline: ['contract', 'data', 'config', 'observe'],
  testing: ['contract', 'data', 'config', 'observe'],
  generate: ['contract', 'data', 'wire', 'config', 'net'],
  manual: ['contract', 'data', 'config'],
  scaffold: ['contract'],
  plugin: ['contract', 'data', 'wire', 'delivery', 'config'],
  http: ['net'],
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(SRC, name))

function roomOf(file: string): string {
  const [room, ...rest] = relative(SRC, file).split('/')
  if (rest.length === 0) return room!.replace(/\.ts$/, '')
  return KINDS.includes(room!) ? 'component' : room!
}
const folderOf = (file: string): string => relative(SRC, file).split('/').slice(0, 2).join('/')

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)
  return [...found].map((match) => resolve(dirname(file), match[1]!)).map((path) => relative(process.cwd(), path))
}

test('a room imports only what the table allows', async (t) => {
  for (const file of files) {
    const room = roomOf(file)
    if (room === 'main' || room === 'cli' || room === 'components' || room === 'lambda') continue
    const allowed = ALLOWED[room]
    t.ok(allowed, `${file}: room ${room} is in the table`)
    for (const target of importsOf(file)) {
      const targetRoom = roomOf(target)
      if (room === 'component' && targetRoom === 'component') {
        if (folderOf(file) !== folderOf(target)) t.fail(`${file} imports ${target}: components never import each other`)
      } else if (targetRoom !== room && !allowed!.includes(targetRoom))
        t.fail(`${file} (${room}) imports ${target} (${targetRoom})`)
    }
  }
  t.ok(files.length > 0)
})

test('what is imported when needed gives its names in dist/ too', async (t) => {
  let imports = 0
  for (const file of files)
    for (const [, name] of readFileSync(file, 'utf8').matchAll(
      /import\('((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[^']*)?'\)/g,
    )) {
      const { exports, type } = JSON.parse(readFileSync(join('node_modules', name!, 'package.json'), 'utf8'))
      // Of CommonJS a bundle's dynamic import has only a default: a file with a static import stands in between.
      t.ok(exports !== undefined || type === 'module', `${file} imports ${name}`)
      imports++
    }
  t.ok(imports > 0)
})

test('every component folder has one registry entry, and only its index.ts is imported', async (t) => {
  const registry = join(SRC, 'components.ts')
  const entries = existsSync(registry) ? importsOf(registry).filter((path) => KINDS.includes(path.split('/')[1]!)) : []
  for (const path of entries) t.match(path, /\/index\.ts$/, `${path} is an index.ts`)
  const folders = KINDS.flatMap((kind) =>
    existsSync(join(SRC, kind))
      ? readdirSync(join(SRC, kind), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => join(SRC, kind, entry.name))
      : [],
  )
  for (const folder of folders) {
    t.equal(entries.filter((path) => dirname(path) === folder).length, 1, `${folder} is registered once`)
    t.ok(existsSync(join(folder, 'README.md')), `${folder} has a README.md`)
  }
  t.equal(entries.length, folders.length)
})

test('no folder is called after nothing in particular', async (t) => {
  for (const file of files) t.notMatch(file, /\/(util|utils|common|shared|misc|helpers?)\//)
})

test('files have a size that a reader can hold', async (t) => {
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n').length
    t.ok(lines <= MAX_LINES + 1, `${file} has ${lines} lines, at most ${MAX_LINES}`)
  }
})
