// The long run: a mixed load of good, malformed, slow and resetting clients against one agent with everything on, and what becomes of its
// memory and handles. node bench/soak.ts [--minutes 60] [--rate 300]; dist/ must be built. Exit code 1 when something grows or is lost.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePorts } from '../test/kit/free-ports.ts'
import { cpuSecondsOf, memoryOf } from './side/agents.ts'
import { type SoakPorts, soakConfig } from './soak/config.ts'
import { type Sample, seriesOf, verdict } from './soak/verdict.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '300' } },
})
const MINUTE_MS = 60_000
/** How often the heap is looked at: its lowest is what a collection of garbage has left. */
const LOOK_MS = 5000
/** One in so many requests is answered 503 by the stand-ins. */
const FAULT_EVERY = '40'

let startedMs = 0

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const messageOf = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('message', resolve))

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'))
  const standIns = fork(script('side/stand-ins.ts'), [FAULT_EVERY])
  const sink = fork(script('side/sink.ts'))
  const loader = fork(script('side/steady.ts'))
  const mischief = fork(script('soak/mischief.ts'))
  let agent: ChildProcess | undefined
  for (const child of [standIns, sink, loader, mischief])
    child.once('exit', (code, signal) => {
      if (child.connected || code !== 0) console.error(`${child.spawnargs[1]} ended early: ${signal ?? code}`)
    })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      agent?.kill('SIGKILL')
      process.exit(1)
    })
  try {
    const [standInPort, sinks] = await Promise.all([messageOf(standIns), messageOf(sink)])
    const ports = await soakPorts(standInPort as number, sinks as { http: number; grpc: number })
    agent = startAgent(folder, soakConfig(ports, folder))
    await untilReady(agent, ports.health)
    loader.send({ port: ports.http, itemsPerSecond: Number(values.rate) })
    mischief.send(ports)
    startedMs = performance.now()
    const samples = await watch(agent.pid!, ports)
    for (const child of [loader, mischief]) {
      child.send('counts')
      console.log(JSON.stringify(await messageOf(child)))
      child.disconnect()
    }
    // What fails for the last time has nobody left to send it again.
    standIns.send('be well')
    const { text, isGood } = verdict(samples)
    console.log(text)
    console.log(
      (await ownMetrics(ports))
        .filter((line) => /^sluice_items_total.*(dropped|refused)/.test(line) && !line.endsWith(' 0'))
        .join('\n'),
    )
    console.log(linesByMessage(join(folder, 'log')))
    const ended = new Promise<number | null>((resolve) => agent!.once('exit', resolve))
    agent.kill('SIGTERM')
    const code = await ended
    console.log(`exit code ${code}`)
    process.exitCode = isGood && code === 0 ? 0 : 1
  } finally {
    agent?.kill('SIGKILL')
    for (const child of [standIns, sink, loader, mischief]) if (child.connected) child.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function soakPorts(standIns: number, sinks: { http: number; grpc: number }): Promise<SoakPorts> {
  const free = await freePorts(9)
  const [http, grpc, statsd, xray, emf, awslogs, prometheus, metrics, health] = free as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    http,
    grpc,
    statsd,
    xray,
    emf,
    awslogs,
    prometheus,
    metrics,
    health,
    standIns,
    sinkHttp: sinks.http,
    sinkGrpc: sinks.grpc,
  }
}

function startAgent(folder: string, config: string): ChildProcess {
  writeFileSync(join(folder, 'config.yaml'), config)
  const log = openSync(join(folder, 'log'), 'w')
  const agent = spawn(process.execPath, ['dist/main.js', 'run', '--config', join(folder, 'config.yaml')], {
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
  return agent
}

async function untilReady(agent: ChildProcess, health: number): Promise<void> {
  for (let tries = 0; tries < 300 && agent.exitCode === null; tries++) {
    const answer = await fetch(`http://127.0.0.1:${health}/`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error('the agent did not start')
}

/** A sample at the end of each minute. */
async function watch(pid: number, ports: SoakPorts): Promise<readonly Sample[]> {
  console.log('minute  core %   RSS MB  peak MB  heap MB   lowest      fds   series  items in flight')
  const samples: Sample[] = []
  let cpu = cpuSecondsOf(pid)
  for (let minute = 1; minute <= Number(values.minutes); minute++) {
    const lowestMb = await lowestHeapMb(minute * MINUTE_MS, ports)
    const page = await ownMetrics(ports)
    const { rssMb, peakRssMb } = memoryOf(pid)
    const now = cpuSecondsOf(pid)
    const sample: Sample = {
      corePercent: ((now - cpu) / (MINUTE_MS / 1000)) * 100,
      rssMb,
      peakRssMb,
      heapMb: heapMbOf(page),
      lowestHeapMb: lowestMb,
      fds: readdirSync(`/proc/${pid}/fd`).length,
      series: Object.fromEntries(SERIES.map(([component, name]) => [component, total(page, name)])),
      itemsHeld: total(page, 'sluice_items_in_flight'),
    }
    cpu = now
    samples.push(sample)
    // The peak of the next minute is its own: proc(5), clear_refs.
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    const { corePercent, heapMb, fds, itemsHeld } = sample
    const cells = [corePercent, rssMb, peakRssMb, heapMb, lowestMb, fds, seriesOf(sample), itemsHeld]
    console.log(`${String(minute).padStart(6)}${cells.map((cell) => cell.toFixed(0).padStart(9)).join('')}`)
  }
  return samples
}

/** Until so long after the start. */
async function lowestHeapMb(untilMs: number, ports: SoakPorts): Promise<number> {
  let lowest = Infinity
  while (performance.now() - startedMs < untilMs) {
    await sleep(Math.min(LOOK_MS, untilMs - (performance.now() - startedMs)))
    lowest = Math.min(lowest, heapMbOf(await ownMetrics(ports)))
  }
  return lowest
}

const heapMbOf = (page: readonly string[]): number => total(page, 'otelcol_process_runtime_heap_alloc_bytes') / 2 ** 20

/** What is held for each that was met, by component, and what it is called among the agent's own metrics. */
const SERIES = [
  ['prometheus', 'sluice_exporter_prometheus_series'],
  ['prometheusremotewrite', 'sluice_exporter_prometheusremotewrite_series'],
  ['awsemf', 'sluice_exporter_awsemf_series'],
  ['awscloudwatch', 'sluice_exporter_awscloudwatch_series'],
  ['cumulativetodelta', 'sluice_processor_streams{'],
  ['groupbytrace', 'otelcol_processor_groupbytrace_num_traces_in_memory'],
] as const

/** Warnings and errors, and how often each was written. */
function linesByMessage(file: string): string {
  const counts = new Map<string, number>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, what] = /Z ((?:warn|error) +[^=]*) \S+=/.exec(line) ?? []
    if (what !== undefined) counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].map(([what, times]) => `${String(times).padStart(6)} ${what}`).join('\n')
}

async function ownMetrics({ metrics }: SoakPorts): Promise<readonly string[]> {
  return (await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).split('\n')
}

const total = (page: readonly string[], name: string): number =>
  page
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)

await run()
