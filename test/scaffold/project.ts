// A copy of the project with a new component of each kind, as somebody would write it.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const KINDS = ['receiver', 'processor', 'exporter', 'connector', 'extension'] as const

/** What Node has made of the copy serves its next command, and nobody afterwards. */
const compiled = mkdtempSync(join(tmpdir(), 'sluice-new-compiled-'))
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }))

export interface Ended {
  readonly code: number | null
  /** Both streams. */
  readonly output: string
}

/** Without what a test runner puts into the environment of whatever is started. */
export function run(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { PATH, HOME } = process.env
  const child = spawn('sh', ['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', process.execPath, ...args], {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE: compiled, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part))
  return new Promise((ended) => child.on('close', (code) => ended({ code, output })))
}

export async function projectWithNew(
  t: { teardown(end: () => void): unknown },
  names: Readonly<Record<(typeof KINDS)[number], string>>,
): Promise<{ readonly folder: string; readonly told: readonly Ended[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-new-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const left = new Set(['node_modules', 'dist', '.git', '.tap', 'data'])
  for (const name of readdirSync('.')) if (!left.has(name)) cpSync(name, join(folder, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const told: Ended[] = []
  for (const kind of KINDS) told.push(await run(folder, ['src/main.ts', 'new', kind, names[kind]]))
  return { folder, told }
}
