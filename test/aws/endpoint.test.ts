import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { FirehoseClient } from '@aws-sdk/client-firehose'
import { XRayClient } from '@aws-sdk/client-xray'
import { partition } from '@aws-sdk/util-endpoints'
import { test } from 'tap'
import { endpointOf, hostOf } from '../../src/aws/endpoint.ts'
import { partitionOf } from '../../src/aws/partition.ts'
import { type Profile, parseIni } from '../../src/aws/profile.ts'

const REGIONS = [
  'us-east-1',
  'eu-west-1',
  'mx-central-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-west-1',
  'us-gov-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'eu-isoe-west-1',
  'us-isof-south-1',
  'eusc-de-east-1',
  'xx-new-1',
]

test('partitions are those of the SDK', async (t) => {
  for (const region of REGIONS) {
    const { name, dnsSuffix, dualStackDnsSuffix } = partition(region)
    t.match(partitionOf(region), { name, dnsSuffix, dualStackDnsSuffix }, region)
  }
})

interface EndpointProvider {
  endpointProvider(of: { Region: string; UseFIPS: boolean; UseDualStack: boolean }): { readonly url: URL }
}

test('hosts are those that the SDK’s clients go to, in every partition and variant', async (t) => {
  const of = { region: 'eu-west-1' }
  const clients = {
    logs: new CloudWatchLogsClient(of),
    monitoring: new CloudWatchClient(of),
    xray: new XRayClient(of),
    firehose: new FirehoseClient(of),
  }
  let cases = 0
  for (const [prefix, client] of Object.entries(clients)) {
    const { endpointProvider } = client.config as unknown as EndpointProvider
    for (const region of REGIONS)
      for (const isFips of [false, true])
        for (const isDualStack of [false, true]) {
          const { host } = endpointProvider({ Region: region, UseFIPS: isFips, UseDualStack: isDualStack }).url
          t.equal(hostOf(prefix, region, { isFips, isDualStack }), host, `${region} ${isFips} ${isDualStack}`)
          cases++
        }
    client.destroy()
  }
  t.equal(cases, 4 * REGIONS.length * 4)
})

const NOTHING: Profile = { get: () => undefined, service: () => undefined }
const logs = { endpointPrefix: 'logs', endpointVariable: 'CLOUDWATCH_LOGS' }
const hrefOf = (of: Partial<Parameters<typeof endpointOf>[2]>): string =>
  endpointOf(logs, 'eu-west-1', { configured: '', environment: {}, profile: NOTHING, ...of }).href

test('what says where to, in this order: endpoint, the variable of the service, that of all, the profile', async (t) => {
  const profile: Profile = {
    get: (key) => (key === 'endpoint_url' ? 'http://profile' : undefined),
    service: (service, key) => (service === 'cloudwatch_logs' && key === 'endpoint_url' ? 'http://service' : undefined),
  }
  const environment = { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://logs', AWS_ENDPOINT_URL: 'http://all' }
  t.equal(hrefOf({ configured: 'https://own:1/x', environment, profile }), 'https://own:1/x')
  t.equal(hrefOf({ environment, profile }), 'http://logs/')
  t.equal(hrefOf({ environment: { AWS_ENDPOINT_URL: 'http://all' }, profile }), 'http://all/')
  t.equal(hrefOf({ profile }), 'http://service/')
  t.equal(hrefOf({ profile: { ...profile, service: () => undefined } }), 'http://profile/')
  t.equal(hrefOf({}), 'https://logs.eu-west-1.amazonaws.com/')
  const ignored = { ...environment, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }
  t.equal(hrefOf({ environment: ignored, profile }), 'https://logs.eu-west-1.amazonaws.com/')
  t.throws(() => hrefOf({ environment: { AWS_ENDPOINT_URL: 'logs.test' } }), {
    message: /^AWS_ENDPOINT_URL: must begin with http/,
  })
})

test('FIPS and dual stack come from the environment or the profile', async (t) => {
  t.equal(hrefOf({ environment: { AWS_USE_FIPS_ENDPOINT: 'true' } }), 'https://logs-fips.eu-west-1.amazonaws.com/')
  t.equal(hrefOf({ environment: { AWS_USE_DUALSTACK_ENDPOINT: 'true' } }), 'https://logs.eu-west-1.api.aws/')
  const profile = { ...NOTHING, get: (key: string) => (key === 'use_dualstack_endpoint' ? 'true' : undefined) }
  t.equal(hrefOf({ profile }), 'https://logs.eu-west-1.api.aws/')
  t.equal(
    hrefOf({ profile, environment: { AWS_USE_DUALSTACK_ENDPOINT: 'false' } }),
    'https://logs.eu-west-1.amazonaws.com/',
  )
})

test('the config file of the SDKs', async (t) => {
  const sections = parseIni(`
# a comment
[default]
region = eu-west-1 # where
[profile "two words"]
Region=us-east-1
services = local
s3 =
  addressing_style = path
[services local]
cloudwatch_logs =
  endpoint_url = http://localhost:4566
xray =
  endpoint_url = http://localhost:4567
no pair
`)
  t.equal(sections.get('default')?.get('region'), 'eu-west-1')
  t.equal(sections.get('profile two words')?.get('region'), 'us-east-1')
  t.equal(sections.get('profile two words')?.get('s3.addressing_style'), 'path')
  t.equal(sections.get('services local')?.get('xray.endpoint_url'), 'http://localhost:4567')
})
