// What is built finds what it imports only when a config names a secret, and shows none either.
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { canaries, DIGITS, SHOWN, watchCanaries } from '../kit/canaries.ts'
import { launch } from '../kit/process.ts'

const main = resolve('dist/main.js')
const skip = existsSync(main) ? false : 'nothing is built: npm run build'

test('dist/ shows no secret of a running agent anywhere', { skip }, async (t) => {
  await watchCanaries(t, await canaries(t), main)
})

test('dist/ prints no secret of a config, one that it takes whole from a secret included', { skip }, async (t) => {
  const { stores, folder, config, env } = await canaries(t)
  stores.secrets.set('config', config)
  const file = join(folder, 'wrong.yaml')
  writeFileSync(file, config.replace('1ms', '"${secretsmanager:bad}"'))
  for (const [command, source, code] of [
    ['print-config', 'secretsmanager:config', 0],
    ['validate', 'secretsmanager:config', 0],
    ['validate', file, 2],
    ['run', file, 2],
  ] as const) {
    const ended = await launch([command, '--config', source], { env, main }).ended
    t.equal(ended.code, code, `${command} ${source}: ${ended.stderr}`)
    t.notMatch(ended.stdout + ended.stderr, SHOWN, command)
    t.notMatch(ended.stdout + ended.stderr, DIGITS, command)
    if (command === 'print-config') t.match(ended.stdout, /x-object: "\[REDACTED\]"/)
  }
})
