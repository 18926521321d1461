// `ecs`: what the ECS agent says about the task that we run in.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
import { ask } from '../../../net/ask.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect, memberOf, textIn } from '../detector.ts'

export function createEcsDetector({ ecs }: ResourceDetectionConfig, around: Around): Detect {
  const attributes = collecting(ecs.resource_attributes)
  const { environment } = around.machine
  return async (abort) => {
    const base = environment.ECS_CONTAINER_METADATA_URI_V4?.trim() || environment.ECS_CONTAINER_METADATA_URI?.trim()
    if (!base) throw new AbsentError('ECS_CONTAINER_METADATA_URI_V4 is not set')
    const task = await read(`${base}/task`, around, abort)
    const found = attributes.begin()
    const arn = textIn(task, 'TaskARN')
    const { region, account, id } = partsOf(arn)
    found.set('cloud.provider', 'aws')
    found.set('cloud.platform', 'aws_ecs')
    found.set('aws.ecs.task.arn', arn)
    found.set('aws.ecs.task.family', textIn(task, 'Family'))
    found.set('aws.ecs.task.revision', textIn(task, 'Revision'))
    if (account !== '') found.set('cloud.account.id', account)
    if (region !== '') found.set('cloud.region', region)
    if (id !== '') found.set('aws.ecs.task.id', id)
    const cluster = textIn(task, 'Cluster')
    found.set(
      'aws.ecs.cluster.arn',
      cluster.includes(':') ? cluster : `arn:aws:ecs:${region}:${account}:cluster/${cluster}`,
    )
    const zone = textIn(task, 'AvailabilityZone')
    if (zone !== '') found.set('cloud.availability_zone', zone)
    const launchType = textIn(task, 'LaunchType').toLowerCase()
    if (launchType === 'ec2' || launchType === 'fargate') found.set('aws.ecs.launchtype', launchType)
    let self: unknown
    try {
      self = await read(base, around, abort)
    } catch (error) {
      if (around.isStrict) throw error
      return found.done()
    }
    const logs = logsBeside(task, self, account)
    if (logs.groups.length > 0) {
      found.set('aws.log.group.names', logs.groups)
      found.set('aws.log.group.arns', logs.groupArns)
      found.set('aws.log.stream.names', logs.streams)
      found.set('aws.log.stream.arns', logs.streamArns)
    }
    return found.done()
  }
}

async function read(url: string, { clock }: Around, abort: AbortSignal): Promise<unknown> {
  const { status, text } = await ask({ url: new URL(url) }, clock, abort)
  if (status !== 200) throw new Error(`${url} answers ${status}`)
  return JSON.parse(text)
}

/** `arn:aws:ecs:<region>:<account>:task/<cluster>/<id>`, of old `task/<id>`. */
function partsOf(arn: string): { readonly region: string; readonly account: string; readonly id: string } {
  const [, , , region = '', account = '', task] = arn.split(':')
  if (task === undefined) return { region: '', account: '', id: '' }
  return { region, account, id: task.split('/').at(-1)! }
}

interface Logs {
  readonly groups: string[]
  readonly groupArns: string[]
  readonly streams: string[]
  readonly streamArns: string[]
}

/** Where the task's other containers log to: ours is not the one that the telemetry is about. */
function logsBeside(task: unknown, self: unknown, account: string): Logs {
  const logs: Logs = { groups: [], groupArns: [], streams: [], streamArns: [] }
  const containers = memberOf(task, 'Containers')
  for (const container of Array.isArray(containers) ? containers : []) {
    const isMeant =
      textIn(container, 'Type') === 'NORMAL' &&
      textIn(container, 'KnownStatus') === 'RUNNING' &&
      textIn(container, 'LogDriver') === 'awslogs' &&
      textIn(container, 'DockerId') !== textIn(self, 'DockerId')
    const [group, region, stream] = ['awslogs-group', 'awslogs-region', 'awslogs-stream'].map((name) =>
      textIn(container, 'LogOptions', name),
    )
    if (!isMeant || !(group || region || stream)) continue
    const arn = `arn:aws:logs:${region}:${account}:log-group:${group}`
    logs.groups.push(group!)
    logs.groupArns.push(arn)
    logs.streams.push(stream!)
    logs.streamArns.push(`${arn}:log-stream:${stream}`)
  }
  return logs
}
