import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { type Batch, decodeOtlpJson, type Signal } from '../../src/data/index.ts'
import { type GenerateOptions, generate } from '../../src/generate/generate.ts'
import { parseTarget } from '../../src/generate/target.ts'
import { settle, testSettings } from '../../src/testing/index.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'

const defaults = {
  signals: ['traces', 'metrics', 'logs'],
  rate: 1000,
  durationMs: 1000,
  batchItems: 100,
  connections: 1,
  services: 4,
  seed: 1,
  compression: 'none',
  headers: {},
  insecure: false,
} as const

/** Generates with a clock that runs as fast as requests are answered. */
async function run(of: Partial<GenerateOptions> & Pick<GenerateOptions, 'target'>, abort?: AbortSignal) {
  const settings = testSettings()
  const lines: string[] = []
  let text = ''
  const screen = { write: (more: string) => void (text += more), status: (line: string) => void lines.push(line) }
  let isDone = false
  const done = generate({ ...defaults, ...of }, settings, screen, abort ?? new AbortController().signal).finally(() => {
    isDone = true
  })
  while (!isDone) {
    await settle()
    await settings.clock.advance(10)
  }
  return { hasSent: await done, text, lines, clock: settings.clock }
}

const http = async (t: Test): Promise<FakeOtlpHttp> => {
  const server = await new FakeOtlpHttp().start()
  t.teardown(() => server.stop())
  return server
}

const itemsOf = (requests: readonly { readonly signal: Signal; readonly items: number }[]): Record<Signal, number> => {
  const items = { traces: 0, metrics: 0, logs: 0 }
  for (const { signal, items: more } of requests) items[signal] += more
  return items
}

test('exactly as many items as the rate and the duration make arrive, in requests of the size that is asked for', async (t) => {
  const server = await http(t)
  const { hasSent, text } = await run({ target: parseTarget({ endpoint: server.url, insecure: false }) })
  t.ok(hasSent)
  t.same(server.violations, [])
  t.same(itemsOf(server.requests), { traces: 500, metrics: 300, logs: 200 })
  t.same(new Set(server.requests.map(({ items }) => items)), new Set([100]))
  t.match(
    text,
    /^sent 500 spans, 300 data points, 200 log records to http:\/\/127\.0\.0\.1:\d+ \(http\) in 1\.0 s: 1,000 a second, 10 requests\n/,
  )
  t.match(text, /the same again: --seed 1\n$/)
  t.notMatch(text, /failed/)
})

test('one signal, over several connections, with a remainder', async (t) => {
  const server = await http(t)
  const target = parseTarget({ endpoint: server.url, insecure: false })
  await run({ target, signals: ['logs'], rate: 777, durationMs: 500, connections: 3 })
  t.same(itemsOf(server.requests), { traces: 0, metrics: 0, logs: Math.round(777 / 2) })
  t.equal(server.connections, 3)
})

test('with a low rate requests are small, so that the first comes at once', async (t) => {
  const server = await http(t)
  const target = parseTarget({ endpoint: server.url, insecure: false })
  await run({ target, signals: ['traces'], rate: 4, durationMs: 2000 })
  t.same(
    server.requests.map(({ items }) => items),
    [2, 2, 2, 2],
  )
})

test('over gRPC the same arrives as over HTTP', async (t) => {
  const grpc = await new FakeOtlpGrpc().start()
  t.teardown(() => grpc.stop())
  const server = await http(t)
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const headers = { 'x-team': 'shop' }
    await run({
      target: parseTarget({ endpoint: grpc.endpoint, protocol: 'grpc', insecure: false }),
      compression,
      headers,
    })
    await run({ target: parseTarget({ endpoint: server.url, insecure: false }), compression, headers })
  }
  t.same(grpc.violations, [])
  t.same(server.violations, [])
  t.same(itemsOf(grpc.calls), { traces: 1500, metrics: 900, logs: 600 })
  t.same(itemsOf(server.requests), itemsOf(grpc.calls))
  t.equal(grpc.calls[0]!.headers['x-team'], 'shop')
  t.equal(server.requests[0]!.headers.get('x-team'), 'shop')
  t.same(
    new Set(server.requests.map((request) => request.headers.get('content-encoding'))),
    new Set([undefined, 'gzip', 'zstd']),
  )
})

