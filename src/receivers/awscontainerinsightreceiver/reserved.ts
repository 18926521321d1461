// What tasks have reserved, by the limits of their cgroups, which the ECS agent makes.
import type { Task } from './agent.ts'
import type { Cgroups } from './cgroup.ts'
import { exists, textOf, wholeOf } from './surroundings.ts'

export interface Reserved {
  /** 1,024 a vCPU. */
  readonly cpuUnits: number
  readonly memoryBytes: number
  /** Tasks that have no cgroup, so that nobody knows what they reserve. */
  readonly unknown: number
}

export async function readReserved(
  { version, directory }: Cgroups,
  tasks: readonly Task[],
  clusterName: string,
): Promise<Reserved> {
  let cpuUnits = 0
  let memoryBytes = 0
  let unknown = 0
  for (const task of tasks) {
    const found = await (version === 1 ? ofTaskV1(directory, task, clusterName) : ofTaskV2(directory, task))
    if (found === undefined) unknown++
    // 2 is what a cgroup has that nobody gave any.
    if (found !== undefined && found.cpuUnits > 2) cpuUnits += found.cpuUnits
    memoryBytes += found?.memoryBytes ?? 0
  }
  return { cpuUnits, memoryBytes, unknown }
}

type OfTask = Omit<Reserved, 'unknown'>

async function ofTaskV1(root: string, task: Task, clusterName: string): Promise<OfTask | undefined> {
  // The cluster's name is in the path that older agents made.
  const find = (controller: string): Promise<string | undefined> =>
    firstThere(`${root}/${controller}/ecs/${task.id}`, `${root}/${controller}/ecs/${clusterName}/${task.id}`)
  const cpu = await find('cpu')
  const memory = await find('memory')
  if (cpu === undefined && memory === undefined) return undefined
  return {
    cpuUnits: cpu === undefined ? 0 : await cpuUnitsV1(cpu),
    memoryBytes: memory === undefined ? 0 : await memoryV1(memory, task.containers),
  }
}

async function cpuUnitsV1(directory: string): Promise<number> {
  const quota = wholeOf(await textOf(`${directory}/cpu.cfs_quota_us`))
  const period = wholeOf(await textOf(`${directory}/cpu.cfs_period_us`))
  if (quota !== undefined && period) return Math.ceil((1024 * quota) / period)
  return wholeOf(await textOf(`${directory}/cpu.shares`)) ?? 0
}

/** The limit of the task, or what its containers have been promised, or may have at most. */
async function memoryV1(directory: string, containers: readonly string[]): Promise<number> {
  const limit = async (path: string): Promise<number | undefined> => {
    const bytes = wholeOf(await textOf(path))
    return bytes === undefined || bytes >= UNLIMITED ? undefined : bytes
  }
  const ofTask = await limit(`${directory}/memory.limit_in_bytes`)
  if (ofTask !== undefined) return ofTask
  let sum = 0
  for (const id of containers)
    sum +=
      (await limit(`${directory}/${id}/memory.soft_limit_in_bytes`)) ??
      (await limit(`${directory}/${id}/memory.limit_in_bytes`)) ??
      0
  return sum
}

/** The kernel's largest limit is 2^63 less a page. */
const UNLIMITED = 2 ** 62

async function ofTaskV2(root: string, task: Task): Promise<OfTask | undefined> {
  const directory = await firstThere(
    `${root}/ecstasks.slice/ecstasks-${task.id}.slice`,
    `${root}/ecstasks/${task.id}`,
    `${root}/ecs/${task.id}`,
  )
  if (directory === undefined) return undefined
  return { cpuUnits: await cpuUnitsV2(directory), memoryBytes: await memoryV2(directory, task.containers) }
}

async function cpuUnitsV2(directory: string): Promise<number> {
  const [quota, period] = ((await textOf(`${directory}/cpu.max`)) ?? '').trim().split(' ').map(wholeOf)
  if (quota !== undefined && period) return Math.ceil((1024 * quota) / period)
  const weight = wholeOf(await textOf(`${directory}/cpu.weight`))
  return weight === undefined || weight === DEFAULT_WEIGHT ? 0 : unitsOfWeight(weight)
}

const DEFAULT_WEIGHT = 100

/**
 * The agent turns 2 to 262,144 shares into a weight of 1 to 10,000, so that some 26 shares have the same one. Of these it is
 * the roundest in binary, as people reserve 256 and 512.
 */
export function unitsOfWeight(weight: number): number {
  if (weight <= 1) return 0
  const lowest = Math.ceil(((weight - 1) * 262_142) / 9999 + 2)
  const above = (weight * 262_142) / 9999 + 2
  for (let step = 2 ** 18; step > 1; step /= 2) {
    const round = Math.ceil(lowest / step) * step
    if (round < above) return round
  }
  return lowest
}

async function memoryV2(directory: string, containers: readonly string[]): Promise<number> {
  const ofTask = wholeOf(await textOf(`${directory}/memory.max`))
  if (ofTask !== undefined) return ofTask
  let sum = 0
  for (const id of containers) {
    const container = (await firstThere(`${directory}/docker-${id}.scope`, `${directory}/${id}`)) ?? ''
    const promised = wholeOf(await textOf(`${container}/memory.low`))
    sum += promised || (wholeOf(await textOf(`${container}/memory.max`)) ?? 0)
  }
  return sum
}

async function firstThere(...paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path
  return undefined
}
