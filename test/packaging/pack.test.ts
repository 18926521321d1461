import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import tap, { test } from 'tap'
import { unpacked } from './packed.ts'

/** Outside of the project: nothing is found by looking in the folders above. */
const folder = mkdtempSync(join(tmpdir(), 'sluice-pack-'))
tap.teardown(() => rmSync(folder, { recursive: true }))
const root = unpacked(folder)

const run = (main: string, args: readonly string[], cwd: string) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd, env: { PATH: process.env.PATH } })

test('the packed package runs by itself, loads a plugin, and brings types and licences', async (t) => {
  const main = join(root, 'dist/main.js')
  t.match(run(main, ['--version'], folder).stdout, /^\d+\.\d+\.\d+\n$/)

  const explained = run(main, ['explain', 'exporters.prometheus'], folder).stdout
  t.match(explained, /^When to use it$/m, 'the manual is in it')
  t.match(run(main, ['schema'], folder).stdout, /"\$schema"/)

  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere)
  copyFileSync(resolve('examples/plugin/drophealthchecks.ts'), join(elsewhere, 'drophealthchecks.ts'))
  const listed = run(main, ['components', '--plugin', './drophealthchecks.ts', 'drophealth'], elsewhere)
  t.match(listed.stdout, /drophealthchecks/)

  for (const file of [
    'dist/types/plugin.d.ts',
    'dist/types/testing/index.d.ts',
    'dist/LICENSES.txt',
    'schema/sluice.schema.json',
    'LICENSE',
    'README.md',
  ]) {
    t.ok(existsSync(join(root, file)), `${file} is in it`)
  }
  for (const file of ['src', 'test', 'tools']) t.notOk(existsSync(join(root, file)), `${file} is not in it`)
  t.match(readFileSync(join(root, 'dist/LICENSES.txt'), 'utf8'), /^yaml \d/m)
})

test('an author of a plugin gets types', async (t) => {
  const project = join(folder, 'project')
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  // As `npm install` would lay it out: the package, and the libraries whose types it names.
  cpSync(root, join(project, 'node_modules', 'sluice'), { recursive: true })
  for (const library of ['valibot', '@opentelemetry', '@types', 'undici-types']) {
    symlinkSync(resolve('node_modules', library), join(project, 'node_modules', library))
  }
  for (const plugin of ['failedspans', 'heartbeat', 'countspans'])
    copyFileSync(resolve(`examples/plugin/${plugin}.ts`), join(project, `${plugin}.ts`))
  writeFileSync(
    join(project, 'wrong.ts'),
    "import { Instant } from 'sluice/plugin'\nexport const wrong: string = new Instant(1, 2)\n",
  )
  const options = {
    target: 'esnext',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  }
  writeFileSync(join(project, 'package.json'), '{"type": "module"}')
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  // The test runner's own loader, which children inherit, does not get on with TypeScript's launcher.
  const command = `unset NODE_OPTIONS; exec "${process.execPath}" "${resolve('node_modules/typescript/bin/tsc')}" -p "${project}"`
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  const errors = stdout.split('\n').filter((line) => line.includes('error TS'))
  t.equal(errors.length, 1, stdout + stderr)
  t.match(errors[0], /wrong\.ts.*Instant.*string/)
})
