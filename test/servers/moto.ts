// moto, which stands for many AWS services at once, in a Python environment of its own in a cache folder.
import { execFile } from 'node:child_process'
import { access, constants, mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../kit/free-ports.ts'
import { ServerProcess } from './process.ts'

const run = promisify(execFile)

/** The version that the tests were written against. */
const VERSION = '5.2.5'

/** The program, or why there is none. SLUICE_MOTO may name another `moto_server`. */
export async function findMoto(): Promise<{ readonly program: string } | string> {
  const program = process.env.SLUICE_MOTO || join(cacheFolder, 'bin', 'moto_server')
  if (await isProgram(program)) return { program }
  if (process.env.SLUICE_MOTO) return `SLUICE_MOTO: ${program} is no program`
  try {
    await install()
    return { program }
  } catch (error) {
    return `no moto, as Python 3 with venv and pip is needed: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
}

const cacheFolder = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'sluice-test-servers',
  `moto-${VERSION}`,
)

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** Test files run side by side: one installs, the others wait. */
async function install(): Promise<void> {
  await mkdir(join(cacheFolder, '..'), { recursive: true })
  const lock = `${cacheFolder}.lock`
  for (let tries = 0; ; tries++) {
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (isOurs) break
    if (await isProgram(join(cacheFolder, 'bin', 'moto_server'))) return
    if (tries > 600) throw new Error(`${lock} is there for 5 minutes: remove it if nothing installs moto`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  try {
    await rm(cacheFolder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', cacheFolder])
    await run(join(cacheFolder, 'bin', 'pip'), ['-q', 'install', `moto[server]==${VERSION}`], { timeout: 300_000 })
  } catch (error) {
    await rm(cacheFolder, { recursive: true, force: true })
    throw error
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

export interface Moto {
  readonly url: string
  /** The settings of a component that sends there; any credentials will do. */
  readonly config: { readonly region: string; readonly endpoint: string }
  /** For the SDK's own clients. */
  readonly client: {
    readonly region: string
    readonly endpoint: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Forgets everything. */
  reset(): Promise<void>
  stop(): Promise<void>
}

const REGION = 'eu-west-1'

export async function startMoto({ program }: { readonly program: string }): Promise<Moto> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await ServerProcess.start('moto', program, ['-H', '127.0.0.1', '-p', String(port)], `${url}/moto-api/`)
  return {
    url,
    config: { region: REGION, endpoint: url },
    client: { region: REGION, endpoint: url, credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'test' } },
    async reset() {
      await fetch(`${url}/moto-api/reset`, { method: 'POST' })
    },
    stop: () => server.stop(),
  }
}
