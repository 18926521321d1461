// aws = { account_id, cloudwatch_logs: [{ log_group, arn }], ec2, ecs, elastic_beanstalk, eks, xray }, and origin and service:
// where a service runs, and who tells.
import { KnownAttributes, type Resource } from '../../data/index.ts'
import { JsonWriter, nestedJsonLiteral } from '../../wire/json.ts'
import { keptCopy } from '../../wire/kept.ts'
import { resource as names } from './attributes.ts'
import { textsOf } from './segment-draft.ts'
import { sanitized } from './segment-name.ts'
import { quoted, type ResourcePart } from './segment-resource.ts'
import { blockOf, type Rest, writeRest } from './segment-rest.ts'

const keys: string[] = []
const numberOf = (name: string): number => keys.push(name) - 1
const SERVICE_NAME = numberOf(names.serviceName)
const SERVICE_VERSION = numberOf(names.serviceVersion)
const SERVICE_NAMESPACE = numberOf(names.serviceNamespace)
const SERVICE_INSTANCE_ID = numberOf(names.serviceInstanceId)
const CLOUD_PROVIDER = numberOf(names.cloudProvider)
const CLOUD_PLATFORM = numberOf(names.cloudPlatform)
const CLOUD_ACCOUNT_ID = numberOf(names.cloudAccountId)
const AVAILABILITY_ZONE = numberOf(names.availabilityZone)
const HOST_ID = numberOf(names.hostId)
const HOST_TYPE = numberOf(names.hostType)
const HOST_IMAGE_ID = numberOf(names.hostImageId)
const CONTAINER_NAME = numberOf(names.containerName)
const CONTAINER_ID = numberOf(names.containerId)
const CONTAINER_ARN = numberOf(names.ecsContainerArn)
const CLUSTER_ARN = numberOf(names.ecsClusterArn)
const TASK_ARN = numberOf(names.ecsTaskArn)
const TASK_FAMILY = numberOf(names.ecsTaskFamily)
const LAUNCH_TYPE = numberOf(names.ecsLaunchType)
const CLUSTER_NAME = numberOf(names.clusterName)
const POD_NAME = numberOf(names.podName)
const LOG_GROUP_ARNS = numberOf(names.logGroupArns)
const LOG_GROUP_NAMES = numberOf(names.logGroupNames)
const SDK_NAME = numberOf(names.sdkName)
const SDK_VERSION = numberOf(names.sdkVersion)
const SDK_LANGUAGE = numberOf(names.sdkLanguage)
const AUTO_VERSION = numberOf('telemetry.auto.version')
const DISTRO_VERSION = numberOf('telemetry.distro.version')
const IMAGE_TAGS = numberOf('container.image.tags')
const IMAGE_TAG = numberOf('container.image.tag')
const RESOURCE_ARN = numberOf(names.resourceArn)

const AWS = nestedJsonLiteral('"aws":')
const SERVICE = nestedJsonLiteral('"service":')
const VERSION = nestedJsonLiteral('"version":')
const ACCOUNT_ID = nestedJsonLiteral('"account_id":')
const CLOUDWATCH_LOGS = nestedJsonLiteral('"cloudwatch_logs":')
const LOG_GROUP = nestedJsonLiteral('"log_group":')
const ARN = nestedJsonLiteral('"arn":')
const XRAY = nestedJsonLiteral('"xray":')
const SDK = nestedJsonLiteral('"sdk":')
const SDK_VERSION_KEY = nestedJsonLiteral('"sdk_version":')
const AUTO_INSTRUMENTATION = nestedJsonLiteral('"auto_instrumentation":')
const DEPLOYMENT_ID = nestedJsonLiteral('"deployment_id":')

type Members = readonly (readonly [key: Buffer, number: number])[]
const members = (of: Readonly<Record<string, number>>): Members =>
  Object.entries(of).map(([name, number]) => [nestedJsonLiteral(`"${name}":`), number])

const ec2: Members = members({
  instance_id: HOST_ID,
  availability_zone: AVAILABILITY_ZONE,
  instance_size: HOST_TYPE,
  ami_id: HOST_IMAGE_ID,
})
const ecs: Members = members({
  container: CONTAINER_NAME,
  container_id: CONTAINER_ID,
  availability_zone: AVAILABILITY_ZONE,
  container_arn: CONTAINER_ARN,
  cluster_arn: CLUSTER_ARN,
  task_arn: TASK_ARN,
  task_family: TASK_FAMILY,
  launch_type: LAUNCH_TYPE,
})
const beanstalk: Members = members({ environment_name: SERVICE_NAMESPACE, version_label: SERVICE_VERSION })
const eks: Members = members({ cluster_name: CLUSTER_NAME, pod: POD_NAME, container_id: CONTAINER_ID })

interface LogGroup {
  readonly name: string
  readonly arn: string
}

