// What of a document describes the one who sent it: attributes of the resource.
import { type Key, keyOf, type ResourceWriter } from '../../data/index.ts'
import { ARRAY, type JsonTape, NULL, OBJECT } from '../../wire/jsontape.ts'
import { resource as names } from './attributes.ts'
import { type SegmentIndex, slot } from './decode-index.ts'
import { type Members, membersOf, memberValue } from './decode-members.ts'
import { type Rest, sectionOf } from './decode-rest.ts'

/** A block that describes the resource. */
interface Block {
  /** Its key. */
  readonly section: Buffer
  readonly members: Members
}

const block = (name: string, members: Parameters<typeof membersOf>[0]): Block => ({
  section: sectionOf(name),
  members: membersOf(members),
})

/** Those of `aws`. */
const blocks: ReadonlyMap<string, Block> = new Map(
  Object.entries({
    ec2: block('ec2', {
      instance_id: [names.hostId, 'text'],
      availability_zone: [names.availabilityZone, 'text'],
      instance_size: [names.hostType, 'text'],
      ami_id: [names.hostImageId, 'text'],
    }),
    ecs: block('ecs', {
      container: [names.containerName, 'text'],
      container_id: [names.containerId, 'text'],
      container_arn: [names.ecsContainerArn, 'text'],
      cluster_arn: [names.ecsClusterArn, 'text'],
      task_arn: [names.ecsTaskArn, 'text'],
      task_family: [names.ecsTaskFamily, 'text'],
      launch_type: [names.ecsLaunchType, 'text'],
      availability_zone: [names.availabilityZone, 'text'],
    }),
    elastic_beanstalk: block('elastic_beanstalk', {
      environment_name: [names.serviceNamespace, 'text'],
      version_label: [names.serviceVersion, 'text'],
      deployment_id: [names.serviceInstanceId, 'integer as text'],
    }),
    eks: block('eks', {
      cluster_name: [names.clusterName, 'text'],
      pod: [names.podName, 'text'],
      container_id: [names.containerId, 'text'],
    }),
    xray: block('xray', { sdk: [names.sdkName, 'text'], sdk_version: [names.sdkVersion, 'text'] }),
  }),
)
const service = block('service', { version: [names.serviceVersion, 'text'] })

const SERVICE_NAME = keyOf(names.serviceName)
const CLOUD_PROVIDER = keyOf(names.cloudProvider)
const CLOUD_PLATFORM = keyOf(names.cloudPlatform)
const CLOUD_ACCOUNT_ID = keyOf(names.cloudAccountId)
const SDK_LANGUAGE = keyOf(names.sdkLanguage)
const RESOURCE_ARN = keyOf(names.resourceArn)
const LOG_GROUP_ARNS = keyOf(names.logGroupArns)
const LOG_GROUP_NAMES = keyOf(names.logGroupNames)

/** The resource of one document after another, and what is left of its blocks for the rest of the outermost span. */
export class ResourceDecoder {
  readonly #index: SegmentIndex
  /** By attribute: the node whose value it has. Two blocks may say the same, such as the availability zone. */
  readonly #sources = new Map<Key, number>()

  /** The node that the log groups are from, 0 for none. */
  #logGroups = 0

  constructor(index: SegmentIndex) {
    this.#index = index
  }

