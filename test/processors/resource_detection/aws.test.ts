// ec2 and ecs against local servers that answer as their metadata services do.
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { type Test, test } from 'tap'
import { settle } from '../../../src/testing/index.ts'
import { until } from '../../kit/until.ts'
import { answering, detecting, found, listening, machine, type Routes, serve } from './detecting.ts'

const identity = JSON.stringify({
  instanceId: 'i-0abc',
  region: 'eu-west-1',
  accountId: '123456789012',
  availabilityZone: 'eu-west-1b',
  imageId: 'ami-1',
  instanceType: 't4g.small',
})
const ofEc2 = {
  'cloud.provider': 'aws',
  'cloud.platform': 'aws_ec2',
  'cloud.region': 'eu-west-1',
  'cloud.account.id': '123456789012',
  'cloud.availability_zone': 'eu-west-1b',
  'host.id': 'i-0abc',
  'host.image.id': 'ami-1',
  'host.type': 't4g.small',
  'host.name': 'ip-10-0-0-1.internal',
}

/** Version 2: without the token nothing is said. */
const withToken =
  (answer: string) =>
  ({ headers }: IncomingMessage): string | number =>
    headers['x-aws-ec2-metadata-token'] === 'token-1' ? answer : 401
const imds: Routes = {
  'PUT /latest/api/token': ({ headers }) =>
    headers['x-aws-ec2-metadata-token-ttl-seconds'] === '300' ? 'token-1' : 400,
  'GET /latest/meta-data/instance-id': withToken('i-0abc'),
  'GET /latest/dynamic/instance-identity/document': withToken(identity),
  'GET /latest/meta-data/hostname': withToken('ip-10-0-0-1.internal'),
  'GET /latest/meta-data/tags/instance': withToken('team\nName\ncost-center\n'),
  'GET /latest/meta-data/tags/instance/team': withToken('payments'),
  'GET /latest/meta-data/tags/instance/cost-center': withToken('42'),
}
const at = (host: string, more: Record<string, string> = {}) =>
  machine({ environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}`, ...more } })
const once = { retry: { enabled: false } }

test('ec2: what version 2 of the metadata service says', async (t) => {
  const asked: IncomingMessage[] = []
  const host = await serve(t, imds, asked)
  t.same(await found({ detectors: ['ec2'] }, at(host)), ofEc2)
  t.equal(asked.filter(({ method }) => method === 'PUT').length, 1, 'one token for all questions')
})

test('ec2: version 1 where there is no other, unless that is switched off', async (t) => {
  const v1: Routes = Object.fromEntries(
    Object.entries(imds)
      .filter(([path]) => path.startsWith('GET'))
      .map(([path, answer]) => [path, typeof answer === 'function' ? answer(withHeaders) : answer]),
  )
  const host = await serve(t, { ...v1, 'PUT /latest/api/token': 403 })
  t.same(await found({ detectors: ['ec2'] }, at(host)), ofEc2)
  t.same(await found({ detectors: ['ec2'] }, at(host, { AWS_EC2_METADATA_V1_DISABLED: 'true' })), {})
})
const withHeaders = { headers: { 'x-aws-ec2-metadata-token': 'token-1' } } as unknown as IncomingMessage

test('ec2: a token that never comes, since it is one hop too far, leaves version 1', async (t) => {
  const server = createServer((request, response) => {
    if (request.method === 'PUT') return
    answering({
      'GET /latest/meta-data/instance-id': 'i-1',
      'GET /latest/dynamic/instance-identity/document': identity,
    })(request, response)
  })
  const one = detecting({ detectors: ['ec2'] }, at(await listening(t, server)))
  const started = one.start()
  let asked = 0
  server.on('request', () => asked++)
  await until(() => asked === 1)
  await one.settings.clock.advance(1000)
  await started
  const { 'host.name': _, ...withoutName } = ofEc2
  t.same(one.found(), withoutName)
  server.closeAllConnections()
  await one.stop()
})

test('ec2: elsewhere it finds nothing, and that is all right', async (t) => {
  const port = await closedPort(t)
  for (const on of [
    at(port),
    machine({ environment: { AWS_EC2_METADATA_DISABLED: 'TRUE' } }),
    at(await serve(t, {})),
  ]) {
    const one = detecting({ detectors: ['ec2'] }, on)
    await one.start()
    t.same(one.found(), {})
    t.same(one.host.states, [{ state: 'ok', reason: undefined }])
    await one.stop()
  }
})

test('ec2: a cloud that only has the id of the instance is none of ours', async (t) => {
  const host = await serve(t, { ...imds, 'GET /latest/dynamic/instance-identity/document': 404 })
  t.same(await found({ detectors: ['ec2'] }, at(host)), {})
})

for (const config of [{ fail_on_missing_metadata: true }, { ec2: { fail_on_missing_metadata: true } }])
  test(`ec2: ${JSON.stringify(config)} keeps the agent from starting elsewhere`, async (t) => {
    const host = await serve(t, { ...imds, 'GET /latest/meta-data/instance-id': 404 })
    const one = detecting({ detectors: ['ec2'], ...once, ...config }, at(host))
    await t.rejects(one.start(), /detector ec2: the EC2 metadata service answers 404 to meta-data\/instance-id/)
    await one.stop()
    const nameless = await serve(t, { ...imds, 'GET /latest/meta-data/hostname': 404 })
    const other = detecting({ detectors: ['ec2'], ...once, ...config }, at(nameless))
    await t.rejects(other.start(), /detector ec2: .* 404 to meta-data\/hostname/)
    await other.stop()
  })

test('ec2: a service in trouble is asked max_attempts times', async (t) => {
  for (const max_attempts of [1, 4]) {
    const asked: IncomingMessage[] = []
    const host = await serve(t, { ...imds, 'GET /latest/meta-data/instance-id': 503 }, asked)
    const one = detecting({ detectors: ['ec2'], ec2: { max_attempts, max_backoff: '20ms' } }, at(host))
    const asks = () => asked.filter(({ url }) => url?.endsWith('instance-id')).length
    let isStarted = false
    const started = one.start().then(() => {
      isStarted = true
    })
    // In small steps: the server is in this process, and answers long before a second has passed.
    while (!isStarted) await one.settings.clock.advance(1)
    await started
    t.same(one.found(), {})
    t.equal(asks(), max_attempts)
    await one.stop()
  }
})

test('ec2: tags from the metadata service', async (t) => {
  const host = await serve(t, imds)
  const ec2 = { tags: ['^team$', '^cost'], tags_from_imds: true }
  t.same(await found({ detectors: ['ec2'], ec2 }, at(host)), {
    ...ofEc2,
    'ec2.tag.team': 'payments',
    'ec2.tag.cost-center': '42',
  })
  const without = await serve(t, { ...imds, 'GET /latest/meta-data/tags/instance': 404 })
  const one = detecting({ detectors: ['ec2'], ec2 }, at(without))
  await one.start()
  t.same(one.found(), ofEc2)
  t.match(one.settings.lines, [{ level: 'warn', message: 'tags of the EC2 instance are not known' }, {}])
  await one.stop()
})

const tagAnswer = (...tags: string[]) =>
  `<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><tagSet>${tags
    .map(
      (key) =>
        `<item><resourceId>i-0abc</resourceId><resourceType>instance</resourceType><key>${key}</key><value>v&amp;${key}</value></item>`,
    )
    .join('')}</tagSet></DescribeTagsResponse>`
const credentials = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' }

/** An EC2 API that answers one operation. */
async function ec2Api(t: Test, operation: string, answer: string): Promise<Record<string, string>> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const isSigned = /^AWS4-HMAC-SHA256 Credential=AKID\/\d+\/eu-west-1\/ec2\//.test(
        request.headers.authorization ?? '',
      )
      const isAsked = new URLSearchParams(body).get('Action') === operation && body.includes('i-0abc')
      response.writeHead(isSigned && isAsked ? 200 : 400)
      response.end(answer)
    })
  })
  return { ...credentials, AWS_ENDPOINT_URL_EC2: `http://${await listening(t, server)}` }
}