test('as JSON the same arrives as in protobuf', async (t) => {
  const bodies: Batch[] = []
  const server = createServer(async (request, response) => {
    const signal = request.url!.replace('/base/v1/', '') as Signal
    bodies.push(decodeOtlpJson(signal, Buffer.concat(await request.toArray())))
    response.setHeader('content-type', 'application/json').end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`
  await run({ target: parseTarget({ endpoint, protocol: 'http/json', insecure: false }), rate: 100 })
  t.same(itemsOf(bodies), { traces: 50, metrics: 50, logs: 0 })
})

test('the same seed sends the same bytes, another one others', async (t) => {
  const server = await http(t)
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const sent: Buffer[] = []
  for (const seed of [7, 7, 8]) {
    await run({ target, seed, rate: 300 })
    sent.push(Buffer.concat(server.requests.splice(0).map(({ body }) => body)))
  }
  t.ok(sent[0]!.length > 10_000)
  t.ok(sent[0]!.equals(sent[1]!))
  t.notOk(sent[0]!.equals(sent[2]!))
})

test('rate 0 sends as fast as it is taken until the time is over', async (t) => {
  const server = await http(t)
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { hasSent } = await run({ target, rate: 0, durationMs: 30, signals: ['metrics'] })
  t.ok(hasSent)
  t.ok(server.requests.length > 1)
})

test('where nobody listens it says so at once, and what to do', async (t) => {
  const server = await http(t)
  await server.stop()
  for (const protocol of ['http', 'grpc'] as const) {
    const target = parseTarget({ endpoint: `http://127.0.0.1:${server.port}`, protocol, insecure: false })
    const { hasSent, text, clock } = await run({ target, durationMs: 60_000 })
    t.notOk(hasSent)
    t.match(text, new RegExp(`^nothing could be sent to http://127.0.0.1:${server.port} \\(${protocol}\\)\n`))
    t.match(text, /ECONNREFUSED|refused/)
    t.match(text, /Is an agent running/)
    t.ok(clock.monotonicMs() < 30_000, 'it does not go on trying')
  }
})

test('what is refused is counted as failed, in whole or in part, and it goes on', async (t) => {
  const server = await http(t)
  const rejected = Buffer.from([0x0a, 0x05, 0x08, 0x1e, 0x12, 0x01, 0x78])
  server.answers.push(
    { status: 503, body: '' },
    { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: rejected },
  )
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { hasSent, text } = await run({ target, signals: ['traces'] })
  t.ok(hasSent)
  t.match(text, /^sent 870 spans /)
  t.match(text, /^failed: 130 items; the first: .*503/m)
})

test('a destination that refuses everything ends in failure', async (t) => {
  const server = await http(t)
  for (let n = 0; n < 10; n++) server.answers.push({ status: 401, body: 'who are you?' })
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { hasSent, text } = await run({ target, signals: ['traces'] })
  t.notOk(hasSent)
  t.match(text, /nothing could be sent.*\nfailed: 1,000 items; the first: .*401/)
})

test('a slow destination gets what it takes in time, and the rest is said', async (t) => {
  const server = await http(t)
  server.answers.push('hang')
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { text } = await run({ target, signals: ['traces'], connections: 1 })
  t.match(text, /no answer within 30 s/)
  const two = await http(t)
  two.answers.push({ status: 200 }, 'hang')
  const late = await run({ target: parseTarget({ endpoint: two.url, insecure: false }), signals: ['traces'] })
  t.match(
    late.text,
    /^sent 100 spans[\s\S]*^failed: 100 items[\s\S]*^not sent: 800 items; the destination took longer/m,
  )
})

test('interrupted, it says what was sent until then', async (t) => {
  const server = await http(t)
  const abort = new AbortController()
  server.answers.push({ status: 200 }, () => abort.abort())
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { hasSent, text } = await run({ target, signals: ['traces'] }, abort.signal)
  t.ok(hasSent)
  t.match(text, /^sent 100 spans/)
  t.notMatch(text, /failed/)
})

test('while it runs it shows how far it is', async (t) => {
  const server = await http(t)
  const target = parseTarget({ endpoint: server.url, insecure: false })
  const { lines } = await run({ target, durationMs: 3000 })
  t.match(lines[0], /^0 sent, 0 a second, 3 s left$/)
  t.ok(
    lines.some((line) => /^1,\d00 sent, 1,\d{3} a second, 2 s left$/.test(line)),
    lines.join('\n'),
  )
  t.equal(lines.at(-1), '', 'and takes it away in the end')
})

test('an endpoint says by its port what is spoken, and by its host whether in plain text', async (t) => {
  const cases: [Parameters<typeof parseTarget>[0], string, string][] = [
    [{ insecure: false }, 'http', 'http://localhost:4318/'],
    [{ insecure: false, protocol: 'grpc' }, 'grpc', 'http://localhost:4317/'],
    [{ insecure: false, endpoint: 'localhost:4317' }, 'grpc', 'http://localhost:4317/'],
    [{ insecure: false, endpoint: 'http://127.0.0.1:4317', protocol: 'http' }, 'http', 'http://127.0.0.1:4317/'],
    [{ insecure: false, endpoint: '[::1]:4318' }, 'http', 'http://[::1]:4318/'],
    [{ insecure: false, endpoint: 'otlp.example.com' }, 'http', 'https://otlp.example.com:4318/'],
    [{ insecure: true, endpoint: 'otlp.example.com:4317' }, 'grpc', 'http://otlp.example.com:4317/'],
    [{ insecure: false, endpoint: 'https://otlp.example.com/otlp' }, 'http', 'https://otlp.example.com/otlp'],
  ]
  for (const [of, protocol, url] of cases) {
    const target = parseTarget(of)
    t.same([target.protocol, target.url.href], [protocol, url])
  }
  for (const endpoint of ['ftp://x:1', 'http://', 'a b:1'])
    t.throws(() => parseTarget({ endpoint, insecure: false }), { message: /^--endpoint must/ })
})
