// Where a service of a region answers.
import { parseHttpUrl } from '../config/endpoint.ts'
import { messageOf } from '../contract/index.ts'
import type { Environment } from '../net/proxy.ts'
import type { AwsApi } from './api.ts'
import { partitionOf } from './partition.ts'
import type { Profile } from './profile.ts'

/** Kinds of hosts that a service may have besides the plain one. */
export interface HostVariant {
  readonly isFips: boolean
  readonly isDualStack: boolean
}

/**
 * The URL of a service, without a path but for a custom endpoint's own: the setting, AWS_ENDPOINT_URL_<SERVICE>,
 * AWS_ENDPOINT_URL, the profile's `services` and `endpoint_url`, or the public one. Throws when what is found is no URL.
 */
export function endpointOf(
  api: Pick<AwsApi, 'endpointPrefix' | 'endpointVariable'>,
  region: string,
  of: { readonly configured: string; readonly environment: Environment; readonly profile: Profile },
): URL {
  const custom = customEndpoint(api, of)
  if (custom !== undefined) {
    try {
      return parseHttpUrl(custom.url)
    } catch (error) {
      throw new Error(`${custom.source}: ${messageOf(error)}`)
    }
  }
  return new URL(`https://${hostOf(api.endpointPrefix, region, variantOf(of.environment, of.profile))}`)
}

/** Whether the endpoint is not the public one, and who says so. */
export function customEndpoint(
  { endpointVariable }: Pick<AwsApi, 'endpointVariable'>,
  {
    configured,
    environment,
    profile,
  }: { readonly configured: string; readonly environment: Environment; readonly profile: Profile },
): { readonly url: string; readonly source: string } | undefined {
  if (configured !== '') return { url: configured, source: 'endpoint' }
  if (environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined
  for (const source of [`AWS_ENDPOINT_URL_${endpointVariable}`, 'AWS_ENDPOINT_URL']) {
    const url = environment[source]
    if (url) return { url, source }
  }
  const ofService = profile.service(endpointVariable.toLowerCase(), 'endpoint_url')
  if (ofService !== undefined) return { url: ofService, source: 'endpoint_url of the service in the profile' }
  const ofProfile = profile.get('endpoint_url')
  return ofProfile === undefined ? undefined : { url: ofProfile, source: 'endpoint_url of the profile' }
}

/** As the environment says, else the profile. */
export const variantOf = (environment: Environment, profile: Profile): HostVariant => ({
  isFips: (environment.AWS_USE_FIPS_ENDPOINT || profile.get('use_fips_endpoint')) === 'true',
  isDualStack: (environment.AWS_USE_DUALSTACK_ENDPOINT || profile.get('use_dualstack_endpoint')) === 'true',
})

/** https://docs.aws.amazon.com/general/latest/gr/rande.html */
export function hostOf(prefix: string, region: string, { isFips, isDualStack }: HostVariant): string {
  const { name, dnsSuffix, dualStackDnsSuffix } = partitionOf(region)
  // GovCloud's plain hosts are FIPS hosts, and some of its services have no others.
  const isPlain = name === 'aws-us-gov' && (isDualStack ? PLAIN_DUAL_STACK : PLAIN).has(prefix)
  return `${prefix}${isFips && !isPlain ? '-fips' : ''}.${region}.${isDualStack ? dualStackDnsSuffix : dnsSuffix}`
}

const PLAIN: ReadonlySet<string> = new Set(['logs', 'monitoring', 'sts'])
const PLAIN_DUAL_STACK: ReadonlySet<string> = new Set(['monitoring'])
