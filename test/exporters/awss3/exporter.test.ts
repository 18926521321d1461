import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { placeOf } from '../../../src/aws/index.ts'
import type { Exporter } from '../../../src/contract/index.ts'
import { type Batch, decodeOtlp, decodeOtlpJson } from '../../../src/data/index.ts'
import awss3 from '../../../src/exporters/awss3/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { S3Emulator } from '../../emulator/s3.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { batchOf, items } from '../../kit/otlp.ts'

const never = new AbortController().signal
const AT = '2026/01/01/00/00'

interface Scene {
  readonly s3: S3Emulator
  readonly exporter: Exporter
  readonly settings: TestSettings
  logs(batch?: Batch<'logs'>): Promise<void>
}

async function scene(
  t: Test,
  of: {
    readonly uploader?: object
    readonly config?: object
    readonly buckets?: readonly string[]
    readonly skewMs?: number
  } = {},
): Promise<Scene> {
  withTestKeys(t)
  const settings = testSettings({ id: 'awss3' })
  const now = (): number => settings.clock.now() - (of.skewMs ?? 0)
  const s3 = await S3Emulator.start(t, { now, ...(of.buckets && { buckets: of.buckets }) })
  const config = v.parse(awss3.config, {
    s3uploader: {
      ...s3.aws.config,
      s3_bucket: 'archive',
      s3_partition_format: '%Y/%m/%d/%H/%M',
      s3_partition_timezone: 'UTC',
      ...of.uploader,
    },
    ...of.config,
  })
  const exporter = awss3.create(config, settings)
  await exporter.start!(testHost())
  t.teardown(() => exporter.stop!(AbortSignal.abort()))
  return { s3, exporter, settings, logs: (batch = items.logs(3)) => exporter.consumers.logs!(batch, testContext()) }
}

/** Everything is where the ledger says. */
function isSettled(t: Test, { settings }: Scene, delivered: number, dropped = 0): void {
  const ledger = settings.ledger('logs')
  t.match(ledger, { outItems: delivered, droppedItems: dropped })
}

test('a batch of each signal is an object that can be read again', async (t) => {
  for (const marshaler of ['otlp_json', 'otlp_proto'] as const) {
    const { s3, exporter } = await scene(t, { config: { marshaler } })
    await exporter.consumers.traces!(items.traces(3), testContext())
    await exporter.consumers.metrics!(items.metrics(4), testContext())
    await exporter.consumers.logs!(items.logs(5), testContext())
    const end = marshaler === 'otlp_json' ? 'json' : 'binpb'
    for (const [index, [signal, count]] of (
      [
        ['traces', 3],
        ['metrics', 4],
        ['logs', 5],
      ] as const
    ).entries()) {
      const { key, body, headers } = s3.stored[index]!
      t.match(key, new RegExp(`^${AT}/${signal}_\\d{18}\\.${end}$`))
      const read = marshaler === 'otlp_json' ? decodeOtlpJson(signal, body) : decodeOtlp(signal, body)
      t.equal(read.items, count)
      t.equal(headers['content-type'], marshaler === 'otlp_json' ? 'application/json' : 'application/x-protobuf')
      t.equal(headers['x-amz-storage-class'], 'STANDARD')
      t.notOk('content-encoding' in headers || 'x-amz-acl' in headers)
    }
  }
})

test('json_lines: a line for each item, with resource and scope', async (t) => {
  const of = await scene(t, { config: { marshaler: 'json_lines' } })
  await of.logs(items.logs(2))
  t.match(of.s3.stored[0]?.key, /\.jsonl$/)
  t.equal(
    of.s3.stored[0]?.body.toString(),
    '{"severity_number":9,"body":"log-0","resource":{"service.name":"shop"}}\n{"severity_number":9,"body":"log-1","resource":{"service.name":"shop"}}\n',
  )
  isSettled(t, of, 2)
})

