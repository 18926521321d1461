import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { decodeOtlpJson, type Signal } from '../../../src/data/index.ts'
import otlpHttp from '../../../src/exporters/otlp_http/index.ts'
import { encodeStatus, encodeStatusJson } from '../../../src/net/status.ts'
import { testContext, testHost, testSettings, trackReads } from '../../../src/testing/index.ts'
import { authority } from '../../kit/certificates.ts'
import { type Answer, FakeOtlpHttp } from '../../kit/fake-otlp-http.ts'
import { items } from '../../kit/otlp.ts'
import { type ExporterRig, startExporter } from '../../kit/otlp-exporter.ts'
import { until } from '../../kit/until.ts'

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']
const protobuf = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }

const ca = await authority()
const pair = await ca.issue('otlp.test')
const mine = await ca.issue('client.test')

interface Pair extends ExporterRig {
  readonly fake: FakeOtlpHttp
}

async function rig(
  t: Test,
  { answers = [], ...config }: { answers?: Answer[]; [setting: string]: unknown },
): Promise<Pair> {
  const fake = await new FakeOtlpHttp().start()
  fake.answers.push(...answers)
  t.teardown(async () => {
    await fake.stop()
    assert.deepEqual(fake.violations, [])
  })
  return { fake, ...(await startExporter(t, otlpHttp, { endpoint: fake.url, ...config })) }
}

