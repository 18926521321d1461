// The agent as users run it: a process with a config, known by what it prints.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { COMPILED } from './compiled.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SluiceProcess {
  /** By what the start message calls it: `receiver otlp`; several endpoints of one component in order. */
  endpoints(label: string): string[]
  readonly output: { readonly stdout: string; readonly stderr: string }
  readonly pid: number
  /** Where it runs: relative paths of the config lead here. */
  readonly folder: string
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ended>
  readonly ended: Promise<Ended>
}

const MAIN = resolve('src/main.ts')

/** Any command, to its end. */
export async function sluice(args: readonly string[], options: LaunchOptions = {}): Promise<Ended> {
  return (await launch(args, options)).ended
}

export interface Launched {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly ended: Promise<Ended>
}

export interface LaunchOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What is run instead of the sources: a `main.js` that was built. */
  readonly main?: string
  /** A command that becomes the agent: into a cgroup, as another user. */
  readonly enter?: readonly string[]
}

/** Any command, on its way. */
export function launch(args: readonly string[], { env, cwd, main = MAIN, enter = [] }: LaunchOptions = {}): Launched {
  const [command, ...rest] = [...enter, process.execPath, main, ...args]
  const child = spawn(command!, rest, {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...(main === MAIN && { NODE_COMPILE_CACHE: COMPILED }),
      ...env,
    },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...output })))
  return { child, output, ended }
}

/** Resolves when it says that it is ready; rejects with what it printed when it ends before. */
export async function startSluice(
  t: { teardown(end: () => Promise<void>): unknown },
  yaml: string,
  options: Omit<LaunchOptions, 'cwd'> & { readonly args?: readonly string[] } = {},
): Promise<SluiceProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, yaml)
  const { args = [], ...rest } = options
  const { child, output, ended } = launch(['run', '--config', file, ...args], { ...rest, cwd: folder })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  await new Promise<void>((ready, failed) => {
    const look = (): void => {
      if (/sluice is ready[\s\S]*\n\n/.test(output.stderr) || readyLine(output.stderr) !== undefined) ready()
    }
    child.stderr!.on('data', look)
    void ended.then(({ code, stderr, stdout }) =>
      failed(new Error(`ended with ${code} before it was ready: ${stderr}${stdout}`)),
    )
  })
  return {
    endpoints: (label) =>
      readyLine(output.stderr)?.endpoints[label] ??
      output.stderr
        .split('\n')
        .filter((line) => line.startsWith(`  ${label} `))
        .map((line) => line.slice(label.length + 2).trim()),
    output,
    pid: child.pid!,
    folder,
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

/** What it says instead where the log is JSON. */
function readyLine(stderr: string): { readonly endpoints: Readonly<Record<string, string[]>> } | undefined {
  const line = stderr
    .split('\n')
    .slice(0, -1)
    .find((one) => one.includes('"msg":"sluice is ready"'))
  return line === undefined ? undefined : JSON.parse(line)
}
