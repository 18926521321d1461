// Packets of StatsD at a steady rate from another process: how many arrive, by their sequence numbers, and what one costs.
//
//   node bench/statsd.ts [--rate 200000] [--seconds 60] [--senders 1] [--plain] [--otelcol PATH]
//
// `--plain` reads packets one by one, as Node does where it cannot call the kernel itself. CPU is user and system time of the
// agent's process alone. Each value is its packet's number, so their sum says whether all have arrived.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lostPackets } from '../src/net/lost-datagrams.ts'
import { freePort } from '../test/kit/free-ports.ts'
import { cpuSecondsOf } from './side/agents.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '60' },
    senders: { type: 'string', default: '1' },
    plain: { type: 'boolean', default: false },
    otelcol: { type: 'string', default: '' },
  },
})
const [rate, seconds, senders] = [Number(values.rate), Number(values.seconds), Number(values.senders)]
/** Both agents hand on what they have gathered this often. */
const INTERVAL_S = 1

if (values.otelcol === '' && !existsSync('dist/main.js')) throw new Error('dist/main.js is missing: npm run build')
const own = [process.execPath, ...(values.plain ? ['--no-experimental-ffi'] : []), 'dist/main.js', 'run']
await measure(values.otelcol === '' ? own : [values.otelcol])

async function measure(command: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const port = await freePort()
  const out = join(folder, 'out.json')
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configFor(port, out))
  const log = openSync(join(folder, 'log'), 'w')
  const agent = spawn(command[0]!, [...command.slice(1), '--config', config], { stdio: ['ignore', log, log] })
  await untilBound(agent, port)
  await send(port, Math.round(rate), 2)
  await sleep((INTERVAL_S + 1) * 1000)
  const before = { sum: sumIn(out), cpu: cpuSecondsOf(agent.pid!), lost: await lostPackets('127.0.0.1', port) }
  const sent = await send(port, rate, seconds)
  const cpuSeconds = cpuSecondsOf(agent.pid!) - before.cpu
  await sleep((INTERVAL_S + 2) * 1000)
  const lost = (await lostPackets('127.0.0.1', port))! - before.lost!
  const isWhole = sumIn(out) - before.sum === sent.sum
  const rssMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))![1]) / 1024
  const ended = new Promise((resolve) => agent.once('exit', resolve))
  agent.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true })
  console.log(
    [
      `${sent.packets} packets in ${sent.seconds.toFixed(1)} s (${Math.round(sent.packets / sent.seconds)} a second)`,
      `lost ${lost} (${isWhole ? 'the sum of all numbers is right' : 'the sum of all numbers is not right'})`,
      `${((cpuSeconds / sent.packets) * 1e6).toFixed(2)} us of CPU a packet`,
      `${((cpuSeconds / sent.seconds) * 100).toFixed(1)} % of a core`,
      `peak RSS ${rssMb.toFixed(0)} MB`,
    ].join(', '),
  )
}

function configFor(port: number, out: string): string {
  return `
receivers:
  statsd: {endpoint: "127.0.0.1:${port}", aggregation_interval: ${INTERVAL_S}s}
exporters:
  file: {path: "${out}"}
service:
  telemetry: {logs: {level: warn}, metrics: {level: none}}
  pipelines: {metrics: {receivers: [statsd], exporters: [file]}}
`
}

interface Sent {
  readonly packets: number
  readonly sum: number
  readonly seconds: number
}

/** At that rate, from as many processes as asked for. */
async function send(port: number, packetsPerSecond: number, seconds: number): Promise<Sent> {
  const path = fileURLToPath(new URL('./side/statsd-sender.ts', import.meta.url))
  const all = await Promise.all(
    Array.from(
      { length: senders },
      () =>
        new Promise<Sent>((resolve, reject) => {
          const child = fork(path, [String(port), String(packetsPerSecond / senders), String(seconds)])
          child.once('message', (message) => resolve(message as Sent))
          child.once('error', reject)
        }),
    ),
  )
  return {
    packets: all.reduce((sum, one) => sum + one.packets, 0),
    sum: all.reduce((sum, one) => sum + one.sum, 0),
    seconds: Math.max(...all.map((one) => one.seconds)),
  }
}

/** Of all values that were written so far. */
function sumIn(path: string): number {
  let sum = 0
  for (const [, digits] of readFileSync(path, 'utf8').matchAll(/"asInt":"(\d+)"/g)) sum += Number(digits)
  return sum
}

async function untilBound(agent: ChildProcess, port: number): Promise<void> {
  while ((await lostPackets('127.0.0.1', port)) === undefined) {
    if (agent.exitCode !== null) throw new Error(`the agent ended with ${agent.exitCode}`)
    await sleep(50)
  }
  await sleep(1000)
}
