// The receiver on a host made of files, beside an ECS agent, a metadata service and an EC2 that the test answers for.
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import type { Test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/receivers/awscontainerinsightreceiver/config.ts'
import { ContainerInsightReceiver } from '../../../src/receivers/awscontainerinsightreceiver/receiver.ts'
import { Sink, type TestHost, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../../data/random.ts'
import { readableMeter } from '../../kit/readable-meter.ts'
import { until } from '../../kit/until.ts'
import { CLUSTER } from './trees.ts'

type Answers = Record<string, string | RequestListener | undefined>

const running = (id: string, ...containers: string[]) => ({
  Arn: `arn:aws:ecs:eu-west-1:111122223333:task/${id === 't1' ? '' : `${CLUSTER}/`}${id}`,
  KnownStatus: 'RUNNING',
  Containers: containers.map((DockerId) => ({ DockerId, Name: 'app' })),
})
const tags =
  '<DescribeTagsResponse><tagSet><item><key>aws:autoscaling:groupName</key><value>workers</value></item></tagSet></DescribeTagsResponse>'
const volume = (id: string, device: string): string =>
  `<item><availabilityZone>eu-west-1a</availabilityZone><attachmentSet><item><volumeId>${id}</volumeId><device>${device}</device></item></attachmentSet></item>`
const volumes = `<DescribeVolumesResponse><volumeSet>${volume('vol-1', '/dev/xvda')}${volume('vol-2', '/dev/nvme1n1')}</volumeSet></DescribeVolumesResponse>`

const answers = (): Answers => ({
  'PUT /latest/api/token': 'the-token',
  '/latest/dynamic/instance-identity/document': JSON.stringify({
    instanceId: 'i-0abc',
    instanceType: 'm5.large',
    region: 'eu-west-1',
    privateIp: '10.0.0.7',
  }),
  '/v1/metadata': JSON.stringify({
    Cluster: CLUSTER,
    ContainerInstanceArn: `arn:aws:ecs:eu-west-1:111122223333:container-instance/${CLUSTER}/4d2f`,
    Version: 'Amazon ECS Agent - v1.90.0',
  }),
  '/v1/tasks': JSON.stringify({
    Tasks: [
      running('t1'),
      running('t2', 'c1', 'c2', 'c3'),
      running('t3'),
      { ...running('t4'), KnownStatus: 'STOPPED' },
    ],
  }),
  'POST /': (request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => response.end(new URLSearchParams(body).get('Action') === 'DescribeTags' ? tags : volumes))
  },
})

export interface Running {
  readonly settings: TestSettings
  readonly host: TestHost
  readonly sink: Sink<'metrics'>
  readonly asked: string[]
  readonly answers: Answers
  grow(tree: (turn: number) => object): void
  /** Moves on, and waits until it has been collected. */
  collect(ms?: number): Promise<void>
  metrics(): Record<string, Record<string, string>>
  attributes(): Record<string, Record<string, string>>
  readonly receiver: ContainerInsightReceiver
}

const statfs = async (path: string) => {
  if (path.endsWith('/gone')) throw new Error('gone')
  const isData = path.endsWith('/my data')
  return { bsize: 4096, blocks: 1000, bfree: isData ? 750 : 400, bavail: 350, files: isData ? 0 : 100, ffree: 60 }
}

export async function collecting(t: Test, tree: (turn: number) => object, more: object = {}): Promise<Running> {
  const root = join(t.testdir({}), 'root')
  const asked: string[] = []
  const known = answers()
  const server = createServer((request, response) => {
    const path = request.method === 'GET' ? request.url! : `${request.method} ${request.url}`
    asked.push(path)
    const answer = known[path]
    if (path.startsWith('/latest/') && request.headers['x-aws-ec2-metadata-token'] !== 'the-token')
      response.writeHead(401).end()
    else if (typeof answer === 'function') answer(request, response)
    else response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const { meter } = readableMeter()
  const settings = testSettings({ meter })
  const host = testHost()
  const sink = new Sink<'metrics'>()
  const environment = {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    AWS_ENDPOINT_URL_EC2: url,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }
  const of = v.parse(config, { container_orchestrator: 'ecs', collection_interval: '10s', ...more })
  const grow = (make: (turn: number) => object): void => {
    rmSync(root, { recursive: true, force: true })
    plant(root, make(turns))
  }
  let turns = 0
  grow(tree)
  const around = { root, environment, agentUrls: ['http://127.0.0.1:1', url], statfs }
  const receiver = new ContainerInsightReceiver(of, settings, { metrics: sink.consume }, around)
  await receiver.start(host)
  t.teardown(async () => {
    await receiver.stop(AbortSignal.abort())
    server.closeAllConnections()
    server.close()
  })
  const groups = () => described(sink)
  return {
    settings,
    host,
    sink,
    asked,
    answers: known,
    receiver,
    grow,
    async collect(ms = 10_000) {
      const before = sink.batches.length
      if (before > 0) {
        turns++
        grow(tree)
      }
      await settings.clock.advance(ms)
      await until(() => sink.batches.length > before)
    },
    metrics: () => Object.fromEntries(groups().map(({ name, metrics }) => [name, metrics])),
    attributes: () => Object.fromEntries(groups().map(({ name, attributes }) => [name, attributes])),
  }
}

/** A tree of `trees.ts`, as files. */
export function plant(path: string, tree: object): void {
  mkdirSync(path, { recursive: true })
  for (const [name, inside] of Object.entries(tree)) {
    if (typeof inside === 'string' && inside.startsWith('-> ')) symlinkSync(inside.slice(3), join(path, name))
    else if (typeof inside === 'string') writeFileSync(join(path, name), inside)
    else plant(join(path, name), inside)
  }
}

function described(sink: Sink<'metrics'>) {
  const { resourceMetrics } = decodedSparse('metrics', Buffer.concat(sink.batches.at(-1)!.chunks))
  return (resourceMetrics as Plain[]).map(({ resource, scopeMetrics }) => {
    const attributes: Record<string, string> = Object.fromEntries(
      ((resource as Plain).attributes as { key: string; value: { stringValue: string } }[]).map(({ key, value }) => [
        key,
        value.stringValue,
      ]),
    )
    const metrics: Record<string, string> = Object.fromEntries(
      (scopeMetrics as Plain[]).flatMap(({ metrics }) =>
        (metrics as Plain[]).map(({ name, unit, gauge }) => {
          const [{ asInt, asDouble }] = (gauge as { dataPoints: [Plain] }).dataPoints
          return [name, `${asInt === undefined ? `${asDouble} double` : `${asInt} int`} ${unit ?? '-'}`]
        }),
      ),
    )
    return { name: [attributes.Type, attributes.device ?? attributes.interface].join(' ').trim(), attributes, metrics }
  })
}