test('body: texts as they are, values as JSON, a line each', async (t) => {
  const { s3, logs, exporter } = await scene(t, { config: { marshaler: 'body' } })
  t.same(Object.keys(exporter.consumers), ['logs'])
  const bodies = [
    { stringValue: 'plain "text"' },
    {
      kvlistValue: {
        values: [
          { key: 'b', value: { intValue: '2' } },
          { key: 'a', value: { boolValue: true } },
        ],
      },
    },
    { doubleValue: 1.5 },
    {},
  ]
  await logs(batchOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: bodies.map((body) => ({ body })) }] }] }))
  t.match(s3.stored[0]?.key, /\.txt$/)
  t.equal(s3.stored[0]?.body.toString(), 'plain "text"\n{"a":true,"b":2}\n1.5\n\n')
})

test('sumo_ic: the archive format, and records without its attributes are dropped alone', async (t) => {
  const of = await scene(t, { config: { marshaler: 'sumo_ic' }, uploader: { compression: 'gzip' } })
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const sources = [text('_sourceCategory', '"c"'), text('_sourceHost', 'h'), text('_sourceName', 'n')]
  const record = {
    observedTimeUnixNano: '1767225600500000000',
    body: { stringValue: 'said' },
    attributes: [text('log', 'replaced'), { key: 'n', value: { intValue: '7' } }],
  }
  await of.logs(
    batchOf('logs', {
      resourceLogs: [
        { resource: { attributes: [...sources, text('k', 'v')] }, scopeLogs: [{ logRecords: [record, {}] }] },
        { resource: { attributes: sources.slice(1) }, scopeLogs: [{ logRecords: [record] }] },
      ],
    }),
  )
  const [object] = of.s3.stored
  t.match(object?.key, /\.json\.gz$/)
  t.notOk('content-encoding' in object!.headers)
  const lines = gunzipSync(object!.body).toString().trimEnd().split('\n')
  t.equal(
    lines[0],
    '{"date":"2026-01-01 00:00:00.5 +0000 UTC","sourceName":"n","sourceHost":"h","sourceCategory":"\\"c\\"","fields":{"k":"v"},"message":{"n":7,"log":"said"}}',
  )
  t.same(JSON.parse(lines[1]!), {
    date: '1970-01-01 00:00:00 +0000 UTC',
    sourceName: 'n',
    sourceHost: 'h',
    sourceCategory: '"c"',
    fields: { k: 'v' },
    message: { log: null },
  })
  isSettled(t, of, 2, 1)
  t.same([...of.settings.ledger('logs').droppedByReason.keys()], ['no_source_attribute'])
})

test('compression, storage_class and acl', async (t) => {
  for (const [compression, decompress, end] of [
    ['gzip', gunzipSync, 'json.gz'],
    ['zstd', zstdDecompressSync, 'json.zst'],
  ] as const) {
    const uploader = { compression, storage_class: 'DEEP_ARCHIVE', acl: 'bucket-owner-full-control' }
    const { s3, logs } = await scene(t, { uploader })
    await logs(items.logs(2000))
    const { key, body, headers } = s3.stored[0]!
    t.ok(key.endsWith(end))
    t.equal(headers['content-encoding'], compression)
    t.equal(headers['x-amz-storage-class'], 'DEEP_ARCHIVE')
    t.equal(headers['x-amz-acl'], 'bucket-owner-full-control')
    t.equal(decodeOtlpJson('logs', decompress(body)).items, 2000)
  }
})

test('s3_base_prefix, s3_prefix, file_prefix, s3_partition_timezone and unique_key_func_name make the key', async (t) => {
  const { s3, logs } = await scene(t, {
    uploader: {
      s3_base_prefix: 'prod',
      s3_prefix: 'logs',
      file_prefix: 'a-',
      s3_partition_format: 'hour=%H',
      s3_partition_timezone: 'Asia/Tokyo',
      unique_key_func_name: 'uuidv7',
    },
  })
  await logs()
  t.match(s3.stored[0]?.key, /^prod\/logs\/hour=09\/a-logs_[0-9a-f-]{36}\.json$/)
})