export class ResourceBlocks {
  readonly #known = new KnownAttributes(keys)
  readonly #json = new JsonWriter(4096, { isNested: true })
  /** Of the config. */
  readonly #logGroups: readonly LogGroup[]

  constructor(logGroups: readonly string[]) {
    this.#logGroups = logGroups.map((name) => ({ name, arn: '' }))
  }

  /** After a batch: nothing of it is held. */
  close(): void {
    this.#known.close()
  }

  partOf(
    resource: Resource,
  ): Pick<
    ResourcePart,
    'serviceName' | 'language' | 'origin' | 'arn' | 'isAws' | 'account' | 'blocks' | 'aws' | 'service'
  > {
    this.#known.open(resource.attributes)
    const provider = this.#text(CLOUD_PROVIDER)
    const account = this.#text(CLOUD_ACCOUNT_ID)
    const origin = this.#originOf(provider)
    const arn = this.#text(RESOURCE_ARN)
    const serviceName = this.#text(SERVICE_NAME)
    const accountMember = account === '' ? undefined : keptCopy(Buffer.concat([ACCOUNT_ID, quoted(account)]))
    const blocks = this.#written((json) => this.#writeBlocks(json))
    return {
      serviceName: serviceName === '' ? undefined : quoted(sanitized(serviceName)),
      language: this.#text(SDK_LANGUAGE),
      origin: origin === undefined ? undefined : quoted(origin),
      arn: arn === '' ? undefined : quoted(arn),
      isAws: provider === '' || provider === 'aws',
      account: accountMember,
      blocks,
      aws: this.#written((json) => {
        json.key(AWS)
        json.beginObject()
        if (accountMember !== undefined) json.json(accountMember)
        json.json(blocks)
        json.endObject()
      }),
      service: this.#service(),
    }
  }

  // ---- of a document that comes back: the blocks that it had

  /** Members of `aws`. */
  writeReturned(json: JsonWriter, resource: Resource, rest: Rest): void {
    this.#known.open(resource.attributes)
    this.#writeReturnedBlock(json, rest, 'ec2', ec2)
    this.#writeReturnedBlock(json, rest, 'ecs', ecs)
    this.#writeReturnedBlock(json, rest, 'elastic_beanstalk', beanstalk)
    this.#writeReturnedBlock(json, rest, 'eks', eks)
    if (Array.isArray(rest.cloudwatch_logs) && rest.cloudwatch_logs.length === 0)
      this.#writeLogGroups(json, this.#pairs(this.#list(LOG_GROUP_NAMES), this.#list(LOG_GROUP_ARNS)))
    const xray = blockOf(rest, 'xray')
    if (xray === undefined) return
    json.key(XRAY)
    json.beginObject()
    if (!('sdk' in xray)) this.#write(json, SDK, SDK_NAME)
    if (!('sdk_version' in xray)) this.#write(json, SDK_VERSION_KEY, SDK_VERSION)
    writeRest(json, xray)
    json.endObject()
  }

  writeReturnedService(json: JsonWriter, resource: Resource, service: Rest): void {
    this.#known.open(resource.attributes)
    json.key(SERVICE)
    json.beginObject()
    if (!('version' in service)) this.#write(json, VERSION, SERVICE_VERSION)
    writeRest(json, service)
    json.endObject()
  }

  /** What the rest has goes before what the resource says: it is kept where they differ. */
  #writeReturnedBlock(json: JsonWriter, rest: Rest, name: string, members: Members): void {
    const block = blockOf(rest, name)
    if (block === undefined) return
    json.keyText(name)
    json.beginObject()
    for (const [key, number] of members) if (!(nameOf(key) in block)) this.#write(json, key, number)
    if (members === beanstalk && !('deployment_id' in block)) this.#writeDeployment(json)
    writeRest(json, block)
    json.endObject()
  }

  // ---- inside

  #writeBlocks(json: JsonWriter): void {
    const platform = this.#text(CLOUD_PLATFORM)
    const beanstalkId = this.#text(SERVICE_INSTANCE_ID)
    if (platform === 'aws_elastic_beanstalk' && beanstalkId !== '')
      this.#writeBlock(json, 'elastic_beanstalk', beanstalk, () => this.#writeDeployment(json))
    const groups = this.#logGroupsOf()
    if (groups.length > 0) this.#writeLogGroups(json, groups)
    if (platform === 'aws_ecs') this.#writeBlock(json, 'ecs', ecs)
    if (platform === 'aws_ec2' || this.#text(HOST_ID) !== '') this.#writeBlock(json, 'ec2', ec2)
    if (platform === 'aws_eks' || this.#text(CLUSTER_NAME) !== '') this.#writeBlock(json, 'eks', eks)
    json.key(XRAY)
    json.beginObject()
    const sdk = this.#sdk()
    if (sdk !== '') {
      json.key(SDK)
      json.string(sdk)
    }
    this.#write(json, SDK_VERSION_KEY, SDK_VERSION)
    json.key(AUTO_INSTRUMENTATION)
    json.boolean(this.#text(AUTO_VERSION) !== '' || this.#text(DISTRO_VERSION) !== '')
    json.endObject()
  }

  #writeBlock(json: JsonWriter, name: string, members: Members, more?: () => void): void {
    json.keyText(name)
    json.beginObject()
    for (const [key, number] of members) this.#write(json, key, number)
    more?.()
    json.endObject()
  }

  /** A whole number; 0 when it is told as something else. */
  #writeDeployment(json: JsonWriter): void {
    const text = this.#text(SERVICE_INSTANCE_ID)
    if (text === '') return
    json.key(DEPLOYMENT_ID)
    if (/^-?\d{1,18}$/.test(text)) json.bigint(BigInt(text))
    else json.number(0)
  }

  #write(json: JsonWriter, key: Buffer, number: number): void {
    const known = this.#known
    const index = known.at(number)
    if (!known.isText(index) || known.start === known.end) return
    json.key(key)
    json.utf8(known.bytes, known.start, known.end)
  }

  /** `opentelemetry for nodejs`; X-Ray's own SDKs name the language themselves. */
  #sdk(): string {
    const name = this.#text(SDK_NAME)
    const language = this.#text(SDK_LANGUAGE)
    return name === '' || language === '' || name.includes(' for ') ? name : `${name} for ${language}`
  }

  #service(): Buffer | undefined {
    const version = this.#version()
    if (version === undefined) return undefined
    return this.#written((json) => {
      json.key(SERVICE)
      json.beginObject()
      json.key(VERSION)
      json.string(version)
      json.endObject()
    })
  }

  #version(): string | undefined {
    const known = this.#known
    return (
      known.string(known.at(SERVICE_VERSION)) ??
      textsOf(known.value(known.at(IMAGE_TAGS)))?.[0] ??
      known.string(known.at(IMAGE_TAG))
    )
  }

  #originOf(provider: string): string | undefined {
    if (provider !== '' && provider !== 'aws') return undefined
    switch (this.#text(CLOUD_PLATFORM)) {
      case 'aws_app_runner':
        return 'AWS::AppRunner::Service'
      case 'aws_eks':
        return 'AWS::EKS::Container'
      case 'aws_elastic_beanstalk':
        return 'AWS::ElasticBeanstalk::Environment'
      case 'aws_ecs': {
        const type = this.#text(LAUNCH_TYPE)
        return type === 'ec2' ? 'AWS::ECS::EC2' : type === 'fargate' ? 'AWS::ECS::Fargate' : 'AWS::ECS::Container'
      }
      case 'aws_ec2':
        return 'AWS::EC2::Instance'
      default:
        return undefined
    }
  }

  // ---- log groups

  /** By the resource, its ARNs first, else by the config. */
  #logGroupsOf(): readonly LogGroup[] {
    const arns = this.#list(LOG_GROUP_ARNS).filter((arn) => arn !== '')
    if (arns.length > 0) return arns.map((arn) => ({ name: arn.split(':')[6] ?? arn, arn }))
    const groups = this.#list(LOG_GROUP_NAMES).filter((name) => name !== '')
    return groups.length > 0 ? groups.map((name) => ({ name, arn: '' })) : this.#logGroups
  }

  #pairs(groups: readonly string[], arns: readonly string[]): readonly LogGroup[] {
    return Array.from({ length: Math.max(groups.length, arns.length) }, (_, i) => ({
      name: groups[i] ?? '',
      arn: arns[i] ?? '',
    }))
  }

  /** A list, or a text with `&` between, as an environment variable has it. */
  #list(number: number): readonly string[] {
    const value = this.#known.value(this.#known.at(number))
    return typeof value === 'string' ? value.split('&') : (textsOf(value) ?? [])
  }

  #writeLogGroups(json: JsonWriter, groups: readonly LogGroup[]): void {
    json.key(CLOUDWATCH_LOGS)
    json.beginArray()
    for (const { name, arn } of groups) {
      json.beginObject()
      if (name !== '') {
        json.key(LOG_GROUP)
        json.string(name)
      }
      if (arn !== '') {
        json.key(ARN)
        json.string(arn)
      }
      json.endObject()
    }
    json.endArray()
  }

  #text(number: number): string {
    return this.#known.string(this.#known.at(number)) ?? ''
  }

  #written(write: (json: JsonWriter) => void): Buffer {
    this.#json.clear()
    write(this.#json)
    return this.#json.take()
  }
}

/** The member's name, of its key as it is written. */
const nameOf = (key: Buffer): string => key.toString('latin1').slice(2, -3)
