import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Signal } from '../../../src/data/index.ts'
import otlpGrpc from '../../../src/exporters/otlp_grpc/index.ts'
import { encodeStatus, GRPC, nameOfGrpc } from '../../../src/net/status.ts'
import { testContext, testHost, testSettings, trackReads } from '../../../src/testing/index.ts'
import { authority } from '../../kit/certificates.ts'
import { FakeOtlpGrpc, type GrpcAnswer, type ReceivedCall, replyTo } from '../../kit/fake-otlp-grpc.ts'
import { items } from '../../kit/otlp.ts'
import { type ExporterRig, startExporter } from '../../kit/otlp-exporter.ts'
import { until } from '../../kit/until.ts'

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']

const ca = await authority()
const pair = await ca.issue('otlp.test')

interface Pair extends ExporterRig {
  readonly fake: FakeOtlpGrpc
}

async function rig(
  t: Test,
  { answers = [], ...config }: { answers?: GrpcAnswer[]; [setting: string]: unknown } = {},
): Promise<Pair> {
  const fake = await new FakeOtlpGrpc().start()
  fake.answers.push(...answers)
  t.teardown(async () => {
    await fake.stop()
    assert.deepEqual(fake.violations, [])
  })
  const insecure = { endpoint: fake.endpoint, tls: { insecure: true } }
  return { fake, ...(await startExporter(t, otlpGrpc, { ...insecure, ...config })) }
}

const retryInfo = (code: number, retryDelayMs: number) => ({
  'grpc-status-details-bin': encodeStatus({ code, message: '', retryDelayMs }).toString('base64'),
})

