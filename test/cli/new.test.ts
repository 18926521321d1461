// `sluice new` on the command line: what it says, and what it leaves alone.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { sluice } from '../kit/process.ts'

/** Outside of the project. */
function elsewhere(t: { teardown(end: () => void): unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-new-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const PLUGIN = ['.gitignore', 'README.md', 'cases', 'config.yaml', 'package.json', 'tsconfig.json']

test('in an empty folder a plugin is written there, elsewhere in a new folder of its name', async (t) => {
  const cwd = elsewhere(t)
  const first = await sluice(['new', 'exporter', 'my-exporter'], { cwd })
  t.match(first, { code: 0, stderr: '' })
  t.match(
    first.stdout,
    /called my_exporter: names have no hyphens.*\n.*a plugin\.\nWritten in \.:\n {2}my_exporter\.ts\n/,
  )
  t.match(first.stdout, /Next:\n {2}npm install --save-dev .*sluice-….tgz>\n {2}npm test\n/)
  t.same(readdirSync(cwd).toSorted(), [...PLUGIN, 'my_exporter.test.ts', 'my_exporter.ts'].toSorted())
  const about = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
  t.match(about, { name: 'sluice-plugin-my-exporter', type: 'module', peerDependencies: { sluice: '*' } })

  mkdirSync(join(cwd, 'node_modules/sluice'), { recursive: true })
  const second = await sluice(['new', 'receiver', 'drop_in'], { cwd })
  t.match(second, { code: 0, stderr: '' })
  t.match(second.stdout, /Written in drop-in:[\s\S]*Next:\n {2}cd drop-in\n {2}npm test\n/)
  t.same(readdirSync(join(cwd, 'drop-in')).toSorted(), [...PLUGIN, 'drop_in.test.ts', 'drop_in.ts'].toSorted())
})

test('nothing is written over what is there', async (t) => {
  const cwd = elsewhere(t)
  writeFileSync(join(cwd, 'README.md'), 'mine\n')
  const refused = await sluice(['new', 'processor', 'mine', '--folder', '.'], { cwd })
  t.match(refused, {
    code: 2,
    stdout: '',
    stderr: /is there and not empty: name another folder with --folder\. Nothing was/,
  })
  mkdirSync(join(cwd, 'mine'))
  writeFileSync(join(cwd, 'mine/package.json'), '{}')
  t.match(await sluice(['new', 'processor', 'mine'], { cwd }), { code: 2, stderr: /mine is there and not empty/ })
  t.same(readdirSync(cwd).toSorted(), ['README.md', 'mine'])
  writeFileSync(join(cwd, 'file'), '')
  const below = await sluice(['new', 'processor', 'mine', '--folder', 'file/below'], { cwd })
  t.match(below, { code: 1, stderr: /^sluice: .*(ENOTDIR|not a directory)/ })
})

test('kinds and names that will not do are refused, with what would', async (t) => {
  const cwd = elsewhere(t)
  for (const [args, told] of [
    [['exporters', 'x'], 'sluice: "exporters" is no kind of component. Did you mean exporter?\n'],
    [['thing', 'x'], /is no kind of component\. There are receiver, processor, exporter, connector, extension\.\n$/],
    [['exporter', 'otlp'], 'sluice: there is an exporter otlp already. What about my_otlp?\n'],
    [
      ['processor', 'resourcedetection'],
      /resourcedetection would be taken for the processor resource_detection\. What about my_resourcedetection\?/,
    ],
    [['exporter', 'Big Thing'], /"Big Thing" is no name .* What about big_thing\?\n$/],
  ] as const) {
    t.match(await sluice(['new', ...args], { cwd }), { code: 2, stdout: '', stderr: told })
  }
  t.match(await sluice(['new', 'exporter'], { cwd }), { code: 2, stderr: /missing required argument 'name'/ })
  t.same(readdirSync(cwd), [])
})

test('its help has examples and says where it writes', async (t) => {
  const { stdout } = await sluice(['new', '--help'])
  for (const part of ['sluice new exporter my-exporter', '--folder', 'Nothing is ever overwritten', 'Exit codes: 0,'])
    t.ok(stdout.includes(part), part)
  const { stdout: all } = await sluice(['--help'])
  t.match(all, /sluice new exporter my-exporter/)
  t.notOk(existsSync('src/exporters/my_exporter'))
})
