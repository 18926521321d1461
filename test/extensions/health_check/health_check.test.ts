import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import factory from '../../../src/extensions/health_check/index.ts'
import { Accounts } from '../../../src/observe/accounts.ts'
import { HealthRegistry } from '../../../src/observe/health.ts'
import { testHost, testSettings, trackReads } from '../../../src/testing/index.ts'
import { authority } from '../../kit/certificates.ts'

async function started(t: Test, of: object = {}) {
  const settings = testSettings()
  const accounts = new Accounts()
  const health = new HealthRegistry(settings.clock, accounts)
  const config = v.parse(factory.config, { endpoint: '127.0.0.1:0', ...of })
  const extension = factory.create(config, settings)
  await extension.start!({ ...testHost(), health })
  t.teardown(() => extension.stop!(AbortSignal.timeout(0)))
  const [endpoint] = extension.endpoints!
  const base = new URL(endpoint!).origin
  return {
    ...settings,
    accounts,
    health,
    extension,
    endpoint: endpoint!,
    ask: (path: string, init?: RequestInit) => fetch(base + path, init),
  }
}

test('before it is ready and after, the answers are the collector’s', async (t) => {
  const { health, clock, ask } = await started(t)
  const before = await ask('/')
  t.equal(before.status, 503)
  t.equal(before.headers.get('content-type'), 'application/json')
  t.equal(await before.text(), '{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""}')
  health.setReady(true)
  await clock.advance(3_725_500)
  const after = await ask('/')
  t.equal(after.status, 200)
  t.equal(await after.text(), '{"status":"Server available","upSince":"2026-01-01T00:00:00.000Z","uptime":"1h2m5.5s"}')
  health.setReady(false)
  t.equal((await ask('/')).status, 503, 'shutdown has begun')
})

test('how late the process is stands beside the collector’s fields, and is no reason to be unhealthy unless asked for', async (t) => {
  const delay = { lastMs: 3, worstOfMinuteMs: 5012 }
  const usual = await started(t)
  const strict = await started(t, { max_event_loop_delay: '5s' })
  for (const { health } of [usual, strict]) {
    health.setDelay(() => delay)
    health.setReady(true)
  }
  const answer = await usual.ask('/')
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), {
    status: 'Server available',
    upSince: '2026-01-01T00:00:00.000Z',
    uptime: '0s',
    eventLoopDelay: delay,
  })
  t.match(await (await usual.ask('/health')).json(), { healthy: true, eventLoopDelay: delay })
  t.equal((await strict.ask('/')).status, 503)
  t.match(await (await strict.ask('/health')).json(), {
    healthy: false,
    reason: 'the process stood still for 5.012 s within the last minute',
  })
  delay.worstOfMinuteMs = 5000
  t.equal((await strict.ask('/')).status, 200)
})

test('the path / is every path, another one is itself, and one that ends in a slash all below it', async (t) => {
  const root = await started(t)
  root.health.setReady(true)
  t.equal((await root.ask('/anything?x=1')).status, 200)
  const own = await started(t, { path: '/healthz' })
  own.health.setReady(true)
  t.match(own.endpoint, /:\d+\/healthz$/)
  t.match(await (await own.ask('/healthz')).text(), /Server available/)
  t.equal((await own.ask('/')).status, 404)
  t.equal((await own.ask('/healthz/x')).status, 404)
  const below = await started(t, { path: '/h/' })
  below.health.setReady(true)
  t.match(await (await below.ask('/h/x')).text(), /Server available/)
  const taken = await started(t, { path: '/health' })
  taken.health.setReady(true)
  t.match(await (await taken.ask('/health')).text(), /Server available/, 'the path that is configured goes first')
})