test('resource_attrs_to_s3: bucket and prefix of each resource', async (t) => {
  const of = await scene(t, {
    buckets: ['archive', 'eu-logs'],
    uploader: { s3_prefix: 'other', s3_base_prefix: 'prod' },
    config: { resource_attrs_to_s3: { s3_bucket: 'bucket', s3_prefix: 'prefix' } },
  })
  const resource = (count: number, attributes: Readonly<Record<string, string>>) => ({
    resource: {
      attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
    },
    scopeLogs: [{ logRecords: Array.from({ length: count }, () => ({ severityNumber: 1 })) }],
  })
  await of.logs(
    batchOf('logs', {
      resourceLogs: [
        resource(1, {}),
        resource(2, { bucket: 'eu-logs', prefix: 'a' }),
        resource(3, { prefix: 'a/b' }),
        resource(4, { bucket: 'eu-logs', prefix: 'a' }),
        resource(5, { bucket: 'no bucket at all' }),
        resource(6, { prefix: 'x'.repeat(2000) }),
      ],
    }),
  )
  const found = of.s3.stored.map(({ bucket, key, body }) => [
    bucket,
    key.replace(/\/2026.*/, ''),
    decodeOtlpJson('logs', body).items,
  ])
  t.same(found, [
    ['archive', 'prod/other', 1],
    ['eu-logs', 'prod/a', 6],
    ['archive', 'prod/a/b', 3],
    ['archive', 'prod/other', 5],
    ['archive', 'prod/other', 6],
  ])
  isSettled(t, of, 21)
  await of.exporter.stop!(never)
  const told = of.settings.lines.filter(({ message }) => /attributes make no place/.test(message))
  t.same(
    told.map(({ fields }) => (fields as { reasons: object }).reasons),
    [{ bucket: 5 }, { prefix: 6 }],
  )
})

test('without a bucket in config or attributes the items are dropped, with the reason', async (t) => {
  const of = await scene(t, {
    uploader: { s3_bucket: '' },
    config: { resource_attrs_to_s3: { s3_bucket: 'bucket' } },
  })
  await of.logs().catch(() => {})
  isSettled(t, of, 0, 3)
})

test('an upload whose answer is lost is repeated under its key: nothing is there twice', async (t) => {
  const retry_on_failure = { initial_interval: '0s', max_interval: '0s', max_elapsed_time: '0s' }
  const of = await scene(t, { config: { retry_on_failure } })
  of.s3.aws.faults.push('taken_and_reset', 'unavailable', 'throttled', 'reset')
  let isSent = false
  const sent = of.logs().then(() => {
    isSent = true
  })
  while (!isSent) await of.settings.clock.advance(0)
  await sent
  t.equal(of.s3.puts, 2)
  t.equal(of.s3.stored.length, 1)
  isSettled(t, of, 3)
})

for (const skewMs of [3_600_000, -3_600_000, 365 * 86_400_000])
  test(`a clock that is off by ${skewMs / 3_600_000} h costs one request`, async (t) => {
    const of = await scene(t, { skewMs })
    await of.logs()
    t.equal(of.s3.aws.requests.length, 2)
    isSettled(t, of, 3)
  })

test('a bucket that is not there, or not ours, is waited for; a request that is wrong is final', async (t) => {
  const of = await scene(t, { uploader: { s3_bucket: 'missing' }, config: { retry_on_failure: { enabled: false } } })
  await t.rejects(of.logs(), {
    name: 'RetryableError',
    message: /404 NoSuchBucket: The specified bucket does not exist/,
  })
  of.s3.aws.faults.push('denied', { status: 301, headers: { 'x-amz-bucket-region': 'us-east-2' } }, { status: 400 })
  await t.rejects(of.logs(), { name: 'RetryableError', message: /403 AccessDeniedException/ })
  await t.rejects(of.logs(), { name: 'RetryableError', message: /answers 301 \(it is in region us-east-2\)/ })
  await t.rejects(of.logs(), { name: 'PermanentError', message: /answers 400 without the name of an AWS error/ })
})

