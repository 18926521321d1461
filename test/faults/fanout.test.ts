// Three destinations behind one agent: one is well, one is slow, one refuses, and machines go away at random. Every item is
// accounted for at every moment, and what is well is not held up (F39 to F41).
import { join } from 'node:path'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPTraceExporter as TracesOverGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesAsProtobuf } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { type Test, test } from 'tap'
import { type Answer, FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { contradictions, droppedOf, OWN_METRICS, type OwnAccounts, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { send } from '../kit/receiver.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

const NAMES = ['well', 'slow', 'refusing'] as const
const SIGNALS = ['traces', 'logs'] as const
const EDGES = SIGNALS.flatMap((signal) => [
  [`receiver otlp ${signal}`, `processor batch ${signal}`] as const,
  ...NAMES.map((name) => [`processor batch ${signal}`, `exporter otlp_http/${name} ${signal}`] as const),
])

async function destination(t: Test): Promise<{ readonly fake: FakeOtlpHttp; readonly proxy: TcpProxy }> {
  const fake = await new FakeOtlpHttp().start()
  const proxy = await new TcpProxy(fake.port).start()
  t.teardown(async () => {
    await proxy.stop()
    await fake.stop()
  })
  return { fake, proxy }
}

/** Scrapes until it is so; accounts that contradict themselves on the way fail the test. */
async function whenAccounts(
  t: Test,
  agent: SluiceProcess,
  isSo: (accounts: OwnAccounts) => boolean,
): Promise<OwnAccounts> {
  for (;;) {
    const accounts = await ownAccounts(agent)
    const wrong = contradictions(accounts, EDGES)
    if (wrong.length > 0) t.strictSame(wrong, [])
    if (isSo(accounts)) return accounts
  }
}

/** Spans over gRPC and HTTP, and log records as JSON, by the official SDK; how many of each. */
async function sendWithSdk(http: string, grpc: string, rounds: number): Promise<{ spans: number; logs: number }> {
  const exporters: SpanExporter[] = [
    new TracesAsProtobuf({ url: `${http}/v1/traces` }),
    new TracesOverGrpc({ url: grpc.replace('127.0.0.1', 'localhost') }),
  ]
  const spans = exporters.map(async (exporter) => {
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
    const tracer = provider.getTracer('test')
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 37; i++) tracer.startSpan(`span ${i}`).end()
      await provider.forceFlush()
    }
    await provider.shutdown()
  })
  const logs = async (): Promise<void> => {
    const exporter = new OTLPLogExporter({ url: `${http}/v1/logs` })
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] })
    const logger = provider.getLogger('test')
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 23; i++) logger.emit({ body: `line ${i}` })
      await provider.forceFlush()
    }
    await provider.shutdown()
  }
  await Promise.all([...spans, logs()])
  return { spans: 2 * 37 * rounds, logs: 23 * rounds }
}

test('a destination that is slow and one that refuses do not hold up the third, and no item is unaccounted for (F39)', async (t) => {
  const [well, slow, refusing] = await Promise.all(NAMES.map(() => destination(t)))
  const answerLate: Answer = ({ socket }) => {
    slow!.fake.answers.push(answerLate)
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'), 40)
  }
  slow!.fake.answers.push(answerLate)
  const refuse: Answer = ({ socket }) => {
    refusing!.fake.answers.push(refuse)
    socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n')
  }
  refusing!.fake.answers.push(refuse)
  const exporter = (name: string, port: number, queue: string, retry: string): string =>
    `otlp_http/${name}: {endpoint: "http://127.0.0.1:${port}", compression: none, timeout: 2s, sending_queue: {${queue}}, retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, ${retry}}}`
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}, grpc: {endpoint: "127.0.0.1:0"}}}}
processors: {memory_limiter: {check_interval: 1s, limit_mib: 500}, batch: {send_batch_size: 50, timeout: 20ms}}
exporters:
  ${exporter('well', well!.proxy.port, 'queue_size: 100000', 'max_elapsed_time: 0s')}
  ${exporter('slow', slow!.proxy.port, 'queue_size: 100000, num_consumers: 2', 'max_elapsed_time: 0s')}
  ${exporter('refusing', refusing!.proxy.port, 'queue_size: 3, num_consumers: 1', 'max_elapsed_time: 100ms')}
service:
  ${OWN_METRICS}
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [${NAMES.map((name) => `otlp_http/${name}`).join(', ')}]}
    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [${NAMES.map((name) => `otlp_http/${name}`).join(', ')}]}
