// A config with a secret from each place that secrets come from, and what looks for them in everything that an agent says.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { StoresEmulator } from '../emulator/stores.ts'
import { type LaunchOptions, startSluice } from './process.ts'
import { until } from './until.ts'

/** Every secret has it, as it is and as URLs and JSON write it. */
export const SHOWN = /Kanary/i
/** With signs that URLs and JSON write otherwise. */
const CANARY = 'Kanary+5f/3a"9c'
/** A secret of digits, in a setting that is a number. */
export const DIGITS = '4711471'

export interface Canaries {
  readonly stores: StoresEmulator
  /** Of the test; for more files. */
  readonly folder: string
  readonly config: string
  /** Of a process that reads it. */
  readonly env: Record<string, string>
}

/** What it takes from where: Secrets Manager, SSM, S3, a web server, a file, the environment, and its own text. */
export async function canaries(t: Test): Promise<Canaries> {
  const stores = await StoresEmulator.start(t)
  stores.secrets.set('prod/api', JSON.stringify({ user: 'Kanary-user', password: CANARY, path: 'Kanary-path' }))
  stores.secrets.set('bad', `${CANARY}://host`)
  stores.parameters.set('/app/token', { value: CANARY })
  stores.parameters.set('/app/size', { value: DIGITS })
  stores.objects.set('team/token', 'Kanary-object')
  const web = createServer((_, response) => response.end('Kanary-web')).listen(0, '127.0.0.1')
  await new Promise((resolve) => web.once('listening', resolve))
  t.teardown(() => web.close())
  const folder = t.testdir({ token: 'Kanary-file' })
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/token`
  return {
    stores,
    folder,
    config: configOf(join(folder, 'token'), url),
    env: { ...stores.environment, PLAIN: 'Kanary-plain', API_TOKEN: 'Kanary-env' },
  }
}

const configOf = (file: string, url: string): string => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors:
  batch: {send_batch_size: "\${ssm:/app/size}", timeout: 1ms}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:1/\${secretsmanager:prod/api#path}/\${env:API_TOKEN}
    headers:
      authorization: "Bearer \${secretsmanager:prod/api#password}"
      x-env: "\${env:PLAIN}"
      x-file: "\${file:${file}}"
      x-object: "\${s3:team/token}"
      x-web: "\${${url}}"
      x-api-key: Kanary-written
    retry_on_failure: {enabled: false}
  otlp_http/userinfo:
    endpoint: http://\${secretsmanager:prod/api#user}:\${secretsmanager:prod/api#path}@127.0.0.1:1
    retry_on_failure: {enabled: false}
  file: {path: "./\${secretsmanager:prod/api#path}.jsonl"}
extensions:
  health_check: {endpoint: "127.0.0.1:0"}
  zpages: {endpoint: "127.0.0.1:0", expvar: {enabled: true}}
  pprof: {endpoint: "127.0.0.1:0"}
service:
  extensions: [health_check, zpages, pprof]
  telemetry:
    logs: {level: debug, initial_fields: {token: "\${ssm:/app/token}", file: "\${file:${file}}"}}
    metrics: {level: detailed, readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http, otlp_http/userinfo, file]}
`

const REPORT = 'report.json'

/** Runs an agent that cannot deliver, and looks at all that it shows: pages, profiles, metrics, output, a report of Node. */
export async function watchCanaries(t: Test, { stores, folder, config, env }: Canaries, main?: string): Promise<void> {
  const report = `--report-on-signal --report-signal=SIGUSR2 --report-directory=${folder} --report-filename=${REPORT}`
  const options: LaunchOptions = { env: { ...env, NODE_OPTIONS: report }, ...(main !== undefined && { main }) }
  const agent = await startSluice(t, config, options)
  const [receiver] = agent.endpoints('receiver otlp')
  const sent = await fetch(`${receiver}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'pay' }] }] }] }),
  })
  t.equal(sent.status, 200)
  await until(() => /data lost.*exporter=otlp_http\/userinfo/.test(agent.output.stderr))

  const [metrics, health, zpages, pprof] = [
    'own metrics',
    'extension health_check',
    'extension zpages',
    'extension pprof',
  ].map((label) => agent.endpoints(label)[0]!)
  const own = await pageAt(metrics!)
  t.match(own, /^sluice_config_sources_changed(\{.*\})? 0$/m)
  const pages = [own]
  for (const path of ['/', '/health', '/health/detailed']) pages.push(await pageAt(new URL(path, health)))
  for (const page of ['servicez', 'pipelinez', 'extensionz', 'featurez', 'tracez', 'expvarz'])
    for (const format of ['html', 'json']) pages.push(await pageAt(new URL(`/debug/${page}?format=${format}`, zpages)))
  for (const path of [
    '',
    'heap',
    'heap?format=heapprofile',
    'profile?seconds=1',
    'profile?seconds=1&format=cpuprofile',
  ])
    pages.push(await pageAt(new URL(path, pprof)))
  for (const page of pages) t.notMatch(page, SHOWN)

  process.kill(agent.pid, 'SIGUSR1')
  process.kill(agent.pid, 'SIGUSR2')
  await until(() => /Node\.js report completed/.test(agent.output.stderr))
  const { code, stdout, stderr } = await agent.end()
  t.ok(code === 0 || code === 3, `ended with ${code}`)
  t.match(stderr, /\[REDACTED\]/)
  t.notMatch(stderr, /Debugger listening/)
  for (const said of [stdout, stderr, readFileSync(join(folder, REPORT), 'utf8')]) t.notMatch(said, SHOWN)
  t.same([...new Set(stores.calls)].toSorted(), [
    'GET team/token',
    'GetParameter /app/size',
    'GetParameter /app/token',
    'GetSecretValue prod/api',
  ])
}

/** Profiles are compressed. */
async function pageAt(url: string | URL): Promise<string> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  const body = Buffer.from(await response.arrayBuffer())
  return (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString('latin1')
}