test('retry_mode, retry_max_attempts and retry_max_backoff are named as settings without effect', async (t) => {
  const uploader = { retry_mode: 'nop', retry_max_attempts: 0, retry_max_backoff: '1s' }
  const { settings } = await scene(t, { uploader })
  t.same(
    settings.lines.map(({ fields }) => (fields as { setting: string }).setting),
    ['s3uploader::retry_mode', 's3uploader::retry_max_attempts', 's3uploader::retry_max_backoff'],
  )
})

test('where a bucket answers: disable_ssl, s3_force_path_style, endpoint, FIPS, dual stack, China', async (t) => {
  const at = (
    bucket: string,
    of: { path?: boolean; plain?: boolean; custom?: string; region?: string; fips?: boolean; dual?: boolean } = {},
  ): string => {
    const session = {
      region: of.region ?? 'eu-west-1',
      customEndpoint: () => of.custom,
      variant: { isFips: of.fips ?? false, isDualStack: of.dual ?? false },
    }
    const settings = { s3_force_path_style: of.path ?? false, disable_ssl: of.plain ?? false }
    const { endpoint, path } = placeOf(bucket, session, settings)
    return `${endpoint.origin}${path}`
  }
  t.equal(at('logs'), 'https://logs.s3.eu-west-1.amazonaws.com/')
  t.equal(at('logs', { plain: true }), 'http://logs.s3.eu-west-1.amazonaws.com/')
  t.equal(at('logs', { path: true }), 'https://s3.eu-west-1.amazonaws.com/logs/')
  t.equal(at('my.logs'), 'https://s3.eu-west-1.amazonaws.com/my.logs/')
  t.equal(at('my.logs', { plain: true }), 'http://my.logs.s3.eu-west-1.amazonaws.com/')
  t.equal(at('My_Logs'), 'https://s3.eu-west-1.amazonaws.com/My_Logs/')
  t.equal(at('logs', { fips: true }), 'https://logs.s3-fips.eu-west-1.amazonaws.com/')
  t.equal(at('logs', { dual: true, fips: true }), 'https://logs.s3-fips.dualstack.eu-west-1.amazonaws.com/')
  t.equal(at('logs', { region: 'cn-north-1' }), 'https://logs.s3.cn-north-1.amazonaws.com.cn/')
  t.equal(at('logs', { custom: 'https://minio.test:9000' }), 'https://logs.minio.test:9000/')
  t.equal(at('logs', { custom: 'http://127.0.0.1:9000' }), 'http://127.0.0.1:9000/logs/')
})

test('mistakes in a config are told at once', async (t) => {
  const problems = (input: object): string =>
    v
      .safeParse(awss3.config, input)
      .issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
      .join('; ') ?? ''
  t.match(problems({}), /^s3uploader.s3_bucket: is required, unless resource_attrs_to_s3::s3_bucket/)
  const s3_bucket = 'archive'
  t.match(problems({ s3uploader: { s3_bucket: 'a b' } }), /s3_bucket: must be the name of a bucket/)
  t.match(problems({ s3uploader: { s3_bucket, s3_partition_format: '%Q' } }), /%Q is no directive of strftime/)
  t.match(
    problems({ s3uploader: { s3_bucket, s3_partition_timezone: 'Mars' } }),
    /s3_partition_timezone: must be the name of a time zone, such as/,
  )
  t.match(
    problems({ s3uploader: { s3_bucket, s3_prefix: 'x'.repeat(900) } }),
    /s3_prefix: makes keys of more than the 1024 bytes/,
  )
  t.match(problems({ s3uploader: { s3_bucket, compression: 'zstd' }, marshaler: 'sumo_ic' }), /must be gzip or none/)
  t.match(problems({ s3uploader: { s3_bucket, storage_class: 'FROZEN' } }), /must be one of STANDARD/)
  t.match(problems({ s3uploader: { s3_bucket }, encoding: 'x' }), /encoding extensions are not supported/)
})
