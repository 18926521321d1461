// What the metrics of a task and of its containers are about: the collector's names.
import type { ResourceWriter } from '../../data/index.ts'
import { type Json, textIn, wholeIn } from './json.ts'

export function writeTaskResource(resource: ResourceWriter, task: Json): void {
  const arn = textIn(task, 'TaskARN')
  const { region, account, id } = partsOf(arn)
  const launchType = textIn(task, 'LaunchType')
  resource.attribute('aws.ecs.cluster.name', nameOf(textIn(task, 'Cluster')))
  resource.attribute('aws.ecs.task.arn', arn)
  resource.attribute('aws.ecs.task.id', id)
  resource.attribute('aws.ecs.task.family', textIn(task, 'Family'))
  resource.attribute('aws.ecs.task.version', textIn(task, 'Revision'))
  resource.attribute('aws.ecs.task.revision', textIn(task, 'Revision'))
  resource.attribute('aws.ecs.service.name', textIn(task, 'ServiceName'))
  resource.attribute('cloud.availability_zone', textIn(task, 'AvailabilityZone'))
  resource.attribute('aws.ecs.task.pull_started_at', textIn(task, 'PullStartedAt'))
  resource.attribute('aws.ecs.task.pull_stopped_at', textIn(task, 'PullStoppedAt'))
  resource.attribute('aws.ecs.task.known_status', textIn(task, 'KnownStatus'))
  resource.attribute('aws.ecs.task.launch_type', launchType)
  if (/^(ec2|fargate)$/i.test(launchType)) resource.attribute('aws.ecs.launchtype', launchType.toLowerCase())
  resource.attribute('cloud.region', region)
  resource.attribute('cloud.account.id', account)
}

export function writeContainerResource(resource: ResourceWriter, container: Json, task: Json): void {
  const image = imageOf(textIn(container, 'Image'))
  resource.attribute('container.name', textIn(container, 'Name'))
  resource.attribute('container.id', textIn(container, 'DockerId'))
  resource.attribute('aws.ecs.docker.name', textIn(container, 'DockerName'))
  resource.attribute('container.image.name', image.name)
  resource.attribute('aws.ecs.container.image.id', textIn(container, 'ImageID'))
  resource.attribute('container.image.tag', image.tag)
  resource.attribute('aws.ecs.container.created_at', textIn(container, 'CreatedAt'))
  resource.attribute('aws.ecs.container.started_at', textIn(container, 'StartedAt'))
  const finishedAt = textIn(container, 'FinishedAt')
  if (finishedAt !== '') resource.attribute('aws.ecs.container.finished_at', finishedAt)
  resource.attribute('aws.ecs.container.know_status', textIn(container, 'KnownStatus'))
  const exitCode = wholeIn(container, 'ExitCode')
  if (exitCode !== undefined) resource.attribute('aws.ecs.container.exit_code', exitCode)
  writeTaskResource(resource, task)
}

/** `arn:aws:ecs:<region>:<account>:task/<cluster>/<id>`, of old `task/<id>`; of any partition. */
function partsOf(arn: string): { readonly region: string; readonly account: string; readonly id: string } {
  const [prefix, partition = '', service, region = '', account = '', task] = arn.split(':')
  if (prefix !== 'arn' || !partition.startsWith('aws') || service !== 'ecs' || task === undefined)
    return { region: '', account: '', id: '' }
  return { region, account, id: task.split('/').at(-1)! }
}

/** A cluster is given by its name or by its ARN. */
const nameOf = (cluster: string): string => (cluster.startsWith('arn:aws') ? cluster.split('/').at(-1)! : cluster)

/** `registry:5000/name:tag@sha256:…`; what has no tag is the latest. */
function imageOf(image: string): { readonly name: string; readonly tag: string } {
  const match = /^(.*?)(?::([\w][\w.-]*))?(?:@[\w+.-]+:[0-9a-fA-F]+)?$/.exec(image)
  if (image === '' || match === null) return { name: '', tag: '' }
  return { name: match[1]!, tag: match[2] ?? 'latest' }
}