for (const signal of signals) {
  test(`${signal}: the chunks of a batch arrive as they are, gzipped unless told otherwise`, async (t) => {
    const { fake, send, settled, account } = await rig(t, {})
    const batch = items[signal](5)
    await send(batch)
    await settled(signal)
    const [request] = fake.requests
    t.equal(request!.signal, signal)
    t.equal(request!.items, 5)
    t.ok(request!.body.equals(Buffer.concat(batch.chunks)))
    t.equal(request!.headers.get('content-encoding'), 'gzip')
    t.match(request!.headers.get('user-agent'), /^sluice\/0\.0\.0-test \(\w+\/\w+\)$/)
    t.same(account(signal), { out: 5, held: 0, dropped: {} })
  })

  test(`${signal}: in JSON it is the same telemetry`, async (t) => {
    const { fake, send, settled, account } = await rig(t, { encoding: 'json', compression: 'zstd' })
    const batch = items[signal](5)
    await send(batch)
    await settled(signal)
    const [request] = fake.requests
    t.equal(request!.headers.get('content-type'), 'application/json')
    t.equal(request!.items, 5)
    t.ok(Buffer.concat(decodeOtlpJson(signal, request!.body).chunks).equals(Buffer.concat(batch.chunks)))
    t.same(account(signal), { out: 5, held: 0, dropped: {} })
  })

  test(`${signal}: a busy destination is asked again when it wants to be, within 5 minutes (F19)`, async (t) => {
    const date = (ms: number) => new Date(ms).toUTCString()
    const startedAt = Date.UTC(2026, 0, 1)
    const busy = (status: number, retryAfter?: string): Answer => ({
      status,
      headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    })
    for (const [answer, waitMs] of [
      [busy(429, '7'), 7000],
      [busy(503, '7'), 7000],
      [busy(503, date(startedAt + 9000)), 9000],
      [busy(503, date(startedAt - 60_000)), 1000],
      [busy(503, date(startedAt + 10 * 365 * 86_400_000)), 300_000],
      [busy(429, '315360000'), 300_000],
      [busy(503, 'in a while'), 1000],
      [busy(503, '-5'), 1000],
      [busy(502), 1000],
      [busy(504), 1000],
      [{ status: 503, headers: protobuf, body: encodeStatus({ code: 14, message: 'busy', retryDelayMs: 4000 }) }, 4000],
    ] as const) {
      const { fake, send, passWait, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await until(() => fake.requests.length === 1)
      t.same(account(signal), { out: 0, held: 3, dropped: {} }, 'held meanwhile')
      await passWait(waitMs)
      await settled(signal)
      t.equal(fake.requests.length, 2)
      t.ok(fake.requests[1]!.body.equals(fake.requests[0]!.body))
      t.same(account(signal), { out: 3, held: 0, dropped: {} })
    }
  })

  test(`${signal}: every other answer is final, counted with its status and explained (F20)`, async (t) => {
    for (const status of [301, 400, 401, 403, 404, 408, 500, 501, 505]) {
      const { fake, send, settled, account, settings } = await rig(t, {
        answers: [{ status, headers: json, body: encodeStatusJson({ code: 3, message: 'not\nlike this' }) }],
      })
      await send(items[signal](3))
      await settled(signal)
      t.equal(fake.requests.length, 1)
      t.same(account(signal), { out: 0, held: 0, dropped: { [`http_${status}`]: 3 } })
      const line = settings.lines.find(({ level }) => level === 'error')
      t.match(JSON.stringify(line), status === 301 ? /redirects are not followed/ : /not like this/)
    }
  })

  test(`${signal}: what is too large is sent in halves; one item that is too large alone is dropped (F20)`, async (t) => {
    const { fake, send, settled, account } = await rig(t, { sending_queue: { num_consumers: 1 } })
    const most = 2
    const answer: Answer = (request) => {
      fake.answers.push(answer)
      const status = request.items > most || /-7/.test(request.body.toString('latin1')) ? 413 : 200
      request.socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`)
    }
    fake.answers.push(answer)
    await send(items[signal](8))
    await settled(signal)
    const delivered = signal === 'metrics' ? 8 : 7
    t.same(account(signal), { out: delivered, held: 0, dropped: delivered === 8 ? {} : { too_large: 1 } })
    t.same(
      fake.requests.map((request) => request.items),
      signal === 'metrics' ? [8, 4, 2, 2, 4, 2, 2] : [8, 4, 2, 2, 4, 2, 2, 1, 1],
    )
  })

  test(`${signal}: what a destination rejects in part is counted, logged and not sent again (F21)`, async (t) => {
    const rejected = { traces: 'rejectedSpans', metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' }[signal]
    const bytes = (count: number, message: string): Buffer => {
      const inner = Buffer.concat([Buffer.from([0x08, count, 0x12, message.length]), Buffer.from(message)])
      return Buffer.concat([Buffer.from([0x0a, inner.length]), inner])
    }
    const said = (value: unknown) => JSON.stringify({ partialSuccess: value })
    for (const [answer, dropped, reason] of [
      [{ status: 200, headers: protobuf, body: bytes(2, 'too old') }, 2, 'too old'],
      [{ status: 202, headers: json, body: said({ [rejected]: '2', errorMessage: 'too old' }) }, 2, 'too old'],
      [{ status: 200, headers: json, body: said({ [rejected]: 2 }) }, 2, ''],
      [{ status: 200, headers: protobuf, body: bytes(100, 'all') }, 5, 'all'],
      [{ status: 200, headers: protobuf, body: bytes(0, 'be careful') }, 0, 'be careful'],
      [{ status: 200, headers: json, body: said({}) }, 0, undefined],
      [{ status: 200, headers: json, body: said({ [rejected]: '-3' }) }, 0, undefined],
      [{ status: 200, headers: json, body: '[[[' }, 0, undefined],
      [{ status: 200, headers: protobuf, body: Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f]) }, 0, undefined],
    ] as const) {
      const { fake, send, settled, account, settings } = await rig(t, { answers: [answer as Answer] })
      await send(items[signal](5))
      await settled(signal)
      t.equal(fake.requests.length, 1)
      t.same(account(signal), {
        out: 5 - dropped,
        held: 0,
        dropped: dropped === 0 ? {} : { rejected_by_destination: dropped },
      })
      const warnings = settings.lines.filter(({ message }) => message === 'destination took the data in part')
      t.same(
        warnings.map(({ fields }) => (fields as { reason: string }).reason),
        reason === undefined ? [] : [reason],
      )
    }
  })

  test(`${signal}: a page in place of an answer is no delivery (F22)`, async (t) => {
    const page = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Please log in' }
    const { fake, send, passWait, settled, account, settings } = await rig(t, { answers: [page] })
    await send(items[signal](3))
    await until(() => fake.requests.length === 1)
    t.same(account(signal), { out: 0, held: 3, dropped: {} })
    await passWait(1000)
    await settled(signal)
    t.same(account(signal), { out: 3, held: 0, dropped: {} })
    t.match(JSON.stringify(settings.lines), /no answer of OTLP: something else answers at this endpoint.*Please log in/)
  })

  test(`${signal}: a connection that breaks before the answer costs nothing but time (F22)`, async (t) => {
    for (const answer of ['reset', 'close'] as const) {
      const { fake, send, passWait, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await until(() => fake.requests.length === 1)
      t.same(account(signal), { out: 0, held: 3, dropped: {} })
      await passWait(1000)
      await settled(signal)
      t.equal(fake.requests.length, 2, 'one duplicate at most')
      t.same(account(signal), { out: 3, held: 0, dropped: {} })
    }
  })

  test(`${signal}: a destination that hangs or trickles is left at the timeout, its connection closed (F23, F24)`, async (t) => {
    for (const answer of ['hang', { raw: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx' }] as const) {
      const { fake, send, passWait, settled, account } = await rig(t, { answers: [answer], timeout: '10s' })
      await send(items[signal](3))
      await until(() => fake.requests.length === 1)
      const { socket } = fake.requests[0]!
      await passWait(10_000)
      await until(() => socket.destroyed)
      t.same(account(signal), { out: 0, held: 3, dropped: {} })
      await passWait(1000)
      await settled(signal)
      t.equal(fake.connections, 2)
      t.same(account(signal), { out: 3, held: 0, dropped: {} })
    }
  })

  test(`${signal}: an answer that never ends is cut at 4 MiB and final (F24)`, async (t) => {
    for (const answer of [
      { raw: `HTTP/1.1 200 OK\r\ncontent-length: ${1 << 30}\r\n\r\n` },
      { status: 503, headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(32 << 20)) },
    ]) {
      const { fake, send, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await settled(signal)
      t.equal(fake.requests.length, 1)
      t.same(account(signal), { out: 0, held: 0, dropped: { response_too_large: 3 } })
      await send(items[signal](1))
      await settled(signal)
      t.equal(account(signal).out, 1, 'the next one is served')
    }
  })
}

test('a peer that vanished without a word is given up at the timeout, whatever is written (F25)', async (t) => {
  const sockets: Socket[] = []
  const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}`
  const { send, passWait, account, exporter } = await startExporter(t, otlpHttp, {
    endpoint,
    compression: 'none',
    timeout: '30s',
  })
  // More than the kernels' buffers hold: the write never ends.
  await send(items.logs(400_000))
  await until(() => sockets.length === 1)
  await passWait(30_000)
  await passWait(1000)
  await until(() => sockets.length === 2)
  t.same(account('logs'), { out: 0, held: 400_000, dropped: {} })
  await exporter.stop?.(AbortSignal.abort())
  t.same(account('logs'), { out: 0, held: 0, dropped: { shutdown: 400_000 } })
  for (const socket of sockets) socket.destroy()
})

test('a destination that is not there yet gets everything when it comes', async (t) => {
  const { fake, send, passWait, settled, account, host } = await rig(t, {})
  await fake.stop()
  await send(items.traces(3))
  await passWait(1000)
  await passWait(1000)
  await until(() => host.states.at(-1)?.state === 'degraded')
  t.match(host.states.at(-1)!.reason, /ECONNREFUSED/)
  t.same(account('traces'), { out: 0, held: 3, dropped: {} })
  const later = await new FakeOtlpHttp().start(fake.port)
  t.teardown(() => later.stop())
  await passWait(1000)
  await settled('traces')
  t.equal(later.items, 3)
  t.same(account('traces'), { out: 3, held: 0, dropped: {} })
  t.equal(host.states.at(-1)!.state, 'ok')
})

test('without a queue the sender is told what became of the batch', async (t) => {
  const { send, account } = await rig(t, {
    answers: [{ status: 400 }, { status: 503 }],
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  })
  await t.rejects(send(items.traces(3)), { name: 'PermanentError', reason: 'http_400' })
  await t.rejects(send(items.traces(3)), { name: 'RetryableError', reason: 'http_503' })
  await send(items.traces(3))
  t.equal(account('traces').out, 3)
})

test('stopping sends what is left', async (t) => {
  const { fake, send, exporter, account } = await rig(t, { sending_queue: { batch: { flush_timeout: '1h' } } })
  await send(items.logs(2))
  await send(items.logs(3))
  await exporter.stop?.(new AbortController().signal)
  t.same(
    fake.requests.map((request) => request.items),
    [5],
  )
  t.same(account('logs'), { out: 5, held: 0, dropped: {} })
})

const ownEndpoint = { traces: 'traces_endpoint', metrics: 'metrics_endpoint', logs: 'logs_endpoint' } as const

test('each signal goes behind the endpoint, or to a place of its own', async (t) => {
  const one = await new FakeOtlpHttp().start()
  const other = await new FakeOtlpHttp().start()
  t.teardown(() => Promise.all([one.stop(), other.stop()]))
  Object.assign(one.paths, { '/otlp/v1/traces': 'traces', '/otlp/v1/metrics': 'metrics' })
  Object.assign(other.paths, { '/my/logs?tenant=a': 'logs' })
  const { send, settled } = await startExporter(t, otlpHttp, {
    endpoint: `${one.url}/otlp/`,
    logs_endpoint: `${other.url}/my/logs?tenant=a`,
  })
  for (const signal of signals) {
    await send(items[signal](1))
    await settled(signal)
  }
  t.same(
    [...one.requests, ...other.requests].map(({ signal, target }) => [signal, target]),
    [
      ['traces', '/otlp/v1/traces'],
      ['metrics', '/otlp/v1/metrics'],
      ['logs', '/my/logs?tenant=a'],
    ],
  )
  t.same([...one.violations, ...other.violations], [])
  for (const signal of signals) {
    const { exporter } = await startExporter(t, otlpHttp, { [ownEndpoint[signal]]: other.url })
    t.same(Object.keys(exporter.consumers), [signal])
  }
  t.notOk(v.safeParse(otlpHttp.config, {}).success)
})

test('settings without an effect are told at start', async (t) => {
  const { settings } = await startExporter(t, otlpHttp, {
    endpoint: 'http://127.0.0.1:1',
    force_attempt_http2: true,
    profiles_endpoint: 'http://127.0.0.1:1/p',
  })
  t.same(
    settings.lines.map(({ fields }) => (fields as { setting?: string }).setting),
    ['force_attempt_http2', 'profiles_endpoint'],
  )
})

test('every setting is read by somebody', async (t) => {
  const fake = await new FakeOtlpHttp({ ...pair }).start()
  t.teardown(() => fake.stop())
  const files = t.testdir({ 'ca.pem': ca.cert, 'mine.crt': mine.cert, 'mine.key': mine.key })
  const parsed = v.parse(otlpHttp.config, {
    endpoint: fake.url,
    traces_endpoint: `${fake.url}/v1/traces`,
    metrics_endpoint: `${fake.url}/v1/metrics`,
    profiles_endpoint: `${fake.url}/v1/profiles`,
    encoding: 'json',
    compression: 'zstd',
    compression_params: { level: 3 },
    headers: { 'x-tenant': 'a' },
    tls: {
      ca_file: join(files, 'ca.pem'),
      cert_file: join(files, 'mine.crt'),
      key_file: join(files, 'mine.key'),
      server_name_override: 'otlp.test',
      max_version: '1.3',
      reload_interval: '1h',
    },
    max_conns_per_host: 3,
    keepalive: { max_idle_conns: 2, max_idle_conns_per_host: 1, idle_conn_timeout: '1m' },
    cookies: {},
    force_attempt_http2: true,
    http2_read_idle_timeout: '1s',
    http2_ping_timeout: '1s',
    read_buffer_size: 1,
    write_buffer_size: 1,
    timeout: '7s',
    sending_queue: { queue_size: 5, num_consumers: 2, sizer: 'items', wait_for_result: true },
    retry_on_failure: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '3s' },
  })
  const tracked = trackReads(parsed)
  const settings = testSettings()
  const exporter = otlpHttp.create(tracked.value, settings)
  await exporter.start?.(testHost())
  fake.answers.push({ status: 503 })
  const sent = exporter.consumers.traces?.(items.traces(3), testContext())
  await until(() => fake.requests.length === 1)
  while (fake.requests.length === 1) await settings.clock.advance(1000)
  await sent
  await exporter.stop?.(AbortSignal.abort())
  t.match(fake.requests[1]!.headers.get('x-tenant'), 'a')
  // The schema has read that.
  t.same(tracked.unread(), ['tls.include_insecure_cipher_suites'])
})

test('a connection that nobody uses is closed after idle_conn_timeout', async (t) => {
  const { fake, send, settled } = await rig(t, { keepalive: { idle_conn_timeout: '20ms' } })
  await send(items.logs(1))
  await settled('logs')
  await until(() => fake.sockets.size === 0)
  t.equal(fake.requests.length, 1)
})

test('compression_params::level decides how small a request is', async (t) => {
  const sizes: number[] = []
  for (const level of [1, 9]) {
    const { fake, send, settled } = await rig(t, { compression_params: { level } })
    await send(items.traces(500))
    await settled('traces')
    sizes.push(fake.requests[0]!.raw.length)
  }
  t.ok(sizes[1]! < sizes[0]!)
})