  write(resource: ResourceWriter): void {
    const { tape } = this.#index
    this.#sources.clear()
    this.#logGroups = 0
    resource.attribute(SERVICE_NAME, this.#index.text(0, slot.name))
    const aws = objectAt(tape, this.#index.member(0, slot.aws))
    resource.attribute(CLOUD_PROVIDER, aws === 0 ? 'unknown' : 'aws')
    const platform = platforms.get(this.#index.text(0, slot.origin)) ?? platformOf(tape, aws)
    if (platform !== undefined) resource.attribute(CLOUD_PLATFORM, platform)
    const arn = this.#index.member(0, slot.resourceArn)
    if (arn !== 0 && this.describesResource(arn)) resource.attribute(RESOURCE_ARN, tape.text(arn))
    const serviceNode = objectAt(tape, this.#index.member(0, slot.service))
    if (serviceNode !== 0) this.#writeBlock(serviceNode, service, resource)
    if (aws !== 0) this.#writeAws(aws, resource)
  }

  #writeAws(aws: number, resource: ResourceWriter): void {
    const { tape } = this.#index
    for (let key = tape.first(aws); key < tape.next(aws); key = tape.next(key + 1)) {
      const name = tape.text(key)
      if (name === 'account_id' && tape.isString(key + 1)) this.#write(CLOUD_ACCOUNT_ID, key + 1, resource)
      else if (name === 'cloudwatch_logs' && isLogGroups(tape, key + 1)) this.#writeLogGroups(key + 1, resource)
      else if (tape.kind(key + 1) === OBJECT) {
        const known = blocks.get(name)
        if (known !== undefined) this.#writeBlock(key + 1, known, resource)
      }
    }
  }

  #writeBlock(node: number, { members }: Block, resource: ResourceWriter): void {
    const { tape } = this.#index
    for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
      const member = members.get(tape.text(key))
      if (member === undefined) continue
      const value = memberValue(tape, key + 1, member.type)
      if (value === undefined || this.#sources.has(member.key)) continue
      this.#sources.set(member.key, key + 1)
      resource.attribute(member.key, value)
      if (member.key.text === names.sdkName) writeLanguage(tape.text(key + 1), resource)
    }
  }

  #writeLogGroups(node: number, resource: ResourceWriter): void {
    if (this.#logGroups > 0) return
    this.#logGroups = node
    writeLogGroups(this.#index.tape, node, resource)
  }

  #write(key: Key, node: number, resource: ResourceWriter): void {
    if (this.#sources.has(key)) return
    this.#sources.set(key, node)
    resource.attribute(key, this.#index.tape.text(node))
  }

  /** Only a segment's ARN is of the resource: a subsegment's is of what it calls. */
  describesResource(arn: number): boolean {
    return !this.#index.isSubsegment(0) && this.#index.tape.isString(arn)
  }

  /**
   * Whether this member of `aws` is a block of the resource; then what the resource's attributes do not say of it goes to the
   * rest. A subsegment has such a block hardly ever, and when it has, it says the same.
   */
  keepBlock(key: number, rest: Rest): boolean {
    const { tape } = this.#index
    const name = tape.text(key)
    if (name === 'cloudwatch_logs' && this.#logGroups > 0 && isSame(tape, this.#logGroups, key + 1)) {
      rest.emptyList(CLOUDWATCH_LOGS)
      return true
    }
    const known = tape.kind(key + 1) === OBJECT ? blocks.get(name) : undefined
    if (known === undefined) return false
    this.#keep(key + 1, known, rest)
    return true
  }

  keepService(node: number, rest: Rest): true {
    this.#keep(node, service, rest)
    return true
  }

  #keep(node: number, { section, members }: Block, rest: Rest): void {
    const { tape } = this.#index
    rest.enter(section)
    rest.keep()
    for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
      const member = members.get(tape.text(key))
      const source = member === undefined ? undefined : this.#sources.get(member.key)
      if (tape.kind(key + 1) !== NULL && (source === undefined || !isSame(tape, source, key + 1)))
        rest.member(tape, key)
    }
    for (const [name, { key }] of members)
      if (this.#sources.has(key) && tape.member(node, name) === 0) rest.absent(sectionOf(name))
    rest.leave()
  }
}

const CLOUDWATCH_LOGS = sectionOf('cloudwatch_logs')

/** The node when it is an object, else 0. */
export const objectAt = (tape: JsonTape, node: number): number => (node !== 0 && tape.kind(node) === OBJECT ? node : 0)

/** Written alike. */
const isSame = (tape: JsonTape, one: number, other: number): boolean =>
  one === other ||
  tape.bytes.compare(tape.bytes, tape.rawStart(one), tape.rawEnd(one), tape.rawStart(other), tape.rawEnd(other)) === 0

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-fields */
const platforms: ReadonlyMap<string, string> = new Map([
  ['AWS::EC2::Instance', 'aws_ec2'],
  ['AWS::ECS::Container', 'aws_ecs'],
  ['AWS::ECS::EC2', 'aws_ecs'],
  ['AWS::ECS::Fargate', 'aws_ecs'],
  ['AWS::ElasticBeanstalk::Environment', 'aws_elastic_beanstalk'],
  ['AWS::EKS::Container', 'aws_eks'],
  ['AWS::AppRunner::Service', 'aws_app_runner'],
  ['AWS::Lambda::Function', 'aws_lambda'],
  ['AWS::Lambda', 'aws_lambda'],
])

/** By the blocks, what runs inside first. */
function platformOf(tape: JsonTape, aws: number): string | undefined {
  let found = blockPlatforms.length
  for (let key = tape.first(aws); aws !== 0 && key < tape.next(aws); key = tape.next(key + 1)) {
    const place = blockPlatforms.findIndex(([block]) => block === tape.text(key))
    if (place >= 0 && tape.kind(key + 1) === OBJECT) found = Math.min(found, place)
  }
  return blockPlatforms[found]?.[1]
}
const blockPlatforms: readonly (readonly [block: string, platform: string])[] = [
  ['elastic_beanstalk', 'aws_elastic_beanstalk'],
  ['eks', 'aws_eks'],
  ['ecs', 'aws_ecs'],
  ['ec2', 'aws_ec2'],
]

/** `X-Ray for Node.js` */
function writeLanguage(sdk: string, resource: ResourceWriter): void {
  const at = sdk.indexOf(' for ')
  if (at < 0) return
  const language = sdk.slice(at + ' for '.length)
  resource.attribute(SDK_LANGUAGE, languages.get(language) ?? language.toLowerCase())
}
/** Those whose name in OpenTelemetry is another one. */
const languages: ReadonlyMap<string, string> = new Map([
  ['Node.js', 'nodejs'],
  ['.NET', 'dotnet'],
  ['.NET Core', 'dotnet'],
])

/** `[{ "log_group": text, "arn": text }]`, each with one or both. */
function isLogGroups(tape: JsonTape, node: number): boolean {
  if (tape.kind(node) !== ARRAY) return false
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item)) {
    if (tape.kind(item) !== OBJECT) return false
    for (let key = tape.first(item); key < tape.next(item); key = tape.next(key + 1)) {
      const name = tape.text(key)
      if ((name !== 'log_group' && name !== 'arn') || !tape.isString(key + 1)) return false
    }
  }
  return true
}

function writeLogGroups(tape: JsonTape, node: number, resource: ResourceWriter): void {
  const arns: string[] = []
  const groups: string[] = []
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item)) {
    let arn = ''
    let group = ''
    for (let key = tape.first(item); key < tape.next(item); key = tape.next(key + 1))
      if (tape.text(key) === 'arn') arn = tape.text(key + 1)
      else group = tape.text(key + 1)
    arns.push(arn)
    groups.push(group)
  }
  if (arns.some((arn) => arn !== '')) resource.attribute(LOG_GROUP_ARNS, arns)
  if (groups.some((group) => group !== '')) resource.attribute(LOG_GROUP_NAMES, groups)
}
