// A real Prometheus: the one in PATH, or the distribution's package unpacked into a cache folder.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../kit/free-ports.ts'
import { ServerProcess } from './process.ts'

const run = promisify(execFile)

export interface PrometheusBinaries {
  readonly prometheus: string
  readonly promtool: string
}

/** The binaries, or why there are none. SLUICE_PROMETHEUS may name a folder with others. */
export async function findPrometheus(): Promise<PrometheusBinaries | string> {
  const own = process.env.SLUICE_PROMETHEUS
  const folders = own ? [own] : [...(process.env.PATH ?? '').split(delimiter), cacheFolder]
  for (const folder of folders) if (await hasBoth(folder)) return binariesIn(folder)
  if (own) return `SLUICE_PROMETHEUS: ${own} has no prometheus and promtool`
  try {
    return await install()
  } catch (error) {
    return `no Prometheus in PATH, and none from apt: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
}

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice-test-servers', 'prometheus')

const binariesIn = (folder: string): PrometheusBinaries => ({
  prometheus: join(folder, 'prometheus'),
  promtool: join(folder, 'promtool'),
})

async function hasBoth(folder: string): Promise<boolean> {
  const { prometheus, promtool } = binariesIn(folder)
  const checks = [prometheus, promtool].map((file) => access(file, constants.X_OK))
  return (await Promise.allSettled(checks)).every(({ status }) => status === 'fulfilled')
}

/** Nothing is installed: the package is downloaded and its two programs are taken out. */
async function install(): Promise<PrometheusBinaries> {
  await mkdir(join(cacheFolder, '..'), { recursive: true })
  const work = await mkdtemp(`${cacheFolder}-`)
  try {
    const download = () => run('apt-get', ['-qq', 'download', 'prometheus'], { cwd: work })
    await download().catch(async () => {
      await run('apt-get', ['-qq', 'update'])
      await download()
    })
    const [archive] = (await readdir(work)).filter((name) => name.endsWith('.deb'))
    await run('dpkg', ['-x', archive!, 'root'], { cwd: work })
    // Whoever comes second has done the same.
    await rename(join(work, 'root/usr/bin'), cacheFolder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return binariesIn(cacheFolder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface Prometheus {
  readonly url: string
  readonly version: string
  /** An instant query. */
  query(promql: string): Promise<Sample[]>
  /** `data` of any GET under /api/v1. */
  get(path: string, parameters?: Record<string, string>): Promise<unknown>
  stop(): Promise<void>
}

/** Scrapes `http://<target>/metrics` five times a second; more of a scrape's settings as in prometheus.yml. */
export function startPrometheus(
  binaries: PrometheusBinaries,
  targets: readonly string[],
  scrape: object = {},
  flags: readonly string[] = ['--enable-feature=exemplar-storage'],
): Promise<Prometheus> {
  const config = {
    global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
    scrape_configs: [{ job_name: 'test', honor_labels: true, ...scrape, static_configs: [{ targets }] }],
  }
  return startPrometheusWith(binaries, JSON.stringify(config), flags)
}

/** With a whole prometheus.yml. */
export async function startPrometheusWith(
  { prometheus }: PrometheusBinaries,
  config: string,
  flags: readonly string[] = [],
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'))
  await writeFile(join(folder, 'prometheus.yml'), config)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]
  const server = await ServerProcess.start('prometheus', prometheus, args, `${url}/-/ready`)
  const get = async (path: string, parameters: Record<string, string> = {}): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string }
    if (status !== 'success') throw new Error(`${path}: ${error}`)
    return data
  }
  const { version } = (await get('status/buildinfo')) as { version: string }
  return {
    url,
    version,
    get,
    async query(promql) {
      const { result } = (await get('query', { query: promql })) as {
        result: { metric: Record<string, string>; value: [number, string] }[]
      }
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1].replace('Inf', 'Infinity')) }))
    },
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What `promtool check metrics` finds wrong with an exposition as text; lint, such as a missing HELP, is not. */
export async function checkMetrics({ promtool }: PrometheusBinaries, text: string): Promise<string | undefined> {
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (piece: Buffer) => {
    complaints += piece
  })
  child.stdin.end(text)
  const [code] = (await once(child, 'close')) as [number]
  return code === 0 || code === LINT ? undefined : complaints
}
const LINT = 3