test('ec2: tags from the EC2 API', async (t) => {
  const host = await serve(t, imds)
  const config = { detectors: ['ec2'], ec2: { tags: ['^team$'] } }
  for (const tags of [['team'], ['team', 'Name']]) {
    const api = await ec2Api(t, 'DescribeTags', tagAnswer(...tags))
    t.same(await found(config, at(host, api)), { ...ofEc2, 'ec2.tag.team': 'v&team' })
  }
  t.same(await found(config, at(host, await ec2Api(t, 'DescribeTags', tagAnswer()))), ofEc2)
})

const task = {
  Cluster: 'shop',
  TaskARN: 'arn:aws:ecs:eu-west-1:123456789012:task/shop/0123456789abcdef',
  Family: 'orders',
  Revision: '26',
  LaunchType: 'FARGATE',
  AvailabilityZone: 'eu-west-1a',
  Containers: [
    container('app', {}),
    container('self', { DockerId: 'self' }),
    container('stopped', { KnownStatus: 'STOPPED' }),
    container('pause', { Type: 'CNI_PAUSE' }),
    container('fluent', { LogDriver: 'awsfirelens' }),
    container('bare', { LogOptions: {} }),
  ],
}
function container(name: string, of: object): object {
  return {
    DockerId: name,
    Name: name,
    Type: 'NORMAL',
    KnownStatus: 'RUNNING',
    LogDriver: 'awslogs',
    LogOptions: { 'awslogs-group': `/ecs/${name}`, 'awslogs-region': 'eu-west-1', 'awslogs-stream': `ecs/${name}/1` },
    ...of,
  }
}
const ofEcs = {
  'cloud.provider': 'aws',
  'cloud.platform': 'aws_ecs',
  'aws.ecs.task.arn': 'arn:aws:ecs:eu-west-1:123456789012:task/shop/0123456789abcdef',
  'aws.ecs.task.family': 'orders',
  'aws.ecs.task.revision': '26',
  'aws.ecs.task.id': '0123456789abcdef',
  'cloud.account.id': '123456789012',
  'cloud.region': 'eu-west-1',
  'aws.ecs.cluster.arn': 'arn:aws:ecs:eu-west-1:123456789012:cluster/shop',
  'cloud.availability_zone': 'eu-west-1a',
  'aws.ecs.launchtype': 'fargate',
}
const logs = {
  'aws.log.group.names': ['/ecs/app'],
  'aws.log.group.arns': ['arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/app'],
  'aws.log.stream.names': ['ecs/app/1'],
  'aws.log.stream.arns': ['arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/app:log-stream:ecs/app/1'],
}
const ecs = { detectors: ['ecs'], ...once }
const inTask = (host: string) => machine({ environment: { ECS_CONTAINER_METADATA_URI_V4: `http://${host}/v4/1` } })

