// The two agents under measurement as child processes, with what the kernel says about them.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { freePorts } from '../../test/kit/free-ports.ts'
import { type AuthName, type SenderAuth, senderAuth } from './senders.ts'

export type AgentName = 'sluice' | 'otelcol'

/** A pipeline, for either agent. */
export interface PipelineShape {
  readonly signal: 'traces' | 'metrics' | 'logs'
  readonly exporter: 'http' | 'grpc'
  readonly compressionOut: 'none' | 'gzip' | 'zstd'
  readonly compressionLevel?: number
  readonly isEdited: boolean
  /** What the receiver asks senders for, over HTTP; the Go collector's distribution at hand may have none of them. */
  readonly auth?: AuthName
}

export interface Ports {
  readonly http: number
  readonly grpc: number
}

export interface RunningAgent {
  readonly ports: Ports
  readonly readyMs: number
  /** What senders must say. */
  readonly authorization: string | undefined
  /** User and system time since the start, in seconds. */
  cpuSeconds(): number
  memory(): Memory
  stop(): Promise<void>
}

export interface Memory {
  readonly rssMb: number
  readonly anonymousMb: number
  readonly peakRssMb: number
}

const TICKS_PER_SECOND = 100

export async function startAgent(
  name: AgentName,
  command: readonly string[],
  shape: PipelineShape,
  sink: Ports,
): Promise<RunningAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const [http, grpc, metrics] = (await freePorts(3)) as [number, number, number]
  const config = join(folder, 'config.yaml')
  const auth = shape.auth && (await senderAuth(shape.auth, folder))
  if (auth?.keys !== undefined) writeFileSync(join(folder, 'keys.json'), auth.keys)
  writeFileSync(config, configFor(shape, { listen: { http, grpc }, metricsPort: metrics, sink, auth }))
  const log = openSync(join(folder, `${name}.log`), 'w')
  const startedAt = performance.now()
  const child = spawn(command[0]!, [...command.slice(1), '--config', config], { stdio: ['ignore', log, log] })
  await untilReady(child, http, join(folder, `${name}.log`))
  const readyMs = performance.now() - startedAt
  const pid = child.pid!
  return {
    ports: { http, grpc },
    readyMs,
    authorization: auth?.header,
    cpuSeconds: () => cpuSecondsOf(pid),
    memory: () => memoryOf(pid),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
      await ended
      clearTimeout(timer)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Around {
  readonly listen: Ports
  readonly metricsPort: number
  readonly sink: Ports
  readonly auth: SenderAuth | undefined
}

function configFor(shape: PipelineShape, { listen, metricsPort, sink, auth }: Around): string {
  const door = auth === undefined ? '' : `, auth: {authenticator: ${shape.auth}}`
  const extensions = auth === undefined ? '' : `extensions:\n  ${shape.auth}: ${auth.section}`
  const exporter = shape.exporter === 'http' ? 'otlp_http' : 'otlp_grpc'
  const endpoint = shape.exporter === 'http' ? `http://127.0.0.1:${sink.http}` : `127.0.0.1:${sink.grpc}`
  const level =
    shape.compressionLevel === undefined ? '' : `\n    compression_params: {level: ${shape.compressionLevel}}`
  const edit = `
  attributes:
    actions:
      - {key: bench.added, value: yes-indeed, action: upsert}
      - {key: ${EDITED_KEYS[shape.signal]}, action: delete}`
  return `
${extensions}
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:${listen.http}"${door}}
      grpc: {endpoint: "127.0.0.1:${listen.grpc}", max_recv_msg_size_mib: 20}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 1500, spike_limit_mib: 300}
  batch: {send_batch_size: 8192, timeout: 200ms}${shape.isEdited ? edit : ''}
exporters:
  ${exporter}:
    endpoint: "${endpoint}"
    tls: {insecure: true}
    compression: ${shape.compressionOut}${level}
service:
  extensions: [${auth === undefined ? '' : shape.auth}]
  telemetry:
    logs: {level: warn}
    metrics:
      level: normal
      readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]
  pipelines:
    ${shape.signal}:
      receivers: [otlp]
      processors: [memory_limiter, ${shape.isEdited ? 'attributes, ' : ''}batch]
      exporters: [${exporter}]
`
}

/** An attribute that every item of the payloads has. */
const EDITED_KEYS = {
  traces: 'http.request.method',
  metrics: 'http.request.method',
  logs: 'http.request.method',
} as const

async function untilReady(child: ChildProcess, port: number, log: string): Promise<void> {
  const until = performance.now() + 30_000
  while (performance.now() < until) {
    if (child.exitCode !== null) break
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/none`, { method: 'POST' })
      await response.arrayBuffer()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  child.kill('SIGKILL')
  throw new Error(`agent did not start: ${readFileSync(log, 'utf8').slice(-2000)}`)
}

export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (key: string): number => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024
  return { rssMb: mb('VmRSS'), anonymousMb: mb('RssAnon'), peakRssMb: mb('VmHWM') }
}
