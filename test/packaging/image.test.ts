// The image, without Docker: what its Dockerfile copies, in a file system of its own that nobody can write to, where there is no shell; Node as process 1,
// as an unprivileged user. And how large it is.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type Test, test } from 'tap'
import { copied, imageParts, rowOf } from '../../tools/image-size.ts'
import { freePorts } from '../kit/free-ports.ts'

const isBuilt = existsSync('dist/main.js')
const skip = isBuilt ? false : 'nothing is built: npm run build'

/** By how much the documented figures may be wrong. */
const TOLERANCE = 0.05

test('docs/container.md says how large the image is', { skip }, async (t) => {
  const page = readFileSync('docs/container.md', 'utf8')
  for (const part of imageParts()) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${part.name} |`))
    t.ok(row, `a row for ${part.name}`)
    const [, , unpacked = '', compressed = ''] = row!.split('|').map((cell) => cell.trim())
    for (const [stated, bytes = 0] of [
      [unpacked, part.unpackedBytes],
      [compressed, part.compressedBytes],
    ] as const) {
      const statedBytes = Number.parseFloat(stated || '0') * 1e6
      // A unit of the last digit is no mistake.
      const tolerance = Math.max(bytes * TOLERANCE, 10_000)
      t.ok(Math.abs(statedBytes - bytes) <= tolerance, `${row}: node tools/image-size.ts says ${rowOf(part)}`)
    }
  }
})

/** Why there can be no file system of its own; undefined when there can. */
function hindrance(): string | undefined {
  if (!isBuilt) return 'nothing is built: npm run build'
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root can make namespaces'
  const probe = spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'], { encoding: 'utf8' })
  return probe.status === 0 ? undefined : `no namespaces: ${probe.error?.message ?? probe.stderr}`
}

/** The distroless image: Node, the libraries that it names, and the files of the image. */
function rootFileSystem(t: Test): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-image-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  chmodSync(root, 0o755)
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true })
    cpSync(from, join(root, to), { recursive: true, dereference: true })
  }
  copy(process.execPath, 'usr/local/bin/node')
  const { stdout } = spawnSync('ldd', [process.execPath], { encoding: 'utf8' })
  for (const [library] of stdout.matchAll(/\/\S+\.so\S*/g))
    copy(library, basename(library).startsWith('ld-') ? library : `usr/local/lib/${basename(library)}`)
  for (const { from, to } of copied()) copy(from, to)
  mkdirSync(join(root, 'proc'))
  return root
}

test('the image runs without a shell, without rights, without a place to write, and tells how it is', {
  skip: hindrance() ?? false,
}, async (t) => {
  const root = rootFileSystem(t)
  // The image's own config on other ports, as with `docker run -e AOT_CONFIG_CONTENT`.
  let config = readFileSync('configs/container.yaml', 'utf8').replaceAll('0.0.0.0', '127.0.0.1')
  const ports = ['4317', '4318', '8889', '13133']
  for (const [i, port] of (await freePorts(ports.length)).entries()) config = config.replace(`:${ports[i]}`, `:${port}`)
  config = config.replace('service:\n', 'service:\n  telemetry: {metrics: {level: none}}\n')
  const env = {
    PATH: `/usr/local/bin:${process.env.PATH}`,
    LD_LIBRARY_PATH: '/usr/local/lib',
    NODE_ENV: 'production',
    AOT_CONFIG_CONTENT: config,
  }
  const inImage = (...command: string[]): string[] => [
    ...['--mount', 'sh', '-c'],
    `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec env -u NODE_OPTIONS unshare --pid --fork --kill-child=SIGTERM \
      --mount-proc=/proc --root="$0" --wd=/sluice --setgid=65532 --setuid=65532 "$@"`,
    ...[root, ...command],
  ]
  const run = (...args: string[]) =>
    spawnSync('unshare', inImage('node', 'dist/main.js', ...args), { env, encoding: 'utf8' })

  t.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/)
  t.not(spawnSync('unshare', inImage('sh', '-c', 'true'), { env }).status, 0, 'there is no shell')

  const agent = spawn('unshare', inImage('node', 'dist/main.js', 'run'), { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  agent.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(agent, 'exit')
  t.teardown(() => agent.kill('SIGKILL'))
  while (!output.includes('sluice is ready') && agent.exitCode === null)
    await Promise.race([once(agent.stderr, 'data'), ended])
  t.match(output, /sluice is ready/)
  const status = readFileSync(`/proc/${childOf(agent.pid!)}/status`, 'utf8')
  t.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m)
  t.match(status, /^NSpid:\t\d+\t1$/m, 'Node is process 1')

  const asked = run('healthcheck')
  t.equal(asked.status, 0, asked.stderr)
  t.match(asked.stdout, /Server available/)
  process.kill(childOf(agent.pid!), 'SIGTERM')
  t.strictSame((await ended)[0], 0)
  t.match(output, /stopped/)
})

/** `unshare` has one: the agent. */
function childOf(pid: number): number {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (readFileSync(`/proc/${name}/status`, 'utf8').includes(`PPid:\t${pid}\n`)) return Number(name)
    } catch {
      // It has ended.
    }
  }
  throw new Error(`${pid} has no child`)
}
