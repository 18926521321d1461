// `resource_attributes` of each detector: what it can find, and what it says without being told to.
import { section, setting } from '../../config/schema.ts'
import { flag } from '../../config/values.ts'

type Table = Readonly<Record<string, readonly [isOn: boolean, about: string]>>

function toggles<const T extends Table>(table: T) {
  const entries = {} as { [Name in keyof T]: ReturnType<typeof toggle> }
  for (const [name, [isOn, about]] of Object.entries(table) as [keyof T, T[string]][])
    entries[name] = toggle(isOn, about)
  return setting(section(entries), {} as never, 'Which attributes are set.')
}

const toggle = (isOn: boolean, about: string) =>
  setting(section({ enabled: setting(flag, isOn, 'Whether it is set.') }), {}, about)

const cloud = (isOn: boolean) =>
  ({
    'cloud.account.id': [isOn, 'The number of the AWS account.'],
    'cloud.availability_zone': [isOn, 'The availability zone.'],
    'cloud.region': [isOn, 'The region.'],
  }) as const
const host = (isOn: boolean) =>
  ({
    'host.id': [isOn, 'The id of the instance.'],
    'host.image.id': [isOn, 'The image that the instance was made from.'],
    'host.name': [isOn, 'The host name of the instance.'],
    'host.type': [isOn, 'The type of the instance.'],
  }) as const
const platform = {
  'cloud.provider': [true, '`aws`.'],
  'cloud.platform': [true, 'Which of its platforms.'],
} as const

export const ec2Attributes = toggles({ ...platform, ...cloud(true), ...host(true) })

export const ecsAttributes = toggles({
  ...platform,
  ...cloud(true),
  'aws.ecs.cluster.arn': [true, 'The ARN of the cluster.'],
  'aws.ecs.launchtype': [true, '`ec2` or `fargate`.'],
  'aws.ecs.task.arn': [true, 'The ARN of the task.'],
  'aws.ecs.task.family': [true, 'The family of the task definition.'],
  'aws.ecs.task.id': [true, 'The id of the task.'],
  'aws.ecs.task.revision': [true, 'The revision of the task definition.'],
  'aws.log.group.arns': [true, 'The ARNs of the log groups of the other containers of the task.'],
  'aws.log.group.names': [true, 'The names of these log groups.'],
  'aws.log.stream.arns': [true, 'The ARNs of their log streams.'],
  'aws.log.stream.names': [true, 'The names of these log streams.'],
})

export const eksAttributes = toggles({
  ...platform,
  ...cloud(false),
  ...host(false),
  'k8s.cluster.name': [false, 'The name of the cluster; takes the permission ec2:DescribeInstances.'],
})

export const elasticBeanstalkAttributes = toggles({
  ...platform,
  'deployment.environment': [true, 'The name of the environment.'],
  'service.instance.id': [true, 'The id of the deployment.'],
  'service.version': [true, 'The label of the version.'],
})

export const lambdaAttributes = toggles({
  ...platform,
  'cloud.region': [true, 'The region.'],
  'aws.log.group.names': [true, 'The log group of the function.'],
  'aws.log.stream.names': [true, 'The log stream of the instance.'],
  'faas.instance': [true, 'The log stream of the instance, which is its name.'],
  'faas.max_memory': [true, 'How much memory the function has, in MiB.'],
  'faas.name': [true, 'The name of the function.'],
  'faas.version': [true, 'The version of the function.'],
})

export const dockerAttributes = toggles({
  'host.name': [true, 'The host name of the machine that Docker runs on.'],
  'os.type': [true, 'Its operating system.'],
  'container.name': [false, 'The name of our container.'],
  'container.image.name': [false, 'The image of our container.'],
})

export const k8sAttributes = toggles({
  'k8s.node.name': [true, 'The name of the node.'],
  'k8s.node.uid': [true, 'The uid of the node.'],
  'k8s.cluster.uid': [true, 'The uid of the cluster: that of the namespace kube-system.'],
})

export const systemAttributes = toggles({
  'host.name': [true, 'The host name.'],
  'os.type': [true, 'The operating system: `linux`, `darwin`, `windows`.'],
  'host.arch': [false, 'The architecture: `amd64`, `arm64`.'],
  'host.id': [false, 'The id of the machine.'],
  'host.ip': [false, 'Its addresses, but for the loopback.'],
  'host.mac': [false, 'The hardware addresses of its interfaces, but for the loopback.'],
  'host.interface': [false, 'The names of its interfaces.'],
  'host.cpu.vendor.id': [false, 'Who made the processor.'],
  'host.cpu.family': [false, 'The family of the processor.'],
  'host.cpu.model.id': [false, 'Its model.'],
  'host.cpu.model.name': [false, 'The name of its model.'],
  'host.cpu.stepping': [false, 'Its stepping.'],
  'host.cpu.cache.l2.size': [false, 'The size of its cache in KiB.'],
  'os.build.id': [false, 'The build of the operating system.'],
  'os.description': [false, 'The operating system in words.'],
  'os.name': [false, 'Its name: `ubuntu`.'],
  'os.version': [false, 'Its version.'],
})
