// Which region: the setting, the environment, the profile, then what the machine says of itself.
import { messageOf } from '../contract/index.ts'
import type { Environment } from '../net/proxy.ts'
import type { AwsConfig } from './config.ts'
import { askMetadata } from './metadata.ts'
import type { Profile } from './profile.ts'

/** Rejects with everything that was tried. */
export async function regionOf(
  { region, local_mode, imds_retries }: Pick<AwsConfig, 'region' | 'local_mode' | 'imds_retries'>,
  profile: Profile,
  environment: Environment,
): Promise<string> {
  const said = region || environment.AWS_REGION || environment.AWS_DEFAULT_REGION || profile.get('region') || undefined
  if (said !== undefined) return said
  const tried: string[] = []
  if (local_mode) tried.push('local_mode keeps from asking ECS and EC2')
  else
    for (const ask of [ofEcs, ofEc2]) {
      try {
        const found = await ask(environment, imds_retries)
        if (found !== undefined) return found
      } catch (error) {
        tried.push(messageOf(error))
      }
    }
  throw new Error(
    `region: not known: give it as region, or in AWS_REGION (nor is it in the profile${tried.map((why) => `; ${why}`).join('')})`,
  )
}

/** The metadata service is on the same machine; only a machine that has none does not answer soon. */
const TIMEOUT_MS = 1000

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html */
async function ofEcs(environment: Environment): Promise<string | undefined> {
  const base = environment.ECS_CONTAINER_METADATA_URI_V4 || environment.ECS_CONTAINER_METADATA_URI
  if (!base) return undefined
  const task: unknown = JSON.parse(await askMetadata(new URL(`${base}/task`), { timeoutMs: TIMEOUT_MS }))
  const arn = typeof task === 'object' && task !== null && 'TaskARN' in task ? task.TaskARN : undefined
  const region = typeof arn === 'string' ? arn.split(':')[3] : undefined
  if (!region) throw new Error(`${base}/task: no TaskARN in the answer`)
  return region
}

const ofEc2 = async (environment: Environment, retries: number): Promise<string | undefined> =>
  (await askEc2('placement/region', environment, retries)) || undefined

/**
 * What EC2 says of the instance, such as `instance-id`; "" where asking it is forbidden.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html (version 2)
 */
export async function askEc2(path: string, environment: Environment, retries: number): Promise<string> {
  if (environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return ''
  const byMode = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE === 'IPv6' ? 'http://[fd00:ec2::254]' : undefined
  const base = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || byMode || 'http://169.254.169.254'
  for (let attempt = 0; ; attempt++) {
    try {
      const token = await askMetadata(new URL('/latest/api/token', base), {
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
        timeoutMs: TIMEOUT_MS,
      })
      const headers = { 'x-aws-ec2-metadata-token': token.trim() }
      const url = new URL(`/latest/meta-data/${path}`, base)
      return (await askMetadata(url, { headers, timeoutMs: TIMEOUT_MS })).trim()
    } catch (error) {
      if (attempt >= retries) throw error
    }
  }
}