test('fixed bodies take the place of the JSON', async (t) => {
  const { health, ask } = await started(t, { response_body: { healthy: 'fine', unhealthy: 'not fine' } })
  const before = await ask('/')
  t.same([before.status, await before.text()], [503, 'not fine'])
  health.setReady(true)
  const after = await ask('/')
  t.same(
    [after.status, await after.text(), after.headers.get('content-type')],
    [200, 'fine', 'text/plain; charset=utf-8'],
  )
})

test('/health says in a word how the agent is', async (t) => {
  const { health, ask, clock } = await started(t)
  const status = async (): Promise<unknown[]> => {
    const answer = await ask('/health')
    const { status, ready } = (await answer.json()) as Record<string, unknown>
    return [answer.status, status, ready]
  }
  health.report('exporter', 'otlp_http', undefined, 'starting')
  t.same(await status(), [503, 'starting', false])
  health.started('exporter', 'otlp_http', undefined)
  health.setReady(true)
  await clock.advance(250)
  t.same(await status(), [200, 'ok', true])
  t.match(await (await ask('/health')).json(), { uptime: '250ms', startedAt: '2026-01-01T00:00:00.000Z' })
  health.report('exporter', 'otlp_http', undefined, 'degraded', 'connection refused')
  t.same(await status(), [200, 'degraded', true])
  health.report('exporter', 'otlp_http', undefined, 'failed', 'broken')
  t.same(await status(), [200, 'failed', true])
  health.report('exporter', 'otlp_http', undefined, 'stopping')
  health.setReady(false)
  t.same(await status(), [503, 'stopping', false])
})

test('sources of the config that have changed are named, by both reports, until they are as they were', async (t) => {
  const { health, ask } = await started(t)
  health.setReady(true)
  t.notOk('restartToApply' in ((await (await ask('/health')).json()) as object))
  health.setChangedSources(['secretsmanager:prod/api#token', 'file:a\u009b'])
  for (const path of ['/health', '/health/detailed']) {
    const answer = await ask(path)
    t.equal(answer.status, 200)
    const text = await answer.text()
    t.notMatch(text, /\u009b/)
    t.match(JSON.parse(text), { status: 'ok', restartToApply: ['secretsmanager:prod/api#token', /^file:a/] })
  }
  health.setChangedSources([])
  t.notOk('restartToApply' in ((await (await ask('/health')).json()) as object))
})

test('/health/detailed has every component and pipeline, never a secret', async (t) => {
  const { health, ask, clock } = await started(t)
  health.setPipelines([
    { id: 'traces', receivers: ['otlp'], processors: ['batch'], exporters: ['otlp_http', 'forward'] },
    { id: 'logs', receivers: ['otlp', 'forward'], processors: ['batch'], exporters: ['debug'] },
  ])
  health.started('receiver', 'otlp', undefined)
  health.started('processor', 'batch', 'traces')
  health.started('processor', 'batch', 'logs')
  health.started('exporter', 'debug', undefined)
  health.started('connector', 'forward', undefined)
  health.setReady(true)
  await clock.advance(1000)
  health.report('exporter', 'otlp_http', undefined, 'degraded', 'connect https://me:hunter2@host\u009b: refused\n')
  const text = await (await ask('/health/detailed')).text()
  t.notMatch(text, /hunter2/)
  t.notMatch(text, /\u009b/)
  t.match(JSON.parse(text), {
    status: 'degraded',
    ready: true,
    pipelines: {
      traces: { state: 'degraded', receivers: ['otlp'], processors: ['batch'], exporters: ['otlp_http', 'forward'] },
      logs: { state: 'ok' },
    },
    components: [
      { kind: 'receiver', id: 'otlp', state: 'ok', since: '2026-01-01T00:00:00.000Z' },
      { kind: 'processor', id: 'batch', pipeline: 'traces' },
      { kind: 'processor', id: 'batch', pipeline: 'logs' },
      { kind: 'exporter', id: 'debug' },
      { kind: 'connector', id: 'forward' },
      { kind: 'exporter', id: 'otlp_http', state: 'degraded', since: '2026-01-01T00:00:01.000Z', reason: /REDACTED/ },
    ],
  })
})

