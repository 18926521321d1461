// Right after `sluice new`, outside of the project with the packed package: a plugin of each kind passes its test, has types
// whichever way they are looked for, and runs.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { unpacked } from '../packaging/packed.ts'
import { KINDS, run } from './project.ts'

/** Of all, besides what their `tsconfig.json` says: as bundlers look for types, and as strict as it gets, the package's own included. */
const BUNDLER = {
  extends: './own-exporter/tsconfig.json',
  include: ['own-*/**/*.ts'],
  compilerOptions: {
    module: 'esnext',
    moduleResolution: 'bundler',
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  },
}

test('a new plugin of each kind passes its test, has types, and its config is right', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-new-plugin-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'node_modules'))
  // As `npm install` would lay it out: the package, the libraries whose types it names, and what a plugin's package.json asks for.
  renameSync(unpacked(folder), join(folder, 'node_modules/sluice'))
  for (const library of ['valibot', '@opentelemetry', '@types', 'undici-types', 'typescript'])
    symlinkSync(resolve('node_modules', library), join(folder, 'node_modules', library))
  const main = join(folder, 'node_modules/sluice/dist/main.js')
  const compiler = join(folder, 'node_modules/typescript/bin/tsc')

  await Promise.all(
    KINDS.map(async (kind) => {
      const made = await run(folder, [main, 'new', kind, `own_${kind}`])
      t.equal(made.code, 0, made.output)
      const cwd = join(folder, `own-${kind}`)
      for (const args of [
        ['--test', `own_${kind}.test.ts`],
        [compiler, '-p', 'tsconfig.json'],
        [main, 'validate', '--config', 'config.yaml'],
      ]) {
        const { code, output } = await run(cwd, args)
        t.equal(code, 0, `${kind}: ${args.join(' ')}\n${output.slice(-4000)}`)
        if (args[0] === '--test')
          t.match(output, new RegExp(`case first[\\s\\S]*own_${kind} stops when it is told not to`))
      }
    }),
  )
  const bundler = [compiler, '-p', 'tsconfig.bundler.json']
  writeFileSync(join(folder, 'tsconfig.bundler.json'), JSON.stringify(BUNDLER))
  t.strictSame(await run(folder, bundler), { code: 0, output: '' })

  const without = ['--set', 'exporters::own_exporter::endpoint=']
  const { output } = await run(join(folder, 'own-exporter'), [main, 'validate', '--config', 'config.yaml', ...without])
  t.match(output, /own_exporter: needs to know where to send to: .* \[missing_setting\]/)

  writeFileSync(
    join(folder, 'own-exporter/wrong.ts'),
    "import { HttpClient } from 'sluice/http'\nnew HttpClient(1, 2)\n",
  )
  const wrongs = [run(join(folder, 'own-exporter'), [compiler, '-p', 'tsconfig.json']), run(folder, bundler)]
  for (const { code, output } of await Promise.all(wrongs)) {
    t.not(code, 0)
    t.match(output, /^(own-exporter\/)?wrong\.ts\(2,\d+\): error TS2345/m, 'the types are not any')
  }
})
