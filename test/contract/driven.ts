// Any component of the registry, with what it needs around it.
import type { Test } from 'tap'
import * as v from 'valibot'
import { components } from '../../src/components.ts'
import type { ComponentKind, Consume, Consumers, Factory } from '../../src/contract/index.ts'
import type { Batch, Context } from '../../src/data/index.ts'
import { type ContractScene, type Driven, testContext, testSettings } from '../../src/testing/index.ts'
import { BulkEmulator } from '../emulator/bulk.ts'
import { AwsEmulator, TEST_KEY } from '../emulator/server.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { Asked, onHost } from './asked.ts'

/** What components may need around them. */
export interface Surroundings {
  readonly directory: string
  readonly http: FakeOtlpHttp
  readonly grpc: FakeOtlpGrpc
  /** Any AWS service: it takes whatever is signed and answers nothing. */
  readonly aws: AwsEmulator
  /** An OpenSearch. */
  readonly openSearch: BulkEmulator
  readonly elasticsearch: BulkEmulator
  /** Whom receivers ask. */
  readonly asked: Asked
}

/** Where AWS components look for credentials; nothing asks the machine that the tests run on. */
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
process.env.AWS_ACCESS_KEY_ID = TEST_KEY.accessKeyId
process.env.AWS_SECRET_ACCESS_KEY = TEST_KEY.secretAccessKey
process.env.AWS_EC2_METADATA_DISABLED = 'true'
process.env.AWS_ENDPOINT_URL_STS = 'http://127.0.0.1:9'

/** `now`: what AWS thinks that it is; the clock of tests unless a process with the real one is among them. */
export const surroundings = (t: Test, now?: () => number): Promise<Surroundings> =>
  surroundingsOf({ directory: t.testdir({}), after: (end) => void t.teardown(end) }, now)

export async function surroundingsOf(
  { directory, after }: ContractScene,
  now = () => testSettings().clock.now(),
): Promise<Surroundings> {
  const aws = new AwsEmulator({ service: '*', operations: { '*': () => undefined }, now })
  const openSearch = new BulkEmulator('opensearch')
  const elasticsearch = new BulkEmulator('elasticsearch')
  const servers = {
    http: new FakeOtlpHttp(),
    grpc: new FakeOtlpGrpc(),
    aws,
    openSearch,
    elasticsearch,
    asked: new Asked(`${directory}/host`),
  }
  await servers.http.start()
  await servers.grpc.start()
  await aws.listen()
  await openSearch.listen(0)
  await elasticsearch.listen(0)
  await servers.asked.listen()
  after(() => Promise.all(Object.values(servers).map((each) => each.stop())))
  return { directory, ...servers }
}

