// The compose file against what Compose knows, its Prometheus' config against promtool, and the pair of them running from these files.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { parse } from 'yaml'
import { parseDuration } from '../../src/config/values.ts'
import { sluice, startSluice } from '../kit/process.ts'
import { eventually } from '../servers/process.ts'
import { findPrometheus, startPrometheusWith } from '../servers/prometheus.ts'

const FOLDER = 'deploy'
const SLUICE = readFileSync(join(FOLDER, 'compose/sluice.yaml'), 'utf8')
const PROMETHEUS = readFileSync(join(FOLDER, 'compose/prometheus.yml'), 'utf8')

interface Service {
  readonly image: string
  readonly command: readonly string[]
  readonly build?: { readonly context: string }
  readonly configs?: readonly { readonly source: string; readonly target: string }[]
  readonly ports?: readonly string[]
  readonly user?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly stop_grace_period?: string
}
interface Compose {
  readonly name: string
  readonly services: Readonly<Record<'sluice' | 'prometheus' | 'generate', Service>>
  readonly configs: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const compose = parse(readFileSync(join(FOLDER, 'compose.yaml'), 'utf8')) as Compose
const services = Object.entries(compose.services)

/** Of the Compose specification, as far as it is used here: the kind of value by key. */
const KNOWN: Readonly<Record<string, 'text' | 'texts' | 'flag' | 'number' | 'section' | 'sections'>> = {
  image: 'text',
  build: 'section',
  command: 'texts',
  configs: 'sections',
  ports: 'texts',
  user: 'text',
  read_only: 'flag',
  cap_drop: 'texts',
  security_opt: 'texts',
  mem_limit: 'text',
  pids_limit: 'number',
  environment: 'section',
  healthcheck: 'section',
  stop_grace_period: 'text',
  restart: 'text',
  volumes: 'texts',
  depends_on: 'section',
}
const isOf = (kind: string | undefined, value: unknown): boolean => {
  if (kind === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (kind === 'sections') return Array.isArray(value) && value.every((one) => typeof one === 'object')
  if (kind === 'section') return typeof value === 'object' && !Array.isArray(value)
  return kind !== undefined && typeof value === { text: 'string', flag: 'boolean', number: 'number' }[kind]
}

test('the compose file has what Compose knows, and what it names is there', async (t) => {
  t.strictSame(Object.keys(compose), ['name', 'services', 'configs', 'volumes'])
  for (const [name, service] of services) {
    for (const [key, value] of Object.entries(service))
      t.ok(isOf(KNOWN[key], value), `${name}.${key}: ${JSON.stringify(value)}`)
    for (const { source } of service.configs ?? [])
      t.ok(existsSync(join(FOLDER, compose.configs[source]!.file)), source)
    for (const mount of service.volumes ?? []) t.ok(mount.split(':')[0]! in compose.volumes, mount)
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      t.ok(other in compose.services)
      t.equal(condition, 'service_healthy')
    }
    for (const port of service.ports ?? [])
      t.match(port, /^127\.0\.0\.1:\d+:\d+$/, 'nobody else on the network reaches it')
    t.match(service, {
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: /^\d+m$/,
    })
  }
  t.ok(existsSync(join(FOLDER, compose.services.sluice.build!.context, 'Dockerfile')))
})

test('the agent runs with its config, asks for its health, and has the time that it takes to stop', async (t) => {
  const { command, configs, healthcheck, environment, stop_grace_period } = compose.services.sluice
  const target = configs![0]!.target
  t.strictSame(command, ['run', '--config', target])
  t.strictSame(healthcheck!.test, ['CMD', 'node', 'dist/main.js', 'healthcheck', '--config', target])
  t.ok(parseDuration(environment!.SLUICE_SHUTDOWN_TIMEOUT!)! < parseDuration(stop_grace_period!)!)
  t.match(await sluice(['validate', '--config', 'deploy/compose/sluice.yaml']), { code: 0, stderr: '' })
})

const binaries = await findPrometheus()
const skip = typeof binaries === 'string' ? binaries : false

test('promtool finds nothing wrong with the config of Prometheus', { skip }, async (t) => {
  if (typeof binaries === 'string') return
  const check = (file: string) => promisify(execFile)(binaries.promtool, ['check', 'config', file])
  t.match((await check('deploy/compose/prometheus.yml')).stdout, /SUCCESS/)
  const folder = t.testdir({ 'wrong.yml': PROMETHEUS.replace('honor_labels', 'honour_labels') })
  const complaint = await check(join(folder, 'wrong.yml')).then(
    () => '',
    (error: { stderr: string }) => error.stderr,
  )
  t.match(complaint, /honour_labels/, 'it can fail')
})

test('what is sent to the agent arrives in Prometheus, and so does what the agent says of itself', {
  skip,
}, async (t) => {
  if (typeof binaries === 'string') return
  const onFreePorts = SLUICE.replace(/0\.0\.0\.0:\d+/g, '127.0.0.1:0')
    .replace('host: 0.0.0.0', 'host: 127.0.0.1')
    .replace('port: 8888', 'port: 0')
  const agent = await startSluice(t, onFreePorts)
  const hostOf = (label: string): string => new URL(agent.endpoints(label)[0]!).host
  const scrape = PROMETHEUS.replace('sluice:8889', hostOf('exporter prometheus'))
    .replace('sluice:8888', hostOf('own metrics'))
    .replace('scrape_interval: 5s', 'scrape_interval: 200ms')
    .replace('scrape_timeout: 4s', 'scrape_timeout: 200ms')
  const prometheus = await startPrometheusWith(binaries, scrape)
  t.teardown(() => prometheus.stop())

  const { command } = compose.services.generate
  const http = agent.endpoints('receiver otlp').find((endpoint) => endpoint.startsWith('http://'))!
  const sent = await sluice(command.map((word) => word.replace('http://sluice:4318', http).replace('24h', '2s')))
  t.equal(sent.code, 0, sent.stderr)

  const metric = /try: sum by \(http_route\) \(rate\((\w+)\[1m\]\)\)/.exec(
    readFileSync('deploy/compose.yaml', 'utf8'),
  )![1]!
  const routes = await eventually(metric, async () => {
    const samples = await prometheus.query(`sum by (http_route) (${metric})`)
    return samples.length > 0 ? samples : undefined
  })
  t.ok(routes.every(({ value }) => value > 0))
  const items = await eventually('sluice_items_total', async () => {
    const samples = await prometheus.query('sum by (job) (sluice_items_total{component="prometheus",outcome="out"})')
    return samples.some(({ value }) => value > 0) ? samples : undefined
  })
  t.strictSame(
    items.map(({ metric: { job } }) => job),
    ['sluice'],
  )
  t.equal((await agent.end()).code, 0)
})
