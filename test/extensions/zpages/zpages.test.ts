import { once } from 'node:events'
import { request } from 'node:http'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Insight } from '../../../src/contract/index.ts'
import factory from '../../../src/extensions/zpages/index.ts'
import { Accounts } from '../../../src/observe/accounts.ts'
import { HealthRegistry } from '../../../src/observe/health.ts'
import { Meters } from '../../../src/observe/meter.ts'
import { RecentSpans } from '../../../src/observe/recent-spans.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'

const HOSTILE = '<script>alert(1)</script>'

async function started(t: Test, of: object = {}) {
  const settings = testSettings()
  const accounts = new Accounts()
  const meters = new Meters('normal')
  const health = new HealthRegistry(settings.clock, accounts)
  const spans = new RecentSpans(settings.clock)
  const insight: Insight = { accounts: () => accounts.all(), measured: (name) => meters.measured(name), spans }
  const extension = factory.create(v.parse(factory.config, { endpoint: '127.0.0.1:0', ...of }), settings)
  await extension.start!({ ...testHost({ insight }), health })
  t.teardown(() => extension.stop!(AbortSignal.timeout(0)))
  const [endpoint] = extension.endpoints!
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, endpoint), init)
  return {
    ...settings,
    accounts,
    meters,
    health,
    spans,
    extension,
    endpoint: endpoint!,
    ask,
    page: async (name: string) => (await ask(`/debug/${name}`)).text(),
    // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
    report: async (name: string): Promise<any> => (await ask(`/debug/${name}?format=json`)).json(),
  }
}

/** One pipeline whose exporter is in trouble. */
async function inTrouble(t: Test) {
  const one = await started(t)
  const { health, accounts, meters } = one
  health.setPipelines([
    { id: 'traces/eu', receivers: ['otlp'], processors: ['filter'], exporters: ['otlp_http', 'forward'] },
  ])
  health.report('receiver', 'otlp', undefined, 'ok')
  health.report('processor', 'filter', 'traces/eu', 'ok')
  health.report('exporter', 'otlp_http', undefined, 'degraded', `refused by https://me:hunter2@host: ${HOSTILE}`)
  health.report('connector', 'forward', undefined, 'ok')
  for (const transport of ['grpc', 'http']) {
    const receiver = accounts.ledger({ kind: 'receiver', id: 'otlp', signal: 'traces', transport })
    receiver.created(1000)
    receiver.out(900)
    receiver.refused(100)
  }
  accounts.ledger({ kind: 'receiver', id: 'otlp', signal: 'logs', transport: 'grpc' }).created(7)
  const filter = accounts.ledger({ kind: 'processor', id: 'filter', pipeline: 'traces/eu', signal: 'traces' })
  filter.entered(1800)
  filter.dropped(300, 'filtered')
  filter.out(1500)
  const exporter = accounts.ledger({ kind: 'exporter', id: 'otlp_http', signal: 'traces' })
  exporter.entered(1500)
  exporter.out(1234)
  exporter.dropped(5, 'http_400')
  for (const [name, value] of [
    ['size', 261],
    ['capacity', 1000],
  ] as const)
    meters
      .meter('exporter/otlp_http')
      .createObservableGauge(`otelcol_exporter_queue_${name}`)
      .addCallback((result) => {
        result.observe(value, { exporter: 'otlp_http', data_type: 'traces' })
        result.observe(9, { exporter: 'otlp_http', data_type: 'logs' })
      })
  return one
}

test('a pipeline is shown from its receivers to its exporters, with what became of items in each', async (t) => {
  const { report } = await inTrouble(t)
  t.same(await report('pipelinez'), {
    pipelines: [
      {
        id: 'traces/eu',
        receivers: [
          { kind: 'receiver', id: 'otlp', state: 'ok', in: 2000, out: 1800, refused: 200, dropped: {}, held: 0 },
        ],
        processors: [
          {
            kind: 'processor',
            id: 'filter',
            state: 'ok',
            in: 1800,
            out: 1500,
            refused: 0,
            dropped: { filtered: 300 },
            held: 0,
          },
        ],
        exporters: [
          {
            kind: 'exporter',
            id: 'otlp_http',
            state: 'degraded',
            reason: 'refused by https://[REDACTED]@host: <script>alert(1)</script>',
            in: 1500,
            out: 1234,
            refused: 0,
            dropped: { http_400: 5 },
            held: 261,
            queue: { size: 261, capacity: 1000 },
          },
          { kind: 'connector', id: 'forward', state: 'ok', in: 0, out: 0, refused: 0, dropped: {}, held: 0 },
        ],
      },
    ],
  })
})

test('the page of pipelines shows the same to people', async (t) => {
  const { page } = await inTrouble(t)
  const text = await page('pipelinez')
  for (const shown of ['traces/eu', 'otlp_http', '1,234', 'http_400', '261 of 1,000', 'degraded', '[REDACTED]'])
    t.ok(text.includes(shown), shown)
  t.notMatch(text, /hunter2/)
})