test('ecs: what the task metadata endpoint says', async (t) => {
  const host = await serve(t, { 'GET /v4/1/task': JSON.stringify(task), 'GET /v4/1': '{"DockerId":"self"}' })
  t.same(await found(ecs, inTask(host)), { ...ofEcs, ...logs })
})

test('ecs: old tasks, clusters by their ARN, version 3 of the endpoint', async (t) => {
  const old = {
    Cluster: 'arn:aws:ecs:x:1:cluster/c',
    TaskARN: 'arn:aws:ecs:us-east-1:1:task/abc',
    Family: 'f',
    Revision: '1',
  }
  const host = await serve(t, { 'GET /v3/task': JSON.stringify(old), 'GET /v3': '{}' })
  t.same(await found(ecs, machine({ environment: { ECS_CONTAINER_METADATA_URI: `http://${host}/v3` } })), {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_ecs',
    'aws.ecs.task.arn': 'arn:aws:ecs:us-east-1:1:task/abc',
    'aws.ecs.task.family': 'f',
    'aws.ecs.task.revision': '1',
    'aws.ecs.task.id': 'abc',
    'cloud.account.id': '1',
    'cloud.region': 'us-east-1',
    'aws.ecs.cluster.arn': 'arn:aws:ecs:x:1:cluster/c',
  })
})

test('ecs: without its own container it says what it knows, or fails when it must not', async (t) => {
  const host = await serve(t, { 'GET /v4/1/task': JSON.stringify(task), 'GET /v4/1': 500 })
  t.same(await found(ecs, inTask(host)), ofEcs)
  const strict = detecting({ ...ecs, fail_on_missing_metadata: true }, inTask(host))
  await t.rejects(strict.start(), /detector ecs: .* answers 500/)
  await strict.stop()
})

test('ecs: elsewhere it finds nothing; an endpoint that fails is a failure', async (t) => {
  t.same(await found(ecs, machine()), {})
  const strict = detecting({ ...ecs, fail_on_missing_metadata: true }, machine())
  await t.rejects(strict.start(), /detector ecs: ECS_CONTAINER_METADATA_URI_V4 is not set/)
  await strict.stop()
  for (const answer of [500, 'no JSON']) {
    const one = detecting(ecs, inTask(await serve(t, { 'GET /v4/1/task': answer })))
    await one.start()
    t.same(one.found(), {})
    t.match(one.host.states, [{ state: 'degraded', reason: /ecs/ }])
    await one.stop()
  }
})

/** Where nobody listens. */
async function closedPort(t: Test): Promise<string> {
  const server = createServer()
  const host = await listening(t, server)
  server.close()
  await settle()
  const refused = connect(Number(host.split(':')[1]), '127.0.0.1')
  await new Promise((resolve) => refused.once('error', resolve))
  return host
}