/** The least that has to be said about each. A component that is not here fails the suite. */
const MINIMAL: Readonly<Record<ComponentKind, Readonly<Record<string, (around: Surroundings) => object>>>> = {
  receiver: {
    awscontainerinsightreceiver: ({ asked }) => {
      asked.beHost()
      return { container_orchestrator: 'ecs' }
    },
    awsecscontainermetrics: ({ asked }) => {
      process.env.ECS_CONTAINER_METADATA_URI_V4 = asked.metadataUrl
      return {}
    },
    awsemf: () => ({ endpoint: '127.0.0.1:0' }),
    awslogs: () => ({ endpoint: '127.0.0.1:0' }),
    awsxray: ({ aws }) => ({
      endpoint: '127.0.0.1:0',
      proxy_server: { endpoint: '127.0.0.1:0', region: aws.region, aws_endpoint: aws.url },
    }),
    otlp: () => ({ protocols: { http: { endpoint: '127.0.0.1:0' }, grpc: { endpoint: '127.0.0.1:0' } } }),
    statsd: () => ({ endpoint: '127.0.0.1:0' }),
  },
  processor: {
    groupbytrace: () => ({}),
    span: () => ({ name: { from_attributes: ['absent'] } }),
    metrics_transform: () => ({}),
    metricsgeneration: () => ({}),
    delta_to_rate: () => ({ metrics: ['absent'] }),
    cumulative_to_delta: () => ({}),
    attributes: () => ({ actions: [{ key: 'absent', action: 'delete' }] }),
    batch: () => ({}),
    filter: () => ({}),
    memory_limiter: () => ({ check_interval: '1s', limit_mib: 100_000 }),
    resource: () => ({ attributes: [{ key: 'absent', action: 'delete' }] }),
    resource_detection: () => ({}),
  },
  exporter: {
    awsxray: ({ aws }) => aws.config,
    awscloudwatch: ({ aws }) => ({ ...aws.config, force_flush_interval: '1ms' }),
    awscloudwatchlogs: ({ aws }) => ({ ...aws.config, log_group_name: 'group', log_stream_name: 'stream' }),
    awsemf: ({ aws }) => aws.config,
    awskinesisfirehose: ({ aws }) => ({ ...aws.config, delivery_stream: 'logs' }),
    awss3: ({ aws }) => ({ s3uploader: { ...aws.config, s3_bucket: 'archive' } }),
    debug: () => ({}),
    file: ({ directory }) => ({ path: `${directory}/file.json` }),
    nop: () => ({}),
    // Batches that wait for more would not be sent here.
    elasticsearch: ({ elasticsearch }) => ({
      endpoint: elasticsearch.url,
      sending_queue: { batch: { min_size: 0 } },
    }),
    opensearch: ({ openSearch }) => ({ http: { endpoint: openSearch.url } }),
    otlp_grpc: ({ grpc }) => ({ endpoint: grpc.endpoint, tls: { insecure: true } }),
    otlp_http: ({ http }) => ({ endpoint: http.url }),
    prometheus: () => ({ endpoint: '127.0.0.1:0' }),
    prometheusremotewrite: ({ http }) => ({ endpoint: `${http.url}/v1/metrics` }),
  },
  connector: {
    forward: () => ({}),
  },
  extension: {
    awsproxy: ({ aws }) => ({ endpoint: '127.0.0.1:0', region: aws.region, aws_endpoint: aws.url }),
    basicauth: () => ({ htpasswd: { inline: 'shop:secret' } }),
    bearertokenauth: () => ({ token: 'secret' }),
    headers_setter: () => ({ headers: [{ key: 'x-tenant', value: 'shop' }] }),
    oauth2client: ({ http }) => ({ client_id: 'a', client_secret: 'b', token_url: `${http.url}/token` }),
    oidc: () => ({ issuer_url: 'http://127.0.0.1:9', audience: 'telemetry' }),
    health_check: () => ({ endpoint: '127.0.0.1:0' }),
    pprof: () => ({ endpoint: '127.0.0.1:0' }),
    sigv4auth: () => ({}),
    zpages: () => ({ endpoint: '127.0.0.1:0' }),
  },
}

export interface Entry {
  readonly kind: ComponentKind
  readonly type: string
  readonly factory: Factory
  /** A config with nothing in it that could be left out. */
  minimal(around: Surroundings): object
}

export async function registry(): Promise<Entry[]> {
  const found: Entry[] = []
  for (const [kind, byType] of Object.entries(components) as [ComponentKind, (typeof components)[ComponentKind]][])
    for (const [type, load] of Object.entries(byType)) {
      const minimal = MINIMAL[kind][type]
      if (minimal === undefined) throw new Error(`${kind} ${type} has no minimal config in test/contract/driven.ts`)
      found.push({ kind, type, factory: onHost((await load()).default), minimal })
    }
  return found
}

/** What somebody from outside sees of it, over HTTP. */
export async function visit({ component }: Driven): Promise<void> {
  const endpoints = 'endpoints' in component ? (component.endpoints as readonly string[]) : []
  for (const endpoint of endpoints)
    if (endpoint.startsWith('http:'))
      await fetch(endpoint).then(
        (response) => response.bytes(),
        () => {},
      )
}

export const parse = (factory: Factory, config: unknown): unknown => v.parse(factory.config as v.GenericSchema, config)

export const give = (consumers: Consumers, batch: Batch, context: Context = testContext()): Promise<void> =>
  (consumers[batch.signal] as Consume)(batch, context)