test('exporters that fail more often than the threshold in the interval make it unhealthy, until that is over', async (t) => {
  const check_collector_pipeline = { enabled: true, interval: '1m', exporter_failure_threshold: 2 }
  const { health, accounts, ask, clock } = await started(t, { check_collector_pipeline })
  const ledger = accounts.ledger({ kind: 'exporter', id: 'x', signal: 'logs' })
  health.setReady(true)
  ledger.refused(1)
  ledger.dropped(1, 'http_400')
  t.equal((await ask('/')).status, 200)
  await clock.advance(30_000)
  ledger.dropped(1, 'http_400')
  t.equal((await ask('/')).status, 503)
  t.match(await (await ask('/health')).json(), { ready: true, healthy: false, reason: /failed 3 times within 60 s/ })
  await clock.advance(32_000)
  t.equal((await ask('/')).status, 200, 'the first two are too long ago')
  for (let n = 0; n < 10; n++) ledger.refused(1)
  await clock.advance(600_000)
  t.equal((await ask('/')).status, 200)
})

test('without the check failing exporters change nothing', async (t) => {
  const { health, accounts, ask } = await started(t)
  health.setReady(true)
  for (let n = 0; n < 10; n++) accounts.ledger({ kind: 'exporter', id: 'x', signal: 'logs' }).refused(1)
  t.equal((await ask('/')).status, 200)
})

/** Sends bytes as they are; the answer until the connection ends. */
async function raw(endpoint: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(text)
  let answer = ''
  socket.on('data', (data) => (answer += data))
  await once(socket, 'close')
  return answer
}

test('only GET and HEAD are answered, and the body of a POST is not waited for', async (t) => {
  const { health, ask, endpoint } = await started(t)
  health.setReady(true)
  const head = await ask('/', { method: 'HEAD' })
  t.same([head.status, await head.text()], [200, ''])
  const answer = await raw(
    endpoint,
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n${'x'.repeat(1000)}`,
  )
  t.match(answer, /^HTTP\/1.1 405 .*Allow: GET, HEAD/s)
  t.equal((await ask('/', { method: 'DELETE' })).status, 405)
  t.equal((await ask('/', { method: 'OPTIONS' })).status, 405)
  t.match(await raw(endpoint, 'GET http:// HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 200 /)
  t.match(await raw(endpoint, 'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 404 /)
  t.equal((await ask('/')).status, 200, 'and the next one is served')
})

test('a question that announces too large a body, or one in an encoding that is not accepted, is refused', async (t) => {
  const { endpoint } = await started(t, { max_request_body_size: 10, compression_algorithms: ['', 'gzip'] })
  const get = (headers: string) => raw(endpoint, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n\r\n`)
  t.match(await get('Content-Length: 11'), /^HTTP\/1.1 413 /)
  t.match(await get('Content-Encoding: zstd'), /^HTTP\/1.1 415 /)
  t.match(await get('Content-Encoding: gzip'), /^HTTP\/1.1 503 /)
})

test('headers of every answer, and permission for pages of other origins, are as configured', async (t) => {
  const { ask } = await started(t, {
    response_headers: { 'x-one': 'yes' },
    cors: { allowed_origins: ['https://status.example.com'] },
  })
  const headers = { origin: 'https://status.example.com', 'access-control-request-method': 'GET' }
  const preflight = await ask('/', { method: 'OPTIONS', headers })
  t.same([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, headers.origin])
  const answer = await ask('/', { headers })
  t.same([answer.headers.get('x-one'), answer.headers.get('access-control-allow-origin')], ['yes', headers.origin])
  const other = await ask('/', { headers: { origin: 'https://evil.example.com' } })
  t.equal(other.headers.get('access-control-allow-origin'), null)
})

