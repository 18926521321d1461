import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { Accounts } from '../../src/observe/accounts.ts'
import { HeldPayload } from '../../src/observe/memory.ts'
import { type OwnMetrics, startMetrics } from '../../src/observe/metrics.ts'
import { testSettings } from '../../src/testing/index.ts'
import { otlpDestination } from '../kit/otlp-destination.ts'

/** What otelcol 0.161 shows on 8888 for the same pipelines at level normal, that does not describe Go's own runtime. */
const COLLECTOR_NAMES = [
  'otelcol_exporter_sent_log_records counter exporter',
  'otelcol_exporter_sent_metric_points counter exporter',
  'otelcol_exporter_sent_spans counter exporter',
  'otelcol_process_cpu_seconds counter ',
  'otelcol_process_memory_rss gauge ',
  'otelcol_process_runtime_heap_alloc_bytes gauge ',
  'otelcol_process_runtime_total_alloc_bytes counter ',
  'otelcol_process_runtime_total_sys_memory_bytes gauge ',
  'otelcol_process_uptime counter ',
  'otelcol_processor_incoming_items counter otel_signal,processor',
  'otelcol_processor_outgoing_items counter otel_signal,processor',
  'otelcol_receiver_accepted_log_records counter receiver,transport',
  'otelcol_receiver_accepted_metric_points counter receiver,transport',
  'otelcol_receiver_accepted_spans counter receiver,transport',
  'otelcol_receiver_failed_log_records counter receiver,transport',
  'otelcol_receiver_failed_metric_points counter receiver,transport',
  'otelcol_receiver_failed_spans counter receiver,transport',
  'otelcol_receiver_refused_log_records counter receiver,transport',
  'otelcol_receiver_refused_metric_points counter receiver,transport',
  'otelcol_receiver_refused_spans counter receiver,transport',
  'target_info gauge service_instance_id,service_name,service_version',
]

const RESOURCE = {
  attributes: { 'service.instance.id': 'one', 'service.name': 'sluice', 'service.version': '0.0.0' },
  schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
}
const pull = (of: object = {}) => ({ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 0, ...of } } } })

interface Started extends OwnMetrics {
  readonly accounts: Accounts
  readonly memory: HeldPayload
  readonly lines: ReturnType<typeof testSettings>['lines']
  /** Samples of the page: `name{label="value"}` to value. */
  scrape(index?: number): Promise<Map<string, number>>
  page(index?: number): Promise<string>
}

async function started(t: Test, metrics: object = {}): Promise<Started> {
  const settings = v.parse(telemetrySettings, { metrics: { readers: [pull()], ...metrics } })
  const accounts = new Accounts()
  const memory = new HeldPayload()
  const { log, lines } = testSettings()
  const own = await startMetrics(settings.metrics, { accounts, memory, resource: RESOURCE, log })
  t.teardown(() => own.stop())
  const page = async (index = 0): Promise<string> => (await fetch(own.endpoints[index]!)).text()
  return {
    ...own,
    accounts,
    memory,
    lines,
    page,
    async scrape(index) {
      const samples = (await page(index)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      return new Map(samples.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)![0])]))
    },
  }
}

/** One item of each outcome for receiver, processor and exporter of each signal. */
function book(accounts: Accounts): void {
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const receiver = accounts.ledger({ kind: 'receiver', id: 'otlp', signal, transport: 'grpc' })
    receiver.created(10)
    receiver.out(7)
    receiver.refused(2)
    receiver.dropped(1, 'internal')
    for (const pipeline of [signal, `${signal}/eu`]) {
      const processor = accounts.ledger({ kind: 'processor', id: 'filter', pipeline, signal })
      processor.entered(7)
      processor.dropped(3, 'filtered')
      processor.out(4)
    }
    const exporter = accounts.ledger({ kind: 'exporter', id: 'otlp_http', signal })
    exporter.entered(8)
    exporter.out(5)
  }
}

