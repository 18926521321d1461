// Which service and region a host belongs to, by its name.

export interface Destination {
  readonly service: string | undefined
  readonly region: string | undefined
}

/** Undefined for what the name does not say. */
export function destinationOf(hostname: string): Destination {
  for (const [pattern, service] of HOSTS) {
    const match = pattern.exec(hostname)
    if (match !== null) return { service: service ?? match.groups?.service, region: match.groups?.region }
  }
  return { service: undefined, region: undefined }
}

const REGION = '(?<region>[a-z]{2,4}(?:-[a-z]+)+-\\d+)'

/** Public names, names with FIPS, dual stack, and VPC endpoints (`vpce-1-2.logs.eu-west-1.vpce.amazonaws.com`). */
const HOSTS: readonly (readonly [RegExp, string | undefined])[] = [
  [new RegExp(`^(?:.*\\.)?aps-workspaces(?:-fips)?\\.${REGION}\\.`), 'aps'],
  [new RegExp(`^(?:.*\\.)?(?<service>logs|monitoring|xray)(?:-fips)?\\.${REGION}\\.`), undefined],
  [new RegExp(`\\.${REGION}\\.(?<service>es|aoss|osis)\\.`), undefined],
  [new RegExp(`\\.aos\\.${REGION}\\.on\\.aws$`), 'es'],
]