test('nothing that came from outside is HTML, on any page', async (t) => {
  const { health, spans, page } = await started(t)
  health.setPipelines([{ id: HOSTILE, receivers: [HOSTILE], processors: [HOSTILE], exporters: [HOSTILE] }])
  health.report('extension', HOSTILE, undefined, 'degraded', HOSTILE)
  health.report('exporter', HOSTILE, undefined, 'degraded', HOSTILE)
  spans.begin(HOSTILE, { kind: 'client', attributes: { [HOSTILE]: `"'${HOSTILE}` } })({}, HOSTILE)
  for (const name of [
    'servicez',
    'pipelinez',
    'extensionz',
    'featurez',
    'tracez',
    `tracez?${new URLSearchParams({ name: HOSTILE, bucket: 'errors' })}`,
  ]) {
    const text = await page(name)
    t.notMatch(text, /<script/i, name)
    t.match(text, /<html lang="en">/, name)
  }
  t.match(await page(`tracez?${new URLSearchParams({ name: HOSTILE, bucket: 'errors' })}`), /&#60;script&#62;/)
})

test('sources of the config that have changed are named on every page', async (t) => {
  const { health, page, report } = await inTrouble(t)
  t.notMatch(await page('servicez'), /restart/)
  health.setChangedSources(['ssm:/prod/token', `file:${HOSTILE}`])
  for (const name of ['servicez', 'pipelinez', 'extensionz', 'featurez', 'tracez']) {
    const text = await page(name)
    t.match(text, /restart to apply: <code>ssm:\/prod\/token<\/code>/, name)
    t.notMatch(text, HOSTILE)
  }
  t.match(await report('servicez'), { restartToApply: `ssm:/prod/token, file:${HOSTILE}` })
})

test('pages load nothing, and are kept by nobody', async (t) => {
  const { headers } = await (await started(t)).ask('/debug/servicez')
  t.match(headers.get('content-security-policy'), /^default-src 'none'/)
  t.equal(headers.get('cache-control'), 'no-store')
})

test('spans are counted by latency, and a number leads to the newest of them', async (t) => {
  const { spans, clock, page, report } = await started(t)
  for (const ms of [0, 5, 50, 50, 2000]) {
    const end = spans.begin('exporter/a/traces', { kind: 'client', attributes: { exporter: 'a' } })
    await clock.advance(ms)
    end({ items: ms })
  }
  spans.begin('exporter/a/traces', { kind: 'client', attributes: {} })({}, 'refused')
  spans.begin('receiver/b/logs', { kind: 'server', attributes: {} })
  const found = await report('tracez')
  t.match(found.spans, [
    {
      name: 'exporter/a/traces',
      running: 0,
      counts: [1, 0, 0, 1, 2, 0, 1, 0, 0],
      errorCount: 1,
      errors: [{ error: 'refused' }],
    },
    { name: 'receiver/b/logs', running: 1, errorCount: 0 },
  ])
  t.match(await page('tracez'), /href="\?name=exporter%2Fa%2Ftraces&#38;bucket=4#spans"/)
  const shown = await page('tracez?name=exporter/a/traces&bucket=4')
  t.match(shown, /the newest 2/)
  t.match(shown, /50 ms[\s\S]*exporter=a items=50/)
  t.match(await page('tracez?name=exporter/a/traces&bucket=errors'), /refused/)
  t.match(await page('tracez?name=none&bucket=99'), /exporter\/a\/traces/)
})

test('services, extensions and features have their pages', async (t) => {
  const { health, page, report } = await started(t)
  health.report('extension', 'zpages', undefined, 'ok')
  t.match(await page('servicez'), /0\.0\.0-test[\s\S]*Node\.js \d+/)
  t.same(await report('extensionz'), { extensions: [{ id: 'zpages', state: 'ok', since: '2026-01-01T00:00:00.000Z' }] })
  t.match(await page('extensionz'), /zpages/)
  t.same(await report('featurez'), { features: [] })
  t.match(await page('featurez'), /no feature gates/)
})

test('JSON is given to who accepts it, and what is unknown is refused', async (t) => {
  const { ask } = await started(t)
  const accepted = await ask('/debug/pipelinez', { headers: { accept: 'application/json' } })
  t.match(accepted.headers.get('content-type'), /application\/json/)
  t.equal((await ask('/')).status, 200)
  t.equal((await ask('/debug/pipelinez/')).status, 200)
  t.equal((await ask('/debug/servicez?format=xml')).status, 400)
  t.equal((await ask('/debug/nothing')).status, 404)
  t.equal((await ask('/debug/servicez', { method: 'POST' })).status, 405)
})

test('expvarz is there when it is asked for, without the command line', async (t) => {
  t.equal((await (await started(t)).ask('/debug/expvarz')).status, 404)
  const { ask } = await started(t, { expvar: { enabled: true } })
  const text = await (await ask('/debug/expvarz')).text()
  t.same(Object.keys(JSON.parse(text)), ['memory', 'heap', 'cpu', 'uptime'])
  t.ok(JSON.parse(text).memory.rss > 1e6)
})

test('a page of another site is refused although its name leads here', async (t) => {
  const { endpoint } = await started(t)
  const asked = request(endpoint, { headers: { host: 'evil.example.com' } })
  asked.end()
  const [answer] = await once(asked, 'response')
  answer.resume()
  t.equal(answer.statusCode, 403)
})

test('it stops twice, and before it has started', async (t) => {
  const { extension } = await started(t)
  for (const one of [extension, factory.create(v.parse(factory.config, {}), testSettings())]) {
    await one.stop!(AbortSignal.timeout(0))
    await one.stop!(AbortSignal.timeout(0))
    t.same(one.endpoints, [])
  }
})
