import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { loadProfile } from '../../src/aws/profile.ts'
import { regionOf } from '../../src/aws/region.ts'

interface Machine {
  readonly url: string
  readonly asked: string[]
}

/** The metadata services of ECS and EC2 in one. `answers`: by method and path; what is not there is a 404. */
async function machine(t: Test, answers: Readonly<Record<string, string | number>>): Promise<Machine> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-aws-ec2-metadata-token'] ?? ''}`.trim())
    const answer = answers[`${request.method} ${request.url}`] ?? 404
    response.statusCode = typeof answer === 'number' ? answer : 200
    response.end(typeof answer === 'string' ? answer : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const NOTHING = { get: () => undefined, service: () => undefined }
const config = { region: '', local_mode: false, imds_retries: 1 }
const EC2 = { 'PUT /latest/api/token': 'TOKEN', 'GET /latest/meta-data/placement/region': 'ap-south-1\n' }

test('the setting, the environment, the profile', async (t) => {
  const environment = { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' }
  const profile = { ...NOTHING, get: (key: string) => (key === 'region' ? 'eu-north-1' : undefined) }
  t.equal(await regionOf({ ...config, region: 'eu-west-1' }, profile, environment), 'eu-west-1')
  t.equal(await regionOf(config, profile, environment), 'eu-west-2')
  t.equal(await regionOf(config, profile, { AWS_DEFAULT_REGION: 'eu-west-3' }), 'eu-west-3')
  t.equal(await regionOf(config, profile, {}), 'eu-north-1')
})

test('the profile is the one of the setting, of AWS_PROFILE, or default, in the file that AWS_CONFIG_FILE names', async (t) => {
  const folder = t.testdir({
    config: '[default]\nregion=eu-west-1\n[profile a]\nregion=eu-west-2\n[profile b]\nregion=eu-west-3\n',
  })
  const environment = { AWS_CONFIG_FILE: join(folder, 'config') }
  const regionIn = async (profile: string, more: object = {}) =>
    regionOf(config, await loadProfile(profile, { ...environment, ...more }), {})
  t.equal(await regionIn(''), 'eu-west-1')
  t.equal(await regionIn('a'), 'eu-west-2')
  t.equal(await regionIn('', { AWS_PROFILE: 'b' }), 'eu-west-3')
  t.equal((await loadProfile('', { HOME: join(folder, 'nobody') })).get('region'), undefined)
})

test('the task metadata of ECS', async (t) => {
  const { url } = await machine(t, { 'GET /v4/x/task': '{"TaskARN":"arn:aws:ecs:us-west-2:111122223333:task/c/1"}' })
  t.equal(await regionOf(config, NOTHING, { ECS_CONTAINER_METADATA_URI_V4: `${url}/v4/x` }), 'us-west-2')
})

test('the instance metadata of EC2, version 2, also when ECS does not know', async (t) => {
  const { url, asked } = await machine(t, { ...EC2, 'GET /v4/task': '{}' })
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url }
  t.equal(await regionOf(config, NOTHING, environment), 'ap-south-1')
  t.same(asked, ['PUT /latest/api/token', 'GET /latest/meta-data/placement/region TOKEN'])
  t.equal(await regionOf(config, NOTHING, { ...environment, ECS_CONTAINER_METADATA_URI_V4: `${url}/v4` }), 'ap-south-1')
})

test('imds_retries says how often EC2 is asked again', async (t) => {
  const { url, asked } = await machine(t, { 'PUT /latest/api/token': 500 })
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url }
  await t.rejects(regionOf({ ...config, imds_retries: 2 }, NOTHING, environment), {
    message: /^region: not known: give it as region, or in AWS_REGION .*127.0.0.1:\d+: answers 500/,
  })
  t.equal(asked.length, 3)
})

test('local_mode and AWS_EC2_METADATA_DISABLED ask nobody', async (t) => {
  const { url, asked } = await machine(t, EC2)
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url, ECS_CONTAINER_METADATA_URI_V4: url }
  await t.rejects(regionOf({ ...config, local_mode: true }, NOTHING, environment), { message: /local_mode keeps from/ })
  await t.rejects(
    regionOf(config, NOTHING, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url, AWS_EC2_METADATA_DISABLED: 'true' }),
  )
  t.same(asked, [])
})

test('an answer that is too large, or breaks off, is no region', async (t) => {
  const { url } = await machine(t, { ...EC2, 'GET /latest/meta-data/placement/region': 'x'.repeat(300_000) })
  await t.rejects(regionOf(config, NOTHING, { AWS_EC2_METADATA_SERVICE_ENDPOINT: url }), {
    message: /more than 262144 bytes/,
  })
})