`,
  )
  const [first, second] = agent.endpoints('receiver otlp')
  const [http, grpc] = first!.startsWith('http') ? [first!, second!] : [second!, first!]
  let state = 7
  const random = (below: number): number => (state = (state * 48271) % 0x7fffffff) % below
  let isSending = true
  let scrapes = 0
  const watched = whenAccounts(t, agent, () => {
    scrapes++
    const { proxy } = [slow!, refusing!][random(2)]!
    if (random(3) === 0) proxy.kill()
    proxy.state = (['pass', 'pass', 'cut', 'refuse'] as const)[random(4)]!
    return !isSending
  })
  const sent = await sendWithSdk(http, grpc.replace('grpc://', 'http://'), 20)
  isSending = false
  await watched
  t.ok(scrapes > 10, `${scrapes} scrapes`)
  slow!.proxy.state = refusing!.proxy.state = 'pass'
  const accounts = await whenAccounts(t, agent, (all) => [...all.values()].every(({ inFlight }) => inFlight === 0))
  for (const [signal, count] of [
    ['traces', sent.spans],
    ['logs', sent.logs],
  ] as const) {
    const of = (name: string) => accounts.get(`exporter otlp_http/${name} ${signal}`)!
    t.equal(accounts.get(`receiver otlp ${signal}`)!.out, count, `${signal} were all acknowledged`)
    t.match(of('well'), { entered: count, out: count, refused: 0, dropped: {} })
    t.match(of('slow'), { out: count, dropped: {} })
    const refused = of('refusing')
    t.equal(refused.out, 0)
    t.ok(droppedOf(refused) > 0)
    t.equal(refused.entered - refused.refused, droppedOf(refused))
    t.equal(droppedOf(refused), count, JSON.stringify(refused))
    const delivered = (fake: FakeOtlpHttp): number =>
      fake.requests.filter((request) => request.signal === signal).reduce((sum, request) => sum + request.items, 0)
    t.equal(delivered(well!.fake), count, 'once each, while the others were in trouble')
    t.ok(delivered(slow!.fake) >= count)
  }
  t.strictSame(well!.fake.violations, [])
  t.equal((await agent.end()).code, 0)
})

const plugin = `
import { defineExporter, defineProcessor, PermanentError, section } from 'sluice/plugin'
const common = { stability: 'alpha', config: section({}) }
const exporter = (type, consume) => defineExporter({
  ...common, type, summary: 'Fails.', signals: ['traces'], create: () => ({ consumers: { traces: consume } }),
})
const isBad = (batch) => {
  let isSo = false
  batch.visit({ onSpan: (span) => { isSo ||= span.name === 'bad' } })
  return isSo
}
export default [
  exporter('throws', () => { throw new TypeError('thrown at once') }),
  exporter('rejects', async () => { throw undefined }),
  exporter('refuses', async () => { throw new PermanentError('never this', { reason: 'never' }) }),
  defineProcessor({
    ...common, type: 'picky', summary: 'Throws at what is bad.',
    create: { traces: (config, settings, next) => ({
      consume: (batch, context) => {
        if (isBad(batch)) throw new TypeError('cannot read properties of undefined')
        return next(batch, context)
      },
    }) },
  }),
  defineProcessor({
    ...common, type: 'pickyvisitor', summary: 'Throws at what is bad.',
    create: { traces: () => ({ visitor: { onSpan(span) { if (span.name === 'bad') throw new TypeError('not this one') } } }) },
  }),
]
`
const span = (name: string): string =>
  JSON.stringify({
    resourceSpans: [
      { scopeSpans: [{ spans: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name }] }] },
    ],
  })

async function withPlugin(t: Test, processors: string, exporters: readonly string[]): Promise<SluiceProcess> {
  const folder = t.testdir({ 'plugin.ts': plugin })
  return startSluice(
    t,
    `
plugins: [${join(folder, 'plugin.ts')}]
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {picky: , pickyvisitor: }
exporters: {${[...exporters, 'nop'].map((name) => `${name}: `).join(', ')}}
service:
  ${OWN_METRICS}
  pipelines: {traces: {receivers: [otlp], processors: [${processors}], exporters: [${[...exporters, 'nop'].join(', ')}]}}
`,
  )
}

const json = { headers: { 'content-type': 'application/json' } }

test('exporters that throw, reject or refuse hurt themselves; the one beside them has everything (F40)', async (t) => {
  const agent = await withPlugin(t, '', ['throws', 'rejects', 'refuses'])
  const url = `${agent.endpoints('receiver otlp')[0]}/v1/traces`
  for (let i = 0; i < 20; i++) t.equal((await send(url, span('fine'), json)).status, 200)
  const accounts = await ownAccounts(agent)
  t.strictSame(contradictions(accounts), [])
  t.match(accounts.get('exporter nop traces'), { entered: 20, out: 20 })
  for (const name of ['throws', 'rejects', 'refuses']) {
    const account = accounts.get(`exporter ${name} traces`)!
    t.equal(account.out, 0)
    t.equal(account.inFlight, 0)
    t.equal(droppedOf(account), 20, `${name}: ${JSON.stringify(account)}`)
  }
  t.equal(accounts.get('exporter refuses traces')!.dropped.never, 20)
  t.equal((await agent.end()).code, 0)
})

for (const [processor, status] of [
  ['picky', 503],
  ['pickyvisitor', 500],
] as const)
  test(`a processor that throws (${processor}) costs the request at hand, and no other (F41)`, async (t) => {
    const agent = await withPlugin(t, processor, [])
    const url = `${agent.endpoints('receiver otlp')[0]}/v1/traces`
    for (let i = 0; i < 10; i++) {
      const [bad, good] = await Promise.all([send(url, span('bad'), json), send(url, span('fine'), json)])
      t.equal(bad.status, status, String(bad.body))
      t.equal(good.status, 200)
    }
    const accounts = await ownAccounts(agent)
    t.strictSame(contradictions(accounts), [])
    t.match(accounts.get('receiver otlp traces'), { created: 20, out: 10, refused: 10, inFlight: 0 })
    t.match(accounts.get(`processor ${processor} traces`), { entered: 20, out: 10, refused: 10, inFlight: 0 })
    t.match(accounts.get('exporter nop traces'), { entered: 10, out: 10 })
    t.equal((await agent.end()).code, 0)
  })
