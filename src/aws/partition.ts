// The groups of regions that have names of their own, and what these end in. The SDK's table (@aws-sdk/util-endpoints) has
// the same, and a test compares them; loading it costs 15 MB.

export interface Partition {
  readonly name: string
  readonly dnsSuffix: string
  /** Of hosts that have IPv4 and IPv6 addresses. */
  readonly dualStackDnsSuffix: string
  /** Where services without regions are signed for. */
  readonly globalRegion: string
}

/** A region that no pattern fits is new, and most probably one of the standard partition. */
export function partitionOf(region: string): Partition {
  for (const [pattern, partition] of PARTITIONS) if (pattern.test(region)) return partition
  return AWS
}

const partition = (name: string, dnsSuffix: string, dualStackDnsSuffix: string, globalRegion: string): Partition => ({
  name,
  dnsSuffix,
  dualStackDnsSuffix,
  globalRegion,
})

const AWS = partition('aws', 'amazonaws.com', 'api.aws', 'us-east-1')

const PARTITIONS: readonly (readonly [RegExp, Partition])[] = [
  [/^cn-/, partition('aws-cn', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn', 'cn-northwest-1')],
  [/^us-gov-/, partition('aws-us-gov', 'amazonaws.com', 'api.aws', 'us-gov-west-1')],
  [/^us-iso-/, partition('aws-iso', 'c2s.ic.gov', 'api.aws.ic.gov', 'us-iso-east-1')],
  [/^us-isob-/, partition('aws-iso-b', 'sc2s.sgov.gov', 'api.aws.scloud', 'us-isob-east-1')],
  [/^(?:eu-isoe|aws-iso-e)-/, partition('aws-iso-e', 'cloud.adc-e.uk', 'api.cloud-aws.adc-e.uk', 'eu-isoe-west-1')],
  [/^us-isof-/, partition('aws-iso-f', 'csp.hci.ic.gov', 'api.aws.hci.ic.gov', 'us-isof-south-1')],
  [/^eusc-/, partition('aws-eusc', 'amazonaws.eu', 'api.amazonwebservices.eu', 'eusc-de-east-1')],
]
