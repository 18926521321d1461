// The real OpenTelemetry Collector, to compare with. SLUICE_OTELCOL names its binary; without it such tests are skipped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Batch } from '../../src/data/index.ts'
import { freePort } from '../kit/free-ports.ts'

const binary: string | undefined = process.env.SLUICE_OTELCOL || undefined

/** For `test`'s options. */
export const withOtelcol: { readonly skip: string | false } = {
  skip: binary === undefined && 'SLUICE_OTELCOL does not name an OpenTelemetry Collector',
}

let components: string | undefined
/** As `withOtelcol`, for a component that not every build of it has. */
export function otelcolHas(type: string): { readonly skip: string | false } {
  if (binary === undefined) return withOtelcol
  components ??= execFileSync(binary, ['components'], { encoding: 'utf8' })
  return { skip: !components.includes(`- name: ${type}\n`) && `the collector at hand has no ${type}` }
}

export interface Otelcol {
  /** OTLP over HTTP, to the receiver `otlp` that stands in a config which has no receivers. */
  send(batch: Batch, headers?: Readonly<Record<string, string>>): Promise<void>
  /** Flushes; what it has written to its outputs. */
  stop(): Promise<{ readonly stdout: string; readonly stderr: string }>
}

/** Runs it in `directory` with that config (JSON is YAML), in which the receiver `otlp` is filled in, until it is ready. */
export async function startOtelcol(directory: string, config: Readonly<Record<string, unknown>>): Promise<Otelcol> {
  const endpoint = `127.0.0.1:${await freePort()}`
  const receivers = { otlp: { protocols: { http: { endpoint, include_metadata: true } } } }
  const path = join(directory, 'otelcol.json')
  await writeFile(path, JSON.stringify({ receivers, ...config }))
  const child = spawn(binary!, ['--config', path], { stdio: ['ignore', 'pipe', 'pipe'] })
  // A test that is cut off leaves nothing running.
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const output = collect(child)
  const closed = once(child, 'close').then(() => process.off('exit', kill))
  await ready(child, output)
  return {
    async send(batch, headers = {}) {
      const response = await fetch(`http://${endpoint}/v1/${batch.signal}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', ...headers },
        body: Buffer.concat(batch.chunks),
      })
      if (response.status !== 200) throw new Error(`otelcol answered ${response.status}: ${await response.text()}`)
    },
    async stop() {
      child.kill('SIGTERM')
      await closed
      return output
    },
  }
}

/** What it says against a config; undefined when it takes it. */
export async function otelcolComplaint(
  directory: string,
  config: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const path = join(directory, 'otelcol.json')
  await writeFile(path, JSON.stringify(config))
  const child = spawn(binary!, ['validate', '--config', path], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collect(child)
  const [code] = await once(child, 'close')
  return code === 0 ? undefined : output.stderr
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  return output
}

function ready(child: ChildProcess, output: { readonly stderr: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', () => {
      if (output.stderr.includes('Everything is ready')) resolve()
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error(`otelcol ended: ${output.stderr}`)))
  })
}
