// What the ECS agent beside us says: the cluster, this instance's name in it, the tasks.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-introspection.html

import { memberOf, textIn } from '../../aws/instance/member.ts'
import { type Clock, messageOf } from '../../contract/index.ts'
import { ask } from '../../net/ask.ts'

const PORT = 51678
const TIMEOUT_MS = 1000

export interface Membership {
  readonly clusterName: string
  readonly containerInstanceId: string
}
export interface Task {
  readonly id: string
  /** As Docker names them. */
  readonly containers: readonly string[]
}

/** On the instance's own address it is reached from tasks of every network mode, on the loopback from those on the host's. */
export const agentUrlsOf = (privateIp: string): readonly string[] =>
  [privateIp, '127.0.0.1'].filter((address) => address !== '').map((address) => `http://${address}:${PORT}`)

export async function askMembership(urls: readonly string[], clock: Clock, abort: AbortSignal): Promise<Membership> {
  const answer = await askFirst(urls, '/v1/metadata', clock, abort)
  const clusterName = lastOf(textIn(answer, 'Cluster'))
  const containerInstanceId = lastOf(textIn(answer, 'ContainerInstanceArn'))
  // Until it has registered with its cluster.
  if (clusterName === '' || containerInstanceId === '') throw new Error('the ECS agent does not know its cluster')
  return { clusterName, containerInstanceId }
}

/** Those that run. */
export async function askTasks(urls: readonly string[], clock: Clock, abort: AbortSignal): Promise<readonly Task[]> {
  const tasks = listAt(await askFirst(urls, '/v1/tasks', clock, abort), 'Tasks')
  if (tasks === undefined) throw new Error('the ECS agent lists no tasks')
  return tasks
    .filter((task) => textIn(task, 'KnownStatus') === 'RUNNING')
    .map((task) => ({
      id: lastOf(textIn(task, 'Arn')),
      containers: (listAt(task, 'Containers') ?? []).map((container) => textIn(container, 'DockerId')).filter(isName),
    }))
    .filter(({ id }) => isName(id))
}

/** They become parts of paths. */
const isName = (text: string): boolean => /^[\w-]+$/.test(text)

/** Of an ARN, or of a name alone. */
const lastOf = (arn: string): string => arn.split('/').at(-1)!

function listAt(of: unknown, key: string): readonly unknown[] | undefined {
  const value = memberOf(of, key)
  return Array.isArray(value) ? value : undefined
}

async function askFirst(urls: readonly string[], path: string, clock: Clock, abort: AbortSignal): Promise<unknown> {
  const failures: string[] = []
  for (const base of urls) {
    try {
      const { status, text } = await ask({ url: new URL(path, base), timeoutMs: TIMEOUT_MS }, clock, abort)
      if (status === 200) return JSON.parse(text)
      failures.push(`${base}${path} answers ${status}`)
    } catch (error) {
      failures.push(error instanceof SyntaxError ? `${base}${path}: the answer is no JSON` : messageOf(error))
    }
  }
  throw new Error(failures.join('; '))
}
