// A destination that never answers, and more data than the process may hold: how large does a real process get?
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { cgroupHindrance, memoryCgroup } from '../../kit/memory-cgroup.ts'

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
    t.ok(heldBytes > 8 * MIB, `the room is used: ${heldBytes / MIB} MiB held`)
    t.ok(peakBytes < 192 * 1.1 * MIB, `${peakBytes / MIB} MiB at the most`)
  })

test('in a container the limit is a part of what the container has, and nothing is killed', {
  skip: cgroupHindrance() ?? false,
}, async (t) => {
  const group = memoryCgroup('flood', 240 * MIB)
  try {
    const { refused, heldBytes } = await flooded({ limit_percentage: 80 }, 1, group.enter)
    t.ok(refused > 0)
    t.ok(heldBytes > 8 * MIB, `${heldBytes / MIB} MiB held`)
    const peakBytes = Number(group.read('memory.max_usage_in_bytes'))
    t.ok(peakBytes < 240 * MIB, `${peakBytes / MIB} MiB charged at the most`)
  } finally {
    await group.remove()
  }
})