for (const signal of signals) {
  test(`${signal}: the chunks of a batch arrive as one message, gzipped unless told otherwise`, async (t) => {
    const { fake, send, settled, account } = await rig(t)
    const batch = items[signal](5)
    await send(batch)
    await settled(signal)
    const [call] = fake.calls
    t.equal(call!.signal, signal)
    t.equal(call!.items, 5)
    t.ok(call!.message.equals(Buffer.concat(batch.chunks)))
    t.match(call!.headers, {
      ':authority': fake.endpoint,
      ':scheme': 'http',
      'grpc-encoding': 'gzip',
      'grpc-timeout': '5000m',
      'user-agent': /^sluice\/0\.0\.0-test/,
    })
    t.same(account(signal), { out: 5, held: 0, dropped: {} })
  })

  test(`${signal}: a status that may pass is tried again, when the server wants to be (F19)`, async (t) => {
    const delays: [GrpcAnswer, number][] = [
      GRPC.CANCELLED,
      GRPC.DEADLINE_EXCEEDED,
      GRPC.ABORTED,
      GRPC.OUT_OF_RANGE,
      GRPC.UNAVAILABLE,
      GRPC.DATA_LOSS,
    ].map((code) => [{ code }, 1000])
    delays.push(
      [{ code: GRPC.RESOURCE_EXHAUSTED, trailers: retryInfo(GRPC.RESOURCE_EXHAUSTED, 7000) }, 7000],
      [{ code: GRPC.RESOURCE_EXHAUSTED, trailers: retryInfo(GRPC.RESOURCE_EXHAUSTED, 0) }, 1000],
      [{ code: GRPC.UNAVAILABLE, trailers: retryInfo(GRPC.UNAVAILABLE, 3.156e11) }, 300_000],
      // What cannot be read is no RetryInfo (V4).
      [{ code: GRPC.UNAVAILABLE, trailers: { 'grpc-status-details-bin': '####' } }, 1000],
      [{ code: GRPC.UNAVAILABLE, trailers: { 'grpc-status-details-bin': 'A'.repeat(20_000) } }, 1000],
      [{ httpStatus: 503 }, 1000],
      [{ rst: constants.NGHTTP2_INTERNAL_ERROR }, 1000],
      [{ rst: constants.NGHTTP2_NO_ERROR }, 1000],
    )
    for (const [answer, waitMs] of delays) {
      const { fake, send, passWait, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await until(() => fake.calls.length === 1)
      t.same(account(signal), { out: 0, held: 3, dropped: {} }, 'held meanwhile')
      await passWait(waitMs)
      await settled(signal)
      t.equal(fake.calls.length, 2, JSON.stringify(answer).slice(0, 80))
      t.ok(fake.calls[1]!.message.equals(fake.calls[0]!.message))
      t.same(account(signal), { out: 3, held: 0, dropped: {} })
    }
  })

  test(`${signal}: every other status is final, counted with its name and explained (F20)`, async (t) => {
    const final = [2, 3, 5, 6, 7, 8, 9, 12, 13, 16]
    for (const code of final) {
      const { fake, send, settled, account, settings } = await rig(t, { answers: [{ code, message: 'not%0Athis' }] })
      await send(items[signal](3))
      await settled(signal)
      t.equal(fake.calls.length, 1)
      t.same(account(signal), { out: 0, held: 0, dropped: { [`grpc_${nameOfGrpc(code).toLowerCase()}`]: 3 } })
      t.match(JSON.stringify(settings.lines.find(({ level }) => level === 'error')), /not this/)
    }
    for (const [answer, reason] of [
      [{ httpStatus: 404 }, 'grpc_unimplemented'],
      [{ httpStatus: 401 }, 'grpc_unauthenticated'],
      [{ httpStatus: 200, contentType: 'text/html', body: '<html>' }, 'grpc_unknown'],
    ] as const) {
      const { send, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await settled(signal)
      t.same(account(signal), { out: 0, held: 0, dropped: { [reason]: 3 } })
    }
  })

  test(`${signal}: a message that is too large is sent in halves (F20)`, async (t) => {
    const tooLarge: GrpcAnswer[] = [
      { code: GRPC.RESOURCE_EXHAUSTED, message: 'grpc: received message larger than max (9 vs. 5)' },
      { httpStatus: 413 },
    ]
    for (const answer of tooLarge) {
      const { fake, send, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](4))
      await settled(signal)
      t.same(
        fake.calls.map((call) => call.items),
        [4, 2, 2],
      )
      t.same(account(signal), { out: 4, held: 0, dropped: {} })
    }
  })

  test(`${signal}: what a destination rejects in part is counted, logged and not sent again (F21)`, async (t) => {
    const partial = (count: number, message: string): Buffer => {
      const inner = Buffer.concat([Buffer.from([0x08, count, 0x12, message.length]), Buffer.from(message)])
      return Buffer.concat([Buffer.from([0x0a, inner.length]), inner])
    }
    for (const [answer, dropped, reason] of [
      [{ reply: partial(2, 'too old') }, 2, 'too old'],
      [{ reply: gzipSync(partial(2, 'too old')), isCompressed: true, encoding: 'gzip' }, 2, 'too old'],
      [{ reply: zstdCompressSync(partial(2, 'too old')), isCompressed: true, encoding: 'zstd' }, 2, 'too old'],
      [{ reply: partial(0, 'be careful') }, 0, 'be careful'],
      [{ reply: partial(100, 'all') }, 5, 'all'],
      [{ reply: Buffer.from('garbage') }, 0, undefined],
    ] as const) {
      const { fake, send, settled, account, settings } = await rig(t, { answers: [answer] })
      await send(items[signal](5))
      await settled(signal)
      t.equal(fake.calls.length, 1)
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

  test(`${signal}: a connection that breaks before the answer costs nothing but time (F22)`, async (t) => {
    const { fake, send, passWait, settled, account } = await rig(t, { answers: ['reset'] })
    await send(items[signal](3))
    await until(() => fake.calls.length === 1)
    t.same(account(signal), { out: 0, held: 3, dropped: {} })
    await passWait(1000)
    await settled(signal)
    t.equal(fake.calls.length, 2, 'one duplicate at most')
    t.equal(fake.connections, 2)
    t.same(account(signal), { out: 3, held: 0, dropped: {} })
  })

  test(`${signal}: a call that is never answered ends at the timeout and goes out on a fresh connection (F23, F25)`, async (t) => {
    const { fake, send, passWait, settled, account } = await rig(t, { answers: ['hang'], timeout: '10s' })
    await send(items[signal](3))
    await until(() => fake.calls.length === 1)
    t.equal(fake.calls[0]!.headers['grpc-timeout'], '10000m')
    const { stream } = fake.calls[0]!
    await passWait(10_000)
    await until(() => stream.destroyed)
    t.same(account(signal), { out: 0, held: 3, dropped: {} })
    await passWait(1000)
    await settled(signal)
    t.equal(fake.connections, 2)
    t.same(account(signal), { out: 3, held: 0, dropped: {} })
  })

  test(`${signal}: an answer that is too large is given up and final (F24)`, async (t) => {
    const endless: GrpcAnswer = ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      const more = (): void => {
        while (!stream.destroyed && stream.write(Buffer.alloc(1 << 16)));
      }
      stream.on('drain', more)
      more()
    }
    for (const answer of [
      endless,
      { reply: gzipSync(Buffer.alloc(32 << 20)), isCompressed: true, encoding: 'gzip' },
    ] satisfies GrpcAnswer[]) {
      const { fake, send, settled, account } = await rig(t, { answers: [answer] })
      await send(items[signal](3))
      await settled(signal)
      t.equal(fake.calls.length, 1)
      t.same(account(signal), { out: 0, held: 0, dropped: { response_too_large: 3 } })
      await send(items[signal](1))
      await settled(signal)
      t.equal(account(signal).out, 1, 'the next one is served')
      t.equal(fake.connections, 1, 'by the same connection')
    }
  })

  test(`${signal}: calls that a server in order leaves behind go out again at once on a new connection (F28)`, async (t) => {
    const waiting: ReceivedCall[] = []
    const hold: GrpcAnswer = (call) => void waiting.push(call)
    const { fake, send, settled, account, settings, waits } = await rig(t, { answers: [hold, hold, hold, hold, hold] })
    for (let i = 1; i <= 5; i++) await send(items[signal](i))
    await until(() => waiting.length === 5)
    t.equal(fake.connections, 1)
    waiting.sort((a, b) => a.stream.id! - b.stream.id!)
    waiting[0]!.session.goaway(constants.NGHTTP2_NO_ERROR, waiting[1]!.stream.id)
    await until(() => settings.ledger(signal).outItems === 12)
    t.equal(fake.calls.length, 8)
    t.same(account(signal), { out: 12, held: 3, dropped: {} }, 'three went out again, two are still being answered')
    for (const { stream } of waiting.slice(0, 2)) replyTo(stream, { reply: Buffer.alloc(0) })
    await settled(signal)
    t.equal(fake.connections, 2)
    t.same(account(signal), { out: 15, held: 0, dropped: {} })
    t.notOk(waits.includes(1000), 'no backoff')
  })
}

test('a destination that is not there yet gets everything when it comes', async (t) => {
  const { fake, send, passWait, settled, account, host, settings } = await rig(t)
  await fake.stop()
  await send(items.traces(3))
  await passWait(1000)
  await passWait(1000)
  await until(() => host.states.at(-1)?.state === 'degraded')
  t.match(host.states.at(-1)!.reason, /ECONNREFUSED/)
  t.same(account('traces'), { out: 0, held: 3, dropped: {} })
  const later = await new FakeOtlpGrpc().start(fake.port)
  t.teardown(() => later.stop())
  while (settings.ledger('traces').held > 0) await settings.clock.advance(1000)
  await settled('traces')
  t.equal(later.items, 3)
  t.same(account('traces'), { out: 3, held: 0, dropped: {} })
})

test('a peer that speaks HTTP/2 and then vanishes is given up at the timeout (F25)', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    // SETTINGS with nothing in it, then silence.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    socket.pause()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { send, passWait, account, exporter } = await startExporter(t, otlpGrpc, {
    endpoint: `http://127.0.0.1:${port}`,
    tls: { insecure: true },
    compression: 'none',
  })
  await send(items.logs(100_000))
  await until(() => sockets.length === 1)
  await passWait(5000)
  await passWait(1000)
  await until(() => sockets.length === 2)
  t.same(account('logs'), { out: 0, held: 100_000, dropped: {} })
  await exporter.stop?.(AbortSignal.abort())
  t.same(account('logs'), { out: 0, held: 0, dropped: { shutdown: 100_000 } })
  for (const socket of sockets) socket.destroy()
})

