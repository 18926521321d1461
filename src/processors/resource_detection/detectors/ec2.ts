// `ec2`: what the instance's metadata service says, and the instance's tags.

import { describeTags } from '../../../aws/instance/ec2-api.ts'
import { Imds, ImdsError } from '../../../aws/instance/imds.ts'
import { messageOf } from '../../../contract/index.ts'
import { compilePattern } from '../../../match/regexp.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect } from '../detector.ts'

export function createEc2Detector({ ec2 }: ResourceDetectionConfig, around: Around): Detect {
  const attributes = collecting(ec2.resource_attributes)
  const tags = ec2.tags.map(compilePattern)
  const attempts = { most: ec2.max_attempts, maxBackoffMs: ec2.max_backoff }
  const { machine, clock, log, isStrict } = around
  const fromImds = ec2.tags_from_imds
  const asking = { settings: around.settings, environment: machine.environment }
  return async (abort) => {
    const imds = new Imds(machine.environment, clock, attempts)
    await imds.instanceId(abort).catch((error: unknown) => {
      throw new AbsentError(messageOf(error))
    })
    const instance = await imds.instance(abort).catch((error: unknown) => {
      // Other clouds have an imitation of the service, as far as the id of the instance.
      if (error instanceof ImdsError && error.status === 404) throw new AbsentError(messageOf(error))
      throw error
    })
    const hostname = await imds.hostname(abort).catch((error: unknown) => {
      if (isStrict) throw error
      log.debug('EC2 does not know its host name', { error: messageOf(error) })
      return undefined
    })
    const found = attributes.begin()
    found.set('cloud.provider', 'aws')
    found.set('cloud.platform', 'aws_ec2')
    found.set('cloud.region', instance.region)
    found.set('cloud.account.id', instance.accountId)
    found.set('cloud.availability_zone', instance.availabilityZone)
    found.set('host.id', instance.id)
    found.set('host.image.id', instance.imageId)
    found.set('host.type', instance.type)
    if (hostname !== undefined) found.set('host.name', hostname)
    if (tags.length === 0) return found.done()
    try {
      const isWanted = (key: string): boolean => tags.some((pattern) => pattern.test(key))
      const known = fromImds
        ? await tagsFromImds(imds, isWanted, abort)
        : await describeTags({ instance, isWanted }, asking, abort)
      for (const [key, value] of known) found.add(`ec2.tag.${key}`, value)
    } catch (error) {
      log.warn('tags of the EC2 instance are not known', { error: messageOf(error) })
    }
    return found.done()
  }
}

/** Takes no permission, but the instance's metadata options must allow it. */
async function tagsFromImds(
  imds: Imds,
  isWanted: (key: string) => boolean,
  abort: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const tags = new Map<string, string>()
  for (const key of await imds.tagKeys(abort)) if (isWanted(key)) tags.set(key, await imds.tag(key, abort))
  return tags
}