test('the page has the collector’s names, types and labels', async (t) => {
  const { accounts, page } = await started(t)
  book(accounts)
  const text = await page()
  const shown = new Set<string>()
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const labels = new RegExp(`^${name}(?:\\{(.*)\\})? `, 'm').exec(text)?.[1] ?? ''
    const keys = [...labels.matchAll(/([a-z_]+)="/g)].map(([, key]) => key!)
    shown.add(`${name} ${type} ${keys.sort().join(',')}`)
  }
  for (const expected of COLLECTOR_NAMES) t.ok(shown.has(expected), expected)
  t.same(
    [...shown].filter((name) => name.startsWith('otelcol_') && !COLLECTOR_NAMES.includes(name)),
    [],
    'and no other names under otelcol_',
  )
})

test('accounts are read when somebody scrapes: per component, per transport, a processor’s places added up', async (t) => {
  const { accounts, memory, scrape } = await started(t)
  book(accounts)
  accounts.ledger({ kind: 'receiver', id: 'otlp', signal: 'traces', transport: 'http' }).out(1)
  memory.add(4096)
  const first = await scrape()
  t.equal(first.get('otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"}'), 7)
  t.equal(first.get('otelcol_receiver_accepted_spans{receiver="otlp",transport="http"}'), 1)
  t.equal(first.get('otelcol_receiver_refused_log_records{receiver="otlp",transport="grpc"}'), 2)
  t.equal(first.get('otelcol_receiver_failed_metric_points{receiver="otlp",transport="grpc"}'), 1)
  t.equal(first.get('otelcol_processor_incoming_items{processor="filter",otel_signal="logs"}'), 14)
  t.equal(first.get('otelcol_processor_outgoing_items{processor="filter",otel_signal="logs"}'), 8)
  t.equal(first.get('otelcol_exporter_sent_spans{exporter="otlp_http"}'), 5)
  t.equal(first.get('sluice_payload_held_bytes'), 4096)
  t.ok(first.get('otelcol_process_memory_rss')! > 1e6)
  t.ok(first.get('otelcol_process_runtime_total_alloc_bytes')! > 1e6)
  accounts.ledger({ kind: 'exporter', id: 'otlp_http', signal: 'traces' }).out(3)
  t.equal((await scrape()).get('otelcol_exporter_sent_spans{exporter="otlp_http"}'), 8)
})

test('the conservation counters balance for every component', async (t) => {
  const { accounts, scrape } = await started(t)
  book(accounts)
  const samples = await scrape()
  t.equal(
    samples.get(
      'sluice_items_total{kind="processor",component="filter",pipeline="logs/eu",signal="logs",outcome="dropped",reason="filtered"}',
    ),
    3,
  )
  t.equal(samples.get('sluice_items_in_flight{kind="exporter",component="otlp_http",signal="logs"}'), 3)
  const balance = new Map<string, number>()
  for (const [series, value] of samples) {
    const match = /^sluice_items_(total|in_flight)\{(.*?signal="\w+")(?:,outcome="(\w+)".*)?\}$/.exec(series)
    if (match === null) continue
    const isIn = match[3] === 'entered' || match[3] === 'created'
    balance.set(match[2]!, (balance.get(match[2]!) ?? 0) + (isIn ? value : -value))
  }
  t.equal(balance.size, 3 * 4)
  for (const [component, left] of balance) t.equal(left, 0, component)
})

test('what components count themselves is on the page, from before the first scrape and after it', async (t) => {
  const { meter, scrape } = await started(t, { level: 'detailed' })
  const batch = meter('processor/batch')
  const sizes = batch.createHistogram('otelcol_processor_batch_batch_send_size', {
    advice: { explicitBucketBoundaries: [10, 100] },
  })
  const triggers = batch.createCounter('otelcol_processor_batch_timeout_trigger_send')
  const queue = meter('exporter/otlp').createObservableGauge('otelcol_exporter_queue_size')
  const cardinality = batch.createUpDownCounter('otelcol_processor_batch_metadata_cardinality')
  const last = batch.createGauge('sluice_last')
  queue.addCallback((result) => result.observe(17, { exporter: 'otlp' }))
  const attributes = { processor: 'batch' }
  const count = (): void => {
    sizes.record(10, attributes)
    sizes.record(99, attributes)
    sizes.record(1000, attributes)
    triggers.add(2, attributes)
    triggers.add(-5, attributes)
    cardinality.add(3)
    cardinality.add(-1)
    last.record(7)
  }
  count()
  for (const times of [1, 2]) {
    const samples = await scrape()
    t.equal(samples.get('otelcol_processor_batch_batch_send_size_bucket{processor="batch",le="10"}'), times)
    t.equal(samples.get('otelcol_processor_batch_batch_send_size_bucket{processor="batch",le="100"}'), 2 * times)
    t.equal(samples.get('otelcol_processor_batch_batch_send_size_bucket{processor="batch",le="+Inf"}'), 3 * times)
    t.equal(samples.get('otelcol_processor_batch_batch_send_size_sum{processor="batch"}'), 1109 * times)
    t.equal(samples.get('otelcol_processor_batch_timeout_trigger_send{processor="batch"}'), 2 * times)
    t.equal(samples.get('otelcol_processor_batch_metadata_cardinality'), 2 * times)
    t.equal(samples.get('otelcol_exporter_queue_size{exporter="otlp"}'), 17)
    t.equal(samples.get('sluice_last'), 7)
    count()
  }
  const late = meter('exporter/late')
  late.createHistogram('late_size').record(1)
  late.createCounter('late_count').add(4)
  late.createObservableUpDownCounter('late_now').addCallback((result) => result.observe(5))
  const samples = await scrape()
  t.match([samples.get('late_size_count'), samples.get('late_count'), samples.get('late_now')], [1, 4, 5])
})

test('one name is one instrument, whoever asks for it', async (t) => {
  const { meter, scrape } = await started(t)
  for (const _pipeline of ['traces', 'logs']) meter('processor/batch').createCounter('sluice_twice').add(1)
  for (const value of [1, 2])
    meter('processor/batch')
      .createObservableCounter('sluice_seen')
      .addCallback((result) => result.observe(value, { value }))
  const samples = await scrape()
  t.equal(samples.get('sluice_twice'), 2)
  t.equal(samples.get('sluice_seen{value="1"}'), 1)
  t.equal(samples.get('sluice_seen{value="2"}'), 2)
})

test('callbacks can be taken away, and one callback can serve several instruments', async (t) => {
  const { meter, scrape } = await started(t)
  const own = meter('exporter/x')
  const [a, b] = [own.createObservableGauge('sluice_a'), own.createObservableGauge('sluice_b')]
  const gone = own.createObservableGauge('sluice_gone')
  let calls = 0
  const both: Parameters<typeof own.addBatchObservableCallback>[0] = (result) => {
    calls++
    result.observe(a, 1)
    result.observe(b, 2)
  }
  const never = (): void => void t.fail('was taken away')
  own.addBatchObservableCallback(both, [a, b])
  own.addBatchObservableCallback(never, [a])
  own.removeBatchObservableCallback(never, [a])
  gone.addCallback(never)
  gone.removeCallback(never)
  const before = await scrape()
  t.match([before.get('sluice_a'), before.get('sluice_b')], [1, 2])
  own.removeBatchObservableCallback(both, [a, b])
  await scrape()
  t.equal(calls, 1)
})

test('more series than the bound count together', async (t) => {
  const { meter, scrape } = await started(t)
  const counter = meter('exporter/x').createCounter('sluice_many')
  for (let n = 0; n < 3000; n++) counter.add(1, { n })
  const many = [...(await scrape())].filter(([series]) => series.startsWith('sluice_many'))
  t.equal(many.length, 1001)
  t.equal(
    many.reduce((sum, [, value]) => sum + value, 0),
    3000,
    'and nothing is lost',
  )
})

test('levels decide what is there, as in the collector', async (t) => {
  const found: Record<string, string[]> = {}
  for (const level of ['basic', 'normal', 'detailed']) {
    const { meter, accounts, scrape } = await started(t, { level })
    book(accounts)
    const batch = meter('processor/batch')
    for (const name of ['batch_batch_send_size', 'batch_batch_send_size_bytes'])
      batch.createHistogram(`otelcol_processor_${name}`).record(1)
    batch.createCounter('otelcol_processor_batch_timeout_trigger_send').add(1)
    const names = new Set([...(await scrape()).keys()].map((series) => series.replace(/\{.*/, '')))
    found[level] = [...names].filter((name) => /_count$|trigger|^sluice_items|accepted_spans/.test(name)).sort()
  }
  t.same(found, {
    basic: ['otelcol_receiver_accepted_spans', 'sluice_items_in_flight'],
    normal: [
      'otelcol_processor_batch_batch_send_size_count',
      'otelcol_processor_batch_timeout_trigger_send',
      'otelcol_receiver_accepted_spans',
      'sluice_items_in_flight',
      'sluice_items_total',
    ],
    detailed: [
      'otelcol_processor_batch_batch_send_size_bytes_count',
      'otelcol_processor_batch_batch_send_size_count',
      'otelcol_processor_batch_timeout_trigger_send',
      'otelcol_receiver_accepted_spans',
      'sluice_items_in_flight',
      'sluice_items_total',
    ],
  })
})

test('level none listens nowhere and measures nothing', async (t) => {
  const own = await started(t, { level: 'none' })
  t.same(own.endpoints, [])
  const meter = own.meter('exporter/x')
  meter.createCounter('a').add(1)
  meter.createHistogram('b').record(1)
  meter.createObservableGauge('c').addCallback(() => void t.fail('nobody asks'))
})

test('units, type suffixes, scopes and labels of the resource are settings of each reader', async (t) => {
  const { accounts, scrape } = await started(t, {
    readers: [
      pull({ without_type_suffix: false }),
      pull({ without_units: false }),
      pull({
        without_scope_info: false,
        with_resource_constant_labels: { included: ['service.*'], excluded: ['*.version'] },
      }),
      pull({ without_type_suffix: false, without_units: false }),
    ],
  })
  book(accounts)
  const names = async (index: number): Promise<string> => [...(await scrape(index)).keys()].join('\n')
  t.match(await names(0), /^otelcol_process_uptime_total$.*^otelcol_process_cpu_seconds_total$/ms)
  t.match(await names(0), /^sluice_items_total\{/m, 'a name that ends so already is left alone')
  t.match(await names(1), /^otelcol_process_uptime_seconds$.*^otelcol_process_cpu_seconds$/ms)
  t.match(await names(1), /^sluice_items_total\{/m)
  t.match(await names(1), /^otelcol_process_memory_rss_bytes$/m)
  t.match(
    await names(2),
    /^otelcol_process_uptime\{otel_scope_name="sluice",service_instance_id="one",service_name="sluice"\}$/m,
  )
  t.match(await names(3), /^otelcol_process_uptime_seconds_total$/m)
  t.match(await names(3), /^otelcol_process_runtime_total_alloc_bytes_total$/m)
})

test('views rename, drop and change what is counted', async (t) => {
  const { meter, accounts, scrape } = await started(t, {
    level: 'detailed',
    views: [
      { selector: { instrument_name: 'otelcol_processor_*' }, stream: { aggregation: { drop: {} } } },
      {
        selector: { instrument_name: 'sizes', instrument_type: 'histogram' },
        stream: { name: 'renamed', aggregation: { explicit_bucket_histogram: { boundaries: [7] } } },
      },
      { selector: { instrument_name: 'calls' }, stream: { attribute_keys: { included: ['kept'] } } },
    ],
  })
  book(accounts)
  meter('exporter/x').createHistogram('sizes').record(5)
  for (const lost of ['a', 'b']) meter('exporter/x').createCounter('calls').add(1, { kept: 'k', lost })
  const samples = await scrape()
  t.equal(samples.get('renamed_bucket{le="7"}'), 1)
  t.equal(samples.get('calls{kept="k"}'), 2)
  t.notOk([...samples.keys()].some((series) => series.startsWith('otelcol_processor_')))
})

test('a port that is taken is an error that says what to do', async (t) => {
  const { endpoints } = await started(t)
  const port = Number(new URL(endpoints[0]!).port)
  await t.rejects(started(t, { readers: [pull(), pull({ port })] }), {
    message: `service::telemetry::metrics: cannot listen on 127.0.0.1:${port}: the port is taken; choose another one, or set service::telemetry::metrics::level to none`,
  })
})

/** Sends bytes as they are, and returns the status line of the answer. */
async function raw(endpoint: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(request)
  let answer = ''
  socket.on('data', (data) => (answer += data))
  await once(socket, 'close')
  return answer.split('\r\n')[0]!
}

test('whatever a request says, it gets an answer and the next one is served', async (t) => {
  const { endpoints, scrape } = await started(t)
  const [endpoint] = endpoints
  const get = (target: string) => raw(endpoint!, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  t.match(await get('http://'), / 404 /)
  t.match(await get('//'), / 404 /)
  t.match(await get('/metrics/%ff%00'), / 404 /)
  t.match(await get('*'), / 404 /)
  t.match(await get('http://[::'), / 404 /)
  t.match(await get('http://evil/metrics?x=1#y'), / 200 /)
  t.match(await raw(endpoint!, 'nonsense\r\n\r\n'), / 400 /)
  t.match(
    await raw(endpoint!, `POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n${'x'.repeat(1000)}`),
    / 405 /,
    'a body is not waited for',
  )
  t.ok((await scrape()).size > 0)
})

test('HEAD answers without a body, and scrapes at the same time get their pages', async (t) => {
  const { endpoints, page } = await started(t)
  const head = await fetch(endpoints[0]!, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const pages = await Promise.all([page(), page(), page()])
  for (const one of pages) t.match(one, /target_info/)
})

test('a callback that throws costs its own series only', async (t) => {
  const { meter, page } = await started(t)
  meter('exporter/x')
    .createObservableGauge('sluice_broken')
    .addCallback(() => {
      throw new Error('broken')
    })
  t.match(await page(), /otelcol_process_uptime/)
})

test('a periodic reader sends OTLP, with the headers that are configured, the last time at the end', async (t) => {
  for (const [protocol, contentType] of [
    ['http/protobuf', 'application/x-protobuf'],
    ['http/json', 'application/json'],
  ]) {
    const { endpoint, received } = await otlpDestination(t)
    const otlp = { protocol, endpoint, headers: [{ name: 'x-key', value: 'secret' }], headers_list: 'x-list=a%20b' }
    const { accounts, stop } = await started(t, { readers: [{ periodic: { exporter: { otlp }, interval: '1h' } }] })
    book(accounts)
    await stop()
    const sent = received[0]!
    t.equal(sent.path, '/v1/metrics')
    t.match(sent.headers, { 'content-type': contentType, 'x-key': 'secret', 'x-list': 'a b' })
    t.ok(sent.body.includes('otelcol_receiver_accepted_spans'))
    t.ok(sent.body.includes(RESOURCE.schemaUrl))
  }
})

test('histograms can be sent as exponential ones, and differences instead of totals', async (t) => {
  const { endpoint, received } = await otlpDestination(t)
  const otlp = {
    protocol: 'http/json',
    endpoint,
    temporality_preference: 'delta',
    default_histogram_aggregation: 'base2_exponential_bucket_histogram',
  }
  const { meter, stop } = await started(t, { readers: [{ periodic: { exporter: { otlp }, interval: '1h' } }] })
  meter('exporter/x').createHistogram('sizes').record(5)
  meter('exporter/x').createCounter('calls').add(5)
  await stop()
  const body = JSON.parse(received[0]!.body.toString())
  const metrics: { name: string; [data: string]: unknown }[] = body.resourceMetrics[0].scopeMetrics.flatMap(
    (scope: { metrics: unknown[] }) => scope.metrics,
  )
  t.ok(metrics.find(({ name }) => name === 'sizes')?.exponentialHistogram)
  t.match(metrics.find(({ name }) => name === 'calls')?.sum, { aggregationTemporality: 1 })
})

test('a destination that cannot be reached is told in the log, and does not keep the agent from ending', async (t) => {
  const otlp = { endpoint: 'http://127.0.0.1:1', timeout: 100 }
  const { stop, lines } = await started(t, { readers: [{ periodic: { exporter: { otlp }, interval: '1h' } }] })
  await stop()
  t.ok(
    lines.some(({ message, fields }) => /SDK complains/.test(message) && /ECONNREFUSED/.test(JSON.stringify(fields))),
    JSON.stringify(lines),
  )
})

test('own metrics over gRPC are refused with what to use instead', async (t) => {
  const otlp = { protocol: 'grpc', endpoint: 'localhost:4317' }
  await t.rejects(started(t, { readers: [{ periodic: { exporter: { otlp } } }] }), {
    message: /^own telemetry is sent over HTTP; use http\/protobuf/,
  })
})

test('the SDK is not imported before the first scrape', async (t) => {
  const script = join(t.testdir({ 'a.ts': IMPORTS }), 'a.ts')
  const env = { ...process.env, SRC: join(import.meta.dirname, '../../src') }
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
  t.same(JSON.parse(stdout), { before: [], after: true })
})

/** Which packages have been loaded shows in the resolutions that the loader was asked for. */
const IMPORTS = `
import { registerHooks } from 'node:module'
const seen: string[] = []
registerHooks({ resolve(specifier, context, next) { seen.push(specifier); return next(specifier, context) } })
const src = process.env.SRC
const { telemetrySettings } = await import(src + '/config/index.ts')
const { startMetrics } = await import(src + '/observe/metrics.ts')
const { createLogger } = await import(src + '/observe/log.ts')
const { Accounts } = await import(src + '/observe/accounts.ts')
const { HeldPayload } = await import(src + '/observe/memory.ts')
const v = await import(src + '/../node_modules/valibot/dist/index.mjs')
const readers = [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 0 } } } }]
const settings = v.parse(telemetrySettings, { metrics: { readers } })
const log = createLogger(settings.logs)
const own = await startMetrics(settings.metrics, { accounts: new Accounts(), memory: new HeldPayload(), resource: { attributes: {} }, log })
own.meter('x').createHistogram('y').record(1)
const heavy = (): string[] => seen.filter((name) => name.startsWith('@opentelemetry/'))
const before = heavy()
await (await fetch(own.endpoints[0])).text()
const after = heavy().includes('@opentelemetry/sdk-metrics')
await own.stop()
await log.close()
console.log(JSON.stringify({ before, after }))
`
