// Both OTLP exporters against the Go collector: what it passes on is what was sent.
import { test } from 'tap'
import type { ExporterFactory } from '../../src/contract/index.ts'
import type { Signal } from '../../src/data/index.ts'
import otlpGrpc from '../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../src/exporters/otlp_http/index.ts'
import { types } from '../data/random.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { freePort, freePorts } from '../kit/free-ports.ts'
import { items } from '../kit/otlp.ts'
import { startExporter } from '../kit/otlp-exporter.ts'
import { until } from '../kit/until.ts'
import { startOtelcol, withOtelcol } from '../servers/otelcol.ts'

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']

test('the collector gets the same telemetry in every encoding and compression', withOtelcol, async (t) => {
  const behind = await new FakeOtlpHttp().start()
  t.teardown(() => behind.stop())
  const [http, grpc] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`)
  const pipeline = { receivers: ['otlp'], exporters: ['otlp_http'] }
  const collector = await startOtelcol(t.testdir({}), {
    receivers: { otlp: { protocols: { http: { endpoint: http }, grpc: { endpoint: grpc } } } },
    exporters: { otlp_http: { endpoint: behind.url, compression: 'none' } },
    service: {
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
      telemetry: { metrics: { level: 'none' } },
    },
  })
  t.teardown(() => collector.stop())
  const toHttp = { endpoint: `http://${http}` }
  const toGrpc = { endpoint: grpc, tls: { insecure: true } }
  const cases: [ExporterFactory, object][] = [
    ...['none', 'gzip', 'zstd', 'deflate', 'zlib', 'snappy', 'x-snappy-framed', 'lz4'].map(
      (compression): [ExporterFactory, object] => [otlpHttp, { ...toHttp, compression }],
    ),
    [otlpHttp, { ...toHttp, encoding: 'json' }],
    ...['none', 'gzip', 'zstd', 'snappy'].map((compression): [ExporterFactory, object] => [
      otlpGrpc,
      { ...toGrpc, compression },
    ]),
  ]
  for (const [factory, config] of cases) {
    const { send, settled, account } = await startExporter(t, factory, config)
    for (const signal of signals) {
      const before = behind.requests.length
      const batch = items[signal](200)
      await send(batch)
      await settled(signal)
      t.same(account(signal), { out: 200, held: 0, dropped: {} })
      await until(() => behind.requests.length > before)
      const decoded = (bytes: Uint8Array) => said(types[signal].toObject(types[signal].decode(bytes)))
      t.same(decoded(behind.requests[before]!.body), decoded(Buffer.concat(batch.chunks)), JSON.stringify(config))
    }
  }
})

test('a collector that limits the age of connections loses nothing (F28)', withOtelcol, async (t) => {
  const behind = await new FakeOtlpHttp().start()
  t.teardown(() => behind.stop())
  const grpc = `127.0.0.1:${await freePort()}`
  const keepalive = { server_parameters: { max_connection_age: '50ms', max_connection_age_grace: '1s' } }
  const collector = await startOtelcol(t.testdir({}), {
    receivers: { otlp: { protocols: { grpc: { endpoint: grpc, keepalive } } } },
    exporters: { otlp_http: { endpoint: behind.url, compression: 'none' } },
    service: {
      pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } },
      telemetry: { metrics: { level: 'none' } },
    },
  })
  t.teardown(() => collector.stop())
  const { send, settled, account, settings } = await startExporter(t, otlpGrpc, {
    endpoint: grpc,
    tls: { insecure: true },
  })
  const startedAt = process.hrtime.bigint()
  let sent = 0
  // Real time: the server's limit has no clock of ours.
  while (process.hrtime.bigint() - startedAt < 1_000_000_000n) {
    await send(items.logs(10))
    sent += 10
    if (sent % 200 === 0) await settled('logs')
  }
  await settled('logs')
  t.same(account('logs'), { out: sent, held: 0, dropped: {} })
  t.same(
    settings.lines.filter(({ level }) => level !== 'info'),
    [],
    'nobody noticed',
  )
  await until(() => behind.items === sent)
})

/** The collector writes empty messages where none were: they say the same. */
const said = (message: object): unknown =>
  JSON.parse(JSON.stringify(message), (_key, value) =>
    typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value,
  )