test('it speaks TLS', async (t) => {
  const ca = await authority()
  const { cert, key } = await ca.issue('localhost')
  const dir = t.testdir()
  for (const [name, text] of Object.entries({ 'cert.pem': cert, 'key.pem': key })) writeFileSync(join(dir, name), text)
  const tls = { cert_file: join(dir, 'cert.pem'), key_file: join(dir, 'key.pem') }
  const { endpoint } = await started(t, { tls })
  t.match(endpoint, /^https:/)
  const asked = request({ port: new URL(endpoint).port, host: '127.0.0.1', servername: 'localhost', ca: ca.cert })
  asked.end()
  const [answer] = await once(asked, 'response')
  t.equal(answer.statusCode, 503)
  answer.resume()
})

test('keep_alives_enabled: false closes after each answer', async (t) => {
  const { endpoint } = await started(t, { keep_alives_enabled: false })
  t.match(await raw(endpoint, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /Connection: close/i)
})

test('a port that is taken is named', async (t) => {
  const { endpoint } = await started(t)
  const { host } = new URL(endpoint)
  await t.rejects(started(t, { endpoint: host }), { message: new RegExp(`${host} is in use`) })
})

test('it stops twice, before it has started, and no longer listens then', async (t) => {
  const settings = testSettings()
  const unstarted = factory.create(v.parse(factory.config, {}), settings)
  await unstarted.stop!(AbortSignal.timeout(0))
  const { extension, ask } = await started(t)
  await ask('/')
  await extension.stop!(AbortSignal.timeout(0))
  await extension.stop!(AbortSignal.timeout(0))
  await t.rejects(ask('/'))
})

test('settings that cannot be honoured are errors, and all others are read', async (t) => {
  for (const [bad, message] of [
    [{ path: 'health' }, /must start with \//],
    [{ auth: { authenticator: '/' } }, /the part before/],
    [{ use_v2: true }, /\/health\/detailed/],
    [{ http: { endpoint: 'localhost:1' } }, /not supported/],
    [{ grpc: {} }, /not supported/],
    [{ component_health: { include_permanent_errors: true } }, /not supported/],
    [{ endpoint: 'http://localhost:13133' }, /host:port/],
    [{ check_collector_pipeline: { exporter_failure_threshold: 0 } }, /at least 1/],
  ] as const)
    t.throws(() => v.parse(factory.config, bad), { message })
  const settings = testSettings()
  const parsed = v.parse(factory.config, {
    endpoint: '127.0.0.1:0',
    response_body: { healthy: 'a', unhealthy: 'b' },
    check_collector_pipeline: { enabled: true },
    include_metadata: true,
  })
  const tracked = trackReads(parsed)
  const extension = factory.create(tracked.value, settings)
  const health = new HealthRegistry(settings.clock)
  await extension.start!({ ...testHost(), health })
  t.teardown(() => extension.stop!(AbortSignal.timeout(0)))
  t.match(settings.lines, [{ level: 'warn', fields: { setting: 'include_metadata' } }])
  await fetch(extension.endpoints![0]!)
  health.setReady(true)
  await fetch(extension.endpoints![0]!)
  t.same(
    tracked.unread().filter((path) => !path.startsWith('compression_algorithms.')),
    [],
  )
})

test('the manual says what is answered where', async (t) => {
  const manual = readFileSync('src/extensions/health_check/README.md', 'utf8')
  for (const path of ['/health', '/health/detailed']) t.ok(manual.includes(`\`${path}\``))
})

test('a setting for whoever connects is said to do nothing here', async (t) => {
  const settings = testSettings()
  const config = v.parse(factory.config, { endpoint: '127.0.0.1:0', dialer: { timeout: '1s' } })
  const extension = factory.create(config, settings)
  await extension.start!(testHost())
  await extension.stop!(AbortSignal.timeout(0))
  t.match(settings.lines, [{ level: 'info', fields: { setting: 'dialer' } }])
})
