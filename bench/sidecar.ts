// One agent with all its destinations on, at a steady load: how much of a core and how much memory it takes.
// node bench/sidecar.ts [--minutes 10] [--rate 2000] [--without awsemf,…]; dist/ must be built.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePorts } from '../test/kit/free-ports.ts'
import { cpuSecondsOf, memoryOf } from './side/agents.ts'
import type { StandInCounts } from './side/stand-ins.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '2000' },
    without: { type: 'string', default: '' },
  },
})
const MAX_CORE = 0.35
const MAX_RSS_MB = 150
const WARM_UP_MS = 20_000

/** By exporter: its config, and the pipelines that it is in. */
const exporters = (
  url: string,
): Readonly<Record<string, { readonly config: string; readonly signals: readonly string[] }>> => ({
  awsxray: { config: `{endpoint: "${url}", region: eu-west-1}`, signals: ['traces'] },
  opensearch: { config: `{http: {endpoint: "${url}/open"}}`, signals: ['traces', 'logs'] },
  elasticsearch: { config: `{endpoints: ["${url}/elastic"], logs_index: app}`, signals: ['logs'] },
  awscloudwatchlogs: {
    config: `{endpoint: "${url}", region: eu-west-1, log_group_name: "/ecs/{ServiceName}", log_stream_name: agent}`,
    signals: ['logs'],
  },
  awsemf: { config: `{endpoint: "${url}", region: eu-west-1, namespace: Shop}`, signals: ['metrics'] },
  awscloudwatch: { config: `{endpoint: "${url}", region: eu-west-1, namespace: Shop}`, signals: ['metrics'] },
  prometheusremotewrite: { config: `{endpoint: "${url}/write"}`, signals: ['metrics'] },
})

function configFor(url: string, port: number, metricsPort: number): string {
  const without = values.without.split(',')
  const chosen = Object.entries(exporters(url)).filter(([name]) => !without.includes(name))
  const signals = ['traces', 'metrics', 'logs']
  const namesFor = (signal: string): string[] =>
    chosen.filter(([, of]) => of.signals.includes(signal)).map(([name]) => name)
  // What goes nowhere is received all the same.
  const needsNop = signals.some((signal) => namesFor(signal).length === 0)
  const pipeline = (signal: string): string =>
    `    ${signal}: {receivers: [otlp], processors: [batch], exporters: [${namesFor(signal).join(', ') || 'nop'}]}`
  return `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}
processors:
  batch: {timeout: 1s}
exporters:${needsNop ? '\n  nop:' : ''}
${chosen.map(([name, { config }]) => `  ${name}: ${config}`).join('\n')}
service:
  telemetry:
    logs: {level: warn}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines:
${signals.map(pipeline).join('\n')}
`
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sidecar-'))
  const standIns = fork(fileURLToPath(new URL('side/stand-ins.ts', import.meta.url)))
  const loader = fork(fileURLToPath(new URL('side/steady.ts', import.meta.url)))
  let agent: ChildProcess | undefined
  try {
    const url = `http://127.0.0.1:${await messageOf(standIns)}`
    const [port, metricsPort] = (await freePorts(2)) as [number, number]
    writeFileSync(join(folder, 'config.yaml'), configFor(url, port, metricsPort))
    const log = openSync(join(folder, 'log'), 'w')
    agent = spawn(process.execPath, ['dist/main.js', 'run', '--config', join(folder, 'config.yaml')], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    })
    agent.once('exit', (code) => {
      if (code !== 0) console.error(readFileSync(join(folder, 'log'), 'utf8').slice(-3000))
    })
    await sleep(3000)
    loader.send({ port, itemsPerSecond: Number(values.rate) })
    await sleep(WARM_UP_MS)
    await measure(agent.pid!, loader, standIns)
    const shown = readFileSync(join(folder, 'log'), 'utf8')
      .split('\n')
      .filter((line) => / (warn|error) /.test(line))
    console.log(shown.length === 0 ? 'no warnings' : shown.slice(0, 20).join('\n'))
    const page = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
    const lost = page.split('\n').filter((line) => line.includes('outcome="dropped"') && !line.endsWith(' 0'))
    console.log(lost.length === 0 ? 'nothing was dropped' : lost.join('\n'))
  } finally {
    loader.disconnect()
    if (agent !== undefined && agent.exitCode === null) {
      const ended = new Promise((resolve) => agent!.once('exit', resolve))
      agent.kill('SIGTERM')
      await ended
    }
    standIns.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(pid: number, loader: ChildProcess, standIns: ChildProcess): Promise<void> {
  console.log('minute  core %   RSS MB  anonymous  peak')
  const minutes = Number(values.minutes)
  const from = { cpu: cpuSecondsOf(pid), at: performance.now() }
  let last = from
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(60_000)
    const now = { cpu: cpuSecondsOf(pid), at: performance.now() }
    const { rssMb, anonymousMb, peakRssMb } = memoryOf(pid)
    const cells = [percent(last, now), rssMb.toFixed(0), anonymousMb.toFixed(0), peakRssMb.toFixed(0)]
    console.log(`${String(minute).padStart(6)}${cells.map((cell) => cell.padStart(9)).join('')}`)
    last = now
  }
  const { peakRssMb } = memoryOf(pid)
  const core = Number(percent(from, last)) / 100
  loader.send('counts')
  console.log('requests', JSON.stringify(await messageOf(loader)))
  standIns.send('counts')
  const counts = (await messageOf(standIns)) as StandInCounts
  for (const [name, { requests, bytes }] of Object.entries(counts))
    console.log(`  ${name}: ${requests} requests, ${bytes} bytes`)
  console.log(
    `core ${(core * 100).toFixed(1)} % (goal ${MAX_CORE * 100}), peak RSS ${peakRssMb.toFixed(0)} MB (goal ${MAX_RSS_MB})`,
  )
}

interface Moment {
  readonly cpu: number
  readonly at: number
}
const percent = (from: Moment, to: Moment): string => (((to.cpu - from.cpu) / (to.at - from.at)) * 100_000).toFixed(1)

const messageOf = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('message', resolve))

await run()
