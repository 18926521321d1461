// A destination that never answers, and more data than the process may hold: how large does a real process get?
import { execFile } from 'node:child_process'
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'

const run = promisify(execFile)
const MIB = 1024 * 1024
const flood = fileURLToPath(new URL('flood.ts', import.meta.url))
/** As the agent runs: the default young generation alone may take 64 MiB. */
const node = [process.execPath, '--max-semi-space-size=8']

interface Result {
  readonly accepted: number
  readonly refused: number
  readonly heldBytes: number
  readonly peakBytes: number
}

async function flooded(limit: object, itemsPerRequest: number, before: readonly string[] = []): Promise<Result> {
  const offeredBytes = 300 * MIB
  const [command, ...args] = [...before, ...node, flood, JSON.stringify(limit), `${itemsPerRequest}`, `${offeredBytes}`]
  const { stdout } = await run(command!, args)
  return JSON.parse(stdout) as Result
}

for (const itemsPerRequest of [1, 100])
  test(`a process that is flooded with requests of ${itemsPerRequest} stays within its limit`, async (t) => {
    const { accepted, refused, heldBytes, peakBytes } = await flooded({ limit_mib: 192 }, itemsPerRequest)
    t.ok(refused > 0, `${refused} refused`)
    t.ok(accepted > 0)
    t.ok(heldBytes > 15 * MIB, `the room is used: ${heldBytes / MIB} MiB held`)
    t.ok(peakBytes < 192 * 1.1 * MIB, `${peakBytes / MIB} MiB at the most`)
  })

const memoryCgroup = '/sys/fs/cgroup/memory'

/** Why no cgroup (v1) can be made here; undefined when one can. */
function cgroupHindrance(): string | undefined {
  try {
    accessSync(`${memoryCgroup}/memory.limit_in_bytes`, constants.R_OK)
    const probe = `${memoryCgroup}/sluice-test-probe-${process.pid}`
    mkdirSync(probe)
    rmdirSync(probe)
    return undefined
  } catch (error) {
    return `no writable cgroup v1 for memory: ${(error as Error).message}`
  }
}

test('in a container the limit is a part of what the container has, and nothing is killed', {
  skip: cgroupHindrance() ?? false,
}, async (t) => {
  const group = `${memoryCgroup}/sluice-test-${process.pid}`
  mkdirSync(group)
  try {
    writeFileSync(`${group}/memory.limit_in_bytes`, `${240 * MIB}`)
    const inGroup = ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh']
    const { refused, heldBytes } = await flooded({ limit_percentage: 80 }, 1, inGroup)
    t.ok(refused > 0)
    t.ok(heldBytes > 10 * MIB, `${heldBytes / MIB} MiB held`)
    const peakBytes = Number(readFileSync(`${group}/memory.max_usage_in_bytes`, 'utf8'))
    t.ok(peakBytes < 240 * MIB, `${peakBytes / MIB} MiB charged at the most`)
  } finally {
    rmdirSync(group)
  }
})
