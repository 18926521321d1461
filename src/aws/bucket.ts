// Where a bucket answers, and under which path: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
import { isIP } from 'node:net'
import type { AwsApi } from './api.ts'
import { partitionOf } from './partition.ts'
import type { AwsSession } from './session.ts'

export const S3_API: AwsApi = {
  signingName: 's3',
  endpointPrefix: 's3',
  endpointVariable: 'S3',
  protocol: { type: 'rest-xml' },
}

export interface BucketPlace {
  readonly endpoint: URL
  /** What stands before the key, with a slash at its end. */
  readonly path: string
}

export interface BucketSettings {
  readonly s3_force_path_style: boolean
  readonly disable_ssl: boolean
}

export function placeOf(
  bucket: string,
  session: Pick<AwsSession, 'region' | 'customEndpoint' | 'variant'>,
  { s3_force_path_style, disable_ssl }: BucketSettings,
): BucketPlace {
  const custom = session.customEndpoint(S3_API)
  const base = new URL(custom ?? `${disable_ssl ? 'http' : 'https'}://${publicHost(session)}`)
  const host = base.hostname.replace(/^\[|\]$/g, '')
  // A certificate for *.s3… is not one for a.b.s3…; capitals and _ are in no host.
  const fitsHost = /^[a-z0-9-]{3,63}$/.test(bucket) || (base.protocol === 'http:' && /^[a-z0-9.-]{3,63}$/.test(bucket))
  if (s3_force_path_style || !fitsHost || isIP(host) !== 0 || host === 'localhost')
    return { endpoint: base, path: `/${bucket}/` }
  const endpoint = new URL(base)
  endpoint.hostname = `${bucket}.${base.hostname}`
  return { endpoint, path: '/' }
}

function publicHost({ region, variant: { isFips, isDualStack } }: Pick<AwsSession, 'region' | 'variant'>): string {
  const { dnsSuffix } = partitionOf(region)
  return `s3${isFips ? '-fips' : ''}${isDualStack ? '.dualstack' : ''}.${region}.${dnsSuffix}`
}