test('large batches, several at a time, arrive whole and once: more than Node lets a session hold by itself', async (t) => {
  const { fake, send, settled, account } = await rig(t, { compression: 'none' })
  const batch = items.traces(150_000)
  for (let i = 0; i < 10; i++) await send(batch)
  t.ok(batch.sizeBytes * 10 > 2e7)
  await settled('traces')
  t.equal(fake.calls.length, 10)
  for (const call of fake.calls) t.ok(call.message.equals(Buffer.concat(batch.chunks)))
  t.same(account('traces'), { out: 1_500_000, held: 0, dropped: {} })
})

test('a config without an endpoint is none, settings without an effect are told at start', async (t) => {
  t.notOk(v.safeParse(otlpGrpc.config, {}).success)
  const { settings } = await startExporter(t, otlpGrpc, {
    endpoint: '127.0.0.1:1',
    tls: { insecure: true },
    write_buffer_size: 5,
  })
  t.same(
    settings.lines.map(({ fields }) => (fields as { setting?: string }).setting),
    ['write_buffer_size'],
  )
})

test('every setting is read by somebody', async (t) => {
  const fake = await new FakeOtlpGrpc({ ...pair }).start()
  t.teardown(() => fake.stop())
  const parsed = v.parse(otlpGrpc.config, {
    endpoint: fake.endpoint,
    compression: 'zstd',
    headers: { 'x-tenant': 'a' },
    tls: { ca_pem: ca.cert, server_name_override: 'otlp.test', max_version: '1.3', reload_interval: '1h' },
    keepalive: { time: '20s', timeout: '5s', permit_without_stream: true },
    balancer_name: 'pick_first',
    wait_for_ready: true,
    authority: 'otlp.test:1',
    user_agent: 'mine',
    read_buffer_size: 1,
    write_buffer_size: 1,
    timeout: '7s',
    sending_queue: { queue_size: 5, num_consumers: 2, sizer: 'items', wait_for_result: true },
    retry_on_failure: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '3s' },
  })
  const tracked = trackReads(parsed)
  const settings = testSettings()
  const exporter = otlpGrpc.create(tracked.value, settings)
  await exporter.start?.(testHost())
  fake.answers.push({ code: GRPC.UNAVAILABLE })
  const sent = exporter.consumers.traces?.(items.traces(3), testContext())
  await until(() => fake.calls.length === 1)
  while (fake.calls.length === 1) await settings.clock.advance(1000)
  await sent
  await exporter.stop?.(AbortSignal.abort())
  t.equal(fake.calls[1]!.headers['x-tenant'], 'a')
  // The schema has read that.
  t.same(tracked.unread(), ['tls.include_insecure_cipher_suites'])
})
