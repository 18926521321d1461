// The questions to the EC2 API that components have about the instance they run on; the client is imported when one is asked.
import * as v from 'valibot'
import { section } from '../../config/schema.ts'
import type { Settings } from '../../contract/index.ts'
import type { Environment } from '../../net/proxy.ts'
import type { XmlValue } from '../index.ts'
import { attempt } from './attempts.ts'

/** Who asks. */
export interface Asking {
  readonly settings: Settings
  readonly environment: Environment
}

export interface TagQuestion {
  readonly instance: { readonly id: string; readonly region: string }
  readonly isWanted: (key: string) => boolean
}

/** As the AWS SDKs have it. */
const ATTEMPTS = { most: 3, maxBackoffMs: 20_000 }

/** Takes the permission ec2:DescribeTags. */
export async function describeTags(
  { instance, isWanted }: TagQuestion,
  asking: Asking,
  abort: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const question = `Filter.1.Name=resource-id&Filter.1.Value.1=${encodeURIComponent(instance.id)}`
  const answer = await call('DescribeTags', question, instance.region, asking, abort)
  const tags = new Map<string, string>()
  for (const tag of itemsAt(answer, 'DescribeTagsResponse', 'tagSet')) {
    const key = textAt(tag, 'key')
    if (isWanted(key)) tags.set(key, textAt(tag, 'value'))
  }
  return tags
}

export interface Volume {
  readonly id: string
  readonly availabilityZone: string
  /** Under the name that the instance was told: `/dev/xvda`. */
  readonly device: string
}

/** Those attached to an instance. Takes the permission ec2:DescribeVolumes. */
export async function describeVolumes(
  { id, region }: { readonly id: string; readonly region: string },
  asking: Asking,
  abort: AbortSignal,
): Promise<readonly Volume[]> {
  const question = `Filter.1.Name=attachment.instance-id&Filter.1.Value.1=${encodeURIComponent(id)}`
  const answer = await call('DescribeVolumes', question, region, asking, abort)
  return itemsAt(answer, 'DescribeVolumesResponse', 'volumeSet').flatMap((volume) =>
    itemsAt(volume, 'attachmentSet').map((attachment) => ({
      id: textAt(attachment, 'volumeId'),
      availabilityZone: textAt(volume, 'availabilityZone'),
      device: textAt(attachment, 'device'),
    })),
  )
}

export interface DescribedInstance {
  readonly accountId: string
  readonly imageId: string
  readonly type: string
  readonly hostname: string
  readonly tags: ReadonlyMap<string, string>
}

/** Takes the permission ec2:DescribeInstances. Undefined when there is no such instance. */
export async function describeInstance(
  { id, region }: { readonly id: string; readonly region: string },
  asking: Asking,
  abort: AbortSignal,
): Promise<DescribedInstance | undefined> {
  const answer = await call('DescribeInstances', `InstanceId.1=${encodeURIComponent(id)}`, region, asking, abort)
  const [reservation] = itemsAt(answer, 'DescribeInstancesResponse', 'reservationSet')
  const [instance] = itemsAt(reservation, 'instancesSet')
  if (instance === undefined) return undefined
  return {
    accountId: textAt(reservation, 'ownerId'),
    imageId: textAt(instance, 'imageId'),
    type: textAt(instance, 'instanceType'),
    hostname: textAt(instance, 'privateDnsName'),
    tags: new Map(itemsAt(instance, 'tagSet').map((tag) => [textAt(tag, 'key'), textAt(tag, 'value')])),
  }
}

async function call(
  operation: string,
  question: string,
  region: string,
  { settings, environment }: Asking,
  abort: AbortSignal,
): Promise<XmlValue> {
  const { AwsClient, AwsError, awsSettings } = await import('../index.ts')
  const config = v.parse(section(awsSettings), { region })
  const api = {
    signingName: 'ec2',
    endpointPrefix: 'ec2',
    endpointVariable: 'EC2',
    protocol: { type: 'query', version: '2016-11-15' },
  } as const
  const client = new AwsClient(api, config, settings, { environment })
  const body = Buffer.from(question)
  const isPassing = (error: unknown): boolean =>
    error instanceof AwsError && (error.refusal === 'throttled' || error.refusal === 'transient')
  try {
    await client.start()
    const asked = { operation, chunks: [body], sizeBytes: body.length }
    return (await attempt(
      ATTEMPTS,
      { clock: settings.clock, abort },
      () => client.call(asked, abort),
      isPassing,
    )) as XmlValue
  } finally {
    client.close()
  }
}

/** The `item`s of a set; one that has a single item is no list in the answer. */
function itemsAt(value: XmlValue | undefined, ...path: readonly string[]): readonly XmlValue[] {
  const items = at(value, ...path, 'item')
  return items === undefined ? [] : Array.isArray(items) ? items : [items]
}

function textAt(value: XmlValue | undefined, name: string): string {
  const text = at(value, name)
  return typeof text === 'string' ? text : ''
}

function at(value: XmlValue | undefined, ...path: readonly string[]): XmlValue | undefined {
  for (const name of path)
    value =
      typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, name)
        ? (Reflect.get(value, name) as XmlValue)
        : undefined
  return value
}
