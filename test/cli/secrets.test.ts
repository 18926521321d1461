// A secret goes into a running agent and into nothing that it says: its output, its log, its metrics, its health, its errors.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { test } from 'tap'
import { assemble } from '../../src/cli/assemble.ts'
import { ConfigError } from '../../src/config/index.ts'
import { withTestKeys } from '../emulator/server.ts'
import { StoresEmulator } from '../emulator/stores.ts'
import { sluice, startSluice } from '../kit/process.ts'
import { until } from '../kit/until.ts'

const pluginApi = new URL('../../src/plugin.ts', import.meta.url)

const CANARY = 'Kanary+5f/3a"9c'
/** As it is, and as URLs and JSON have it. */
const SHOWN = /Kanary/i
const PORT = '4711471'

async function storesWith(t: Parameters<typeof StoresEmulator.start>[0]): Promise<StoresEmulator> {
  const stores = await StoresEmulator.start(t)
  stores.secrets.set('prod/api', JSON.stringify({ user: 'Kanary-user', password: CANARY, path: 'Kanary-path' }))
  stores.secrets.set('bad', `${CANARY}://host`)
  stores.parameters.set('/app/token', { value: CANARY })
  stores.parameters.set('/app/size', { value: PORT })
  return stores
}

const config = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors:
  batch: {send_batch_size: "\${ssm:/app/size}", timeout: 1ms}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:1/\${secretsmanager:prod/api#path}
    headers: {authorization: "Bearer \${secretsmanager:prod/api#password}", x-env: "\${env:PLAIN}"}
    retry_on_failure: {enabled: false}
  otlp_http/userinfo:
    endpoint: http://\${secretsmanager:prod/api#user}:\${secretsmanager:prod/api#path}@127.0.0.1:1
    retry_on_failure: {enabled: false}
  file: {path: "./\${secretsmanager:prod/api#path}.jsonl"}
extensions: {health_check: {endpoint: "127.0.0.1:0"}}
service:
  extensions: [health_check]
  telemetry:
    logs: {level: debug, initial_fields: {token: "\${ssm:/app/token}"}}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http, otlp_http/userinfo, file]}
`

test('a running agent shows no secret anywhere', async (t) => {
  const stores = await storesWith(t)
  const agent = await startSluice(t, config, { env: { ...stores.environment, PLAIN: 'Kanary-plain' } })
  const [endpoint] = agent.endpoints('receiver otlp')
  const sent = await fetch(`${endpoint}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'pay' }] }] }] }),
  })
  t.equal(sent.status, 200)
  await until(() => /data lost.*exporter=otlp_http\/userinfo/.test(agent.output.stderr))
  const [metrics] = agent.endpoints('own metrics')
  const pages = [await (await fetch(metrics!)).text()]
  const [health] = agent.endpoints('extension health_check')
  pages.push(await (await fetch(health!)).text(), await (await fetch(`${health}health/detailed`)).text())
  t.match(pages[0], /^sluice_config_sources_changed 0$|^sluice_config_sources_changed\{.*\} 0$/m)
  const { code, stdout, stderr } = await agent.end()
  t.ok(code === 0 || code === 3)
  t.match(stderr, /\[REDACTED\]/)
  for (const said of [...pages, stdout, stderr]) t.notMatch(said, SHOWN)
  t.same(stores.calls.toSorted(), ['GetParameter /app/size', 'GetParameter /app/token', 'GetSecretValue prod/api'])
})

test('print-config and validate show no secret, neither of a config that is right nor of a wrong one', async (t) => {
  const stores = await storesWith(t)
  const folder = t.testdir()
  const env = { ...stores.environment, PLAIN: 'Kanary-plain' }
  const run = async (command: string, yaml: string) => {
    const file = join(folder, 'config.yaml')
    writeFileSync(file, yaml)
    const ended = await sluice([command, '--config', file], { env })
    t.notMatch(ended.stdout + ended.stderr, SHOWN, `${command} ${yaml}`)
    t.notMatch(ended.stdout, PORT)
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
  const stores = await storesWith(t)
  withTestKeys(t)
  Object.assign(process.env, stores.environment, { PLAIN: 'Kanary-plain' })
  const folder = t.testdir()
  const bad = '"${secretsmanager:bad}"'
  const wrongs = [
    ['http://127.0.0.1:1/${secretsmanager:prod/api#path}', bad],
    ['"${ssm:/app/size}"', bad],
    ['"127.0.0.1:0"}}}}', `${bad}}}}}`],
    ['[otlp_http, otlp_http/userinfo, file]', `[${bad}]`],
    ['level: debug', `level: ${bad}`],
    ['1ms', bad],
    ['extensions: [health_check]', `extensions: [${bad}]`],
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
  const folder = t.testdir({ 'config.yaml': config, 'wrong.yaml': config.replace('1ms', 'soon') })
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    PLAIN: 'x',
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

test('a report of Node has no environment in it, and no debugger listens for a signal', async (t) => {
  const stores = await storesWith(t)
  const folder = t.testdir()
  const agent = await startSluice(t, config, {
    env: {
      ...stores.environment,
      PLAIN: 'Kanary-plain',
      NODE_OPTIONS: `--report-on-signal --report-signal=SIGUSR2 --report-directory=${folder} --report-filename=report.json`,
    },
  })
  process.kill(agent.pid, 'SIGUSR1')
  process.kill(agent.pid, 'SIGUSR2')
  await until(() => /Node\.js report completed/.test(agent.output.stderr))
  await agent.end()
  t.notMatch(readFileSync(join(folder, 'report.json'), 'utf8'), SHOWN)
  t.notMatch(agent.output.stderr, /Debugger listening/)
})

test('a refresh that is no duration is refused', async (t) => {
  const { code, stderr } = await sluice(['run', '--refresh', 'often', '--config', 'yaml:a: 1'])
  t.equal(code, 2)
  t.match(stderr, /--refresh.*must be a duration from 1s to 24h, such as 5m, or 0, got 'often'/)
})
