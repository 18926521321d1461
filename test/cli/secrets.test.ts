// A secret goes into a running agent and into nothing that it says: its output, its log, its metrics, its health, its errors.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'tap'
import { assemble } from '../../src/cli/assemble.ts'
import { createProgram } from '../../src/cli/program.ts'
import { ConfigError } from '../../src/config/index.ts'
import { withTestKeys } from '../emulator/server.ts'
import { canaries, DIGITS, SHOWN, watchCanaries } from '../kit/canaries.ts'
import { sluice } from '../kit/process.ts'

const pluginApi = new URL('../../src/plugin.ts', import.meta.url)

test('a running agent shows no secret anywhere', async (t) => {
  await watchCanaries(t, await canaries(t))
})

test('print-config and validate show no secret, neither of a config that is right nor of a wrong one', async (t) => {
  const { folder, config, env } = await canaries(t)
  const run = async (command: string, yaml: string) => {
    const file = join(folder, 'config.yaml')
    writeFileSync(file, yaml)
    const set = 'exporters::otlp_http::headers::x-set=Kanary-set'
    const ended = await sluice([command, '--config', file, '--set', set], { env })
    t.notMatch(ended.stdout + ended.stderr, SHOWN, `${command} ${yaml}`)
    t.notMatch(ended.stdout, DIGITS)
    return ended
  }
  const printed = await run('print-config', config)
  t.equal(printed.code, 0)
  t.match(printed.stdout, /send_batch_size: "\[REDACTED\]"/)
  t.equal((await run('validate', config)).code, 0)
  const wrong = await run('run', config.replace('1ms', '"${secretsmanager:bad}"'))
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /config\.yaml:4:\d+: .*batch::timeout: must be a duration/)
})

test('no error of a config repeats a secret, not even a part of it, wherever it stands', async (t) => {
  const { folder, config, env } = await canaries(t)
  withTestKeys(t)
  Object.assign(process.env, env)
  const bad = '"${secretsmanager:bad}"'
  const wrongs = [
    ['http://127.0.0.1:1/${secretsmanager:prod/api#path}/${env:API_TOKEN}', bad],
    ['"${ssm:/app/size}"', bad],
    ['"127.0.0.1:0"}}}}', `${bad}}}}}`],
    ['[otlp_http, otlp_http/userinfo, file]', `[${bad}]`],
    ['level: debug', `level: ${bad}`],
    ['1ms', bad],
    ['extensions: [health_check, zpages, pprof]', `extensions: [${bad}]`],
    ['x-env: "${env:PLAIN}"', 'x-env: "${ssm:/app/token}\\n"'],
    ['health_check: {', `health_check: {tls: ${bad}, `],
    ['{otlp: {protocols', `{otlp/x: ${bad}, otlp: {protocols`],
    ['service:', `plugins: [${bad}]\nservice:`],
  ] as const
  for (const [index, [from, to]] of wrongs.entries()) {
    t.ok(config.includes(from), from)
    const file = join(folder, `${index}.yaml`)
    writeFileSync(file, config.replace(from, to))
    const error = await assemble({ config: [file], set: [], plugin: [] }, pluginApi).catch((reason: unknown) => reason)
    t.ok(error instanceof ConfigError, to)
    t.match(error instanceof Error && error.message, /\.yaml:\d+:\d+: /)
    t.notMatch(inspect(error, { depth: 9 }), SHOWN, to)
  }
})

test('where AWS cannot be reached validate says so, and checks the rest offline', async (t) => {
  const { folder, config } = await canaries(t)
  writeFileSync(join(folder, 'config.yaml'), config)
  writeFileSync(join(folder, 'wrong.yaml'), config.replace('1ms', 'soon'))
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    PLAIN: 'x',
    API_TOKEN: 'x',
  }
  const online = await sluice(['validate', '--config', join(folder, 'config.yaml')], { env })
  t.equal(online.code, 2)
  t.match(online.stderr, /config\.yaml:\d+:\d+: .*cannot get secretsmanager:prod\/api: .*127\.0\.0\.1:1/)
  t.match(online.stderr, /sluice validate --offline/)
  const offline = await sluice(['validate', '--offline', '--config', join(folder, 'config.yaml')], { env })
  t.equal(offline.code, 0)
  t.match(
    offline.stdout,
    /^valid: 1 pipeline, as far as can be seen without ssm:\/app\/size, secretsmanager:prod\/api#path, /,
  )
  const wrong = await sluice(['validate', '--offline', '--config', join(folder, 'wrong.yaml')], { env })
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /batch::timeout: /)
})

test('a refresh that is no duration is refused', async (t) => {
  let said = ''
  const program = createProgram(pluginApi)
  for (const command of program.commands) command.configureOutput({ writeErr: (text) => void (said += text) })
  const refused = program.parseAsync(['node', 'sluice', 'run', '--refresh', 'often', '--config', 'yaml:a: 1'])
  await t.rejects(refused, { code: 'commander.error', exitCode: 2 })
  t.match(said, /--refresh.*must be a duration from 1s to 24h, such as 5m, or 0, got 'often'/)
})
