// What `sluice new` writes, and where.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { aliases, components } from '../components.ts'
import { nearest } from '../config/nearest.ts'
import { successorTypes } from '../config/successors.ts'
import { type ComponentKind, messageOf } from '../contract/index.ts'
import {
  anOf,
  componentEdits,
  componentFiles,
  draftsOf,
  type Name,
  NameError,
  nameOf,
  pluginFiles,
} from '../scaffold/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** Nothing is written that is there already, so nothing can be written before all is known to be free. */
class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

/** Says what it has done, or why not. */
export function create(
  kinds: readonly ComponentKind[],
  kindText: string,
  text: string,
  folder: string | undefined,
): ExitCode {
  try {
    const name = nameOf(kindNamed(kindText, kinds), text, takenBy(kindNamed(kindText, kinds)))
    if (name.type !== text) process.stdout.write(`In configs it is called ${name.type}: names have no hyphens there.\n`)
    const project = folder === undefined ? projectAbove(process.cwd()) : undefined
    if (project === undefined) writePlugin(name, folder)
    else writeComponent(name, project)
    return EXIT.ok
  } catch (error) {
    const isRefused = error instanceof NameError || error instanceof RefusedError
    if (!isRefused && !(error instanceof Error && 'code' in error)) throw error
    process.stderr.write(`sluice: ${messageOf(error)}\n`)
    return isRefused ? EXIT.usage : EXIT.failed
  }
}

function kindNamed(text: string, kinds: readonly ComponentKind[]): ComponentKind {
  const kind = kinds.find((each) => each === text)
  if (kind !== undefined) return kind
  const meant = nearest(text, kinds)
  throw new RefusedError(
    `${JSON.stringify(text)} is no kind of component. ${meant === undefined ? `There are ${kinds.join(', ')}.` : `Did you mean ${meant}?`}`,
  )
}

/** Names that configs can have for components of that kind. */
const takenBy = (kind: ComponentKind): string[] => [
  ...Object.keys(components[kind]),
  ...Object.keys(aliases[kind]),
  ...Object.keys(successorTypes[`${kind}s`] ?? {}),
]

/** The project's own folder, when that is where we are. */
function projectAbove(folder: string): string | undefined {
  const file = join(folder, 'package.json')
  if (existsSync(file) && existsSync(join(folder, 'src/components.ts'))) {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }
    if (name === 'sluice') return folder
  }
  const above = dirname(folder)
  return above === folder ? undefined : projectAbove(above)
}

function writeComponent(name: Name, project: string): void {
  const draft = draftsOf(name).project
  const files = componentFiles(name, draft)
  refuseExisting(project, files.keys())
  const edited = componentEdits(name, draft).map(({ path, apply }) => {
    const text = apply(readFileSync(join(project, path), 'utf8'))
    if (text === undefined) throw new RefusedError(`${path} has no place for ${anOf(name.kind)}: is it whole?`)
    return [path, text] as const
  })
  writeAll(project, [...files, ...edited])
  say(`The ${name.kind} ${name.type} is there.`, 'Written', files.keys())
  say('', 'Changed', [
    ...edited.map(([path]) => path),
    ...finish(project, [...files.keys(), ...edited.map(([path]) => path)]),
  ])
  const { kind, type } = name
  process.stdout.write(`
Next:
  npm run check
  npx tap run test/${kind}s/${type}/*.test.ts test/contract/*.test.ts test/contract/settings/*.test.ts test/docs/*.test.ts
  then change src/${kind}s/${type}, and after each change of settings or README: npm run docs
  A new setting also wants a line in test/contract/settings/table.ts, and a test that names it (CONTRIBUTING.md).
`)
}

/** The formatter's and the generator's part. What they cannot do is said, with the command that does it. */
function finish(project: string, paths: readonly string[]): string[] {
  const code = paths.filter((path) => path.endsWith('.ts'))
  runNode(project, 'node_modules/@biomejs/biome/bin/biome', ['check', '--write', ...code], 'npm run fix')
  const isCurrent = runNode(project, 'tools/docs.ts', [], 'npm run docs')
  return isCurrent ? ['schema/sluice.schema.json and docs/reference, by npm run docs'] : []
}

function runNode(project: string, script: string, args: readonly string[], otherwise: string): boolean {
  // A test runner's loader is not for what it starts.
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stderr, error } = spawnSync(process.execPath, [script, ...args], {
    cwd: project,
    encoding: 'utf8',
    env,
  })
  if (status === 0) return true
  const why = (error === undefined ? stderr.trim() : messageOf(error)).split('\n').slice(-10).join('\n')
  process.stderr.write(`sluice: ${script} did not work, run "${otherwise}" yourself: ${why}\n`)
  return false
}

function writePlugin(name: Name, wanted: string | undefined): void {
  const here = process.cwd()
  const folder =
    wanted !== undefined ? resolve(wanted) : isEmpty(here) ? here : join(here, name.type.replaceAll('_', '-'))
  if (!isEmpty(folder))
    throw new RefusedError(`${folder} is there and not empty: name another folder with --folder. Nothing was written`)
  const files = pluginFiles(name, draftsOf(name).plugin)
  refuseExisting(folder, files.keys())
  writeAll(folder, [...files])
  const shown = relative(here, folder) || '.'
  say(`The ${name.kind} ${name.type} is there, a plugin.`, `Written in ${shown}`, files.keys())
  const enter = shown === '.' ? '' : `  cd ${shown}\n`
  const install = isInstalledFor(folder) ? '' : '  npm install --save-dev <the package of sluice: sluice-….tgz>\n'
  process.stdout.write(`
Next:
${enter}${install}  npm test
  npx sluice run --config config.yaml
  then change ${name.type}.ts; README.md says what else there is
`)
}

/** Whether `sluice/testing` is found from there. */
function isInstalledFor(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules/sluice'))) return true
  const above = dirname(folder)
  return above !== folder && isInstalledFor(above)
}

/** Nothing is in it, or it is not there yet. */
const isEmpty = (folder: string): boolean => !existsSync(folder) || readdirSync(folder).length === 0

function refuseExisting(folder: string, paths: Iterable<string>): void {
  const there = [...paths].filter((path) => existsSync(join(folder, path)))
  if (there.length === 0) return
  throw new RefusedError(`${there.join(', ')} is there already, and nothing is overwritten. Nothing was written`)
}

function writeAll(folder: string, files: readonly (readonly [path: string, text: string])[]): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function say(first: string, verb: string, paths: Iterable<string>): void {
  process.stdout.write(
    `${first}${first === '' ? '' : '\n'}${verb}:\n${[...paths].map((path) => `  ${path}\n`).join('')}`,
  )
}
