// The groups of regions that have names of their own, and what these end in. The SDK's table (@aws-sdk/util-endpoints) has
// the same, and a test compares them; loading it costs 15 MB.

export interface Partition {
  readonly name: string
  readonly dnsSuffix: string
  /** Of hosts that have IPv4 and IPv6 addresses. */
  readonly dualStackDnsSuffix: string
}

/** A region that no pattern fits is new, and most probably one of the standard partition. */
export function partitionOf(region: string): Partition {
  for (const [pattern, partition] of PARTITIONS) if (pattern.test(region)) return partition
  return AWS
}

const AWS: Partition = { name: 'aws', dnsSuffix: 'amazonaws.com', dualStackDnsSuffix: 'api.aws' }

const partition = (pattern: RegExp, name: string, dnsSuffix: string, dualStackDnsSuffix: string) =>
  [pattern, { name, dnsSuffix, dualStackDnsSuffix }] as const

const PARTITIONS: readonly (readonly [RegExp, Partition])[] = [
  partition(/^cn-/, 'aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'),
  partition(/^us-gov-/, 'aws-us-gov', 'amazonaws.com', 'api.aws'),
  partition(/^us-iso-/, 'aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov'),
  partition(/^us-isob-/, 'aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud'),
  partition(/^eu-isoe-/, 'aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk'),
  partition(/^us-isof-/, 'aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov'),
  partition(/^eusc-/, 'aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu'),
]
