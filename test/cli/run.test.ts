import { createServer } from 'node:net'
import { SpanStatusCode } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { test } from 'tap'
import { decodeOtlp, type SpanObject } from '../../src/data/index.ts'
import { otlpDestination } from '../kit/otlp-destination.ts'
import { sluice, startSluice } from '../kit/process.ts'

const shop = (port: string | number = 0): string => `
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:${port}"}
exporters:
  debug:
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
`

test('spans of a real OpenTelemetry client go through', async (t) => {
  const agent = await startSluice(t, shop())
  const [endpoint] = agent.endpoints('receiver otlp')
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const span = provider.getTracer('shop').startSpan('pay')
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' })
  span.end()
  await provider.shutdown()
  const { code, stderr } = await agent.end()
  t.equal(code, 0)
  t.match(stderr, /Traces .*spans=1/)
})

test('who reads the log as JSON is told in a line of it where it listens', async (t) => {
  const agent = await startSluice(t, shop().replace('telemetry: {', 'telemetry: {logs: {encoding: json}, '))
  const [endpoint] = agent.endpoints('receiver otlp')
  t.match(endpoint, /^http:\/\/127\.0\.0\.1:\d+$/)
  const { stderr } = await agent.end()
  for (const line of stderr.trimEnd().split('\n')) t.type(JSON.parse(line).msg, 'string', line)
})

test('SIGINT stops as SIGTERM does', async (t) => {
  const agent = await startSluice(t, shop())
  t.equal((await agent.end('SIGINT')).code, 0)
})

test('a second signal ends at once', async (t) => {
  const agent = await startSluice(t, shop())
  process.kill(agent.pid, 'SIGTERM')
  process.kill(agent.pid, 'SIGINT')
  const { code } = await agent.ended
  t.ok(code === 130 || code === 0, `ended with ${code}`)
})

test('a time for stopping that is none is refused, wherever it comes from', async (t) => {
  for (const text of ['soon', '0s', '-5s', '2h', '']) {
    const asOption = await sluice(['run', '--config', `yaml:${shop()}`, `--shutdown-timeout=${text}`])
    t.match(asOption, { code: 2, stderr: `must be a duration from 1s to 1h, such as 25s, got '${text}'` })
  }
  const asVariable = await sluice(['run', '--config', `yaml:${shop()}`], { env: { SLUICE_SHUTDOWN_TIMEOUT: '10' } })
  t.match(asVariable, {
    code: 2,
    stderr: "SLUICE_SHUTDOWN_TIMEOUT): must be a duration from 1s to 1h, such as 25s, got '10'",
  })
})

test('a port that is in use ends the start with its name, and exit code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { code, stderr } = await sluice(['run', '--config', `yaml:${shop(port)}`])
  t.equal(code, 1)
  t.match(stderr, new RegExp(`receiver otlp: .*127.0.0.1:${port}`))
})

test('a config with mistakes names them all and ends with exit code 2', async (t) => {
  const yaml = `
receivers: {otpl: }
exporters: {debug: {verbositty: basic}}
service: {pipelines: {traces: {receivers: [otpl], exporters: [debug]}}}
`
  const { code, stderr } = await sluice(['run', '--config', `yaml:${yaml}`])
  t.equal(code, 2)
  t.match(stderr, /did you mean otlp\?/)
  t.match(stderr, /did you mean verbosity\?/)
})

test('a config that is not there is said to be so', async (t) => {
  const { code, stderr } = await sluice(['run', '--config', 'nowhere.yaml'])
  t.equal(code, 2)
  t.match(stderr, /nowhere\.yaml/)
})

test('without a config it says how to give one', async (t) => {
  const { code, stderr } = await sluice(['run'])
  t.equal(code, 2)
  t.match(stderr, /--config/)
})

test('the whole config may come in AOT_CONFIG_CONTENT', async (t) => {
  const { code, stdout } = await sluice(['validate'], { env: { AOT_CONFIG_CONTENT: shop() } })
  t.equal(code, 0)
  t.match(stdout, /valid: 1 pipeline/)
})

test('its own metrics are at the endpoint that it prints, with what went through', async (t) => {
  const yaml = shop().replace(
    'metrics: {level: none}',
    'resource: {team: a}, metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}',
  )
  const agent = await startSluice(t, yaml)
  const [endpoint] = agent.endpoints('receiver otlp')
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  provider.getTracer('shop').startSpan('pay').end()
  await provider.shutdown()
  const page = await (await fetch(agent.endpoints('own metrics')[0]!)).text()
  t.match(page, /^otelcol_receiver_accepted_spans\{receiver="otlp",transport="http"\} 1$/m)
  t.match(page, /^otelcol_exporter_sent_spans\{exporter="debug"\} 1$/m)
  t.match(page, /^target_info\{.*service_name="sluice".*team="a".*\} 1$/m)
  t.equal((await agent.end()).code, 0)
})

test('its own spans tell of what it receives and exports, in the trace of the sender', async (t) => {
  const { endpoint: destination, received } = await otlpDestination(t)
  const own = `traces: {propagators: [tracecontext], processors: [{simple: {exporter: {otlp: {endpoint: "${destination}"}}}}]}`
  const yaml = shop()
    .replace('metrics: {level: none}', `metrics: {level: none}, ${own}`)
    .replace('127.0.0.1:0"}', '127.0.0.1:0", include_metadata: true}')
  const agent = await startSluice(t, yaml)
  const [endpoint] = agent.endpoints('receiver otlp')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const span = { traceId, spanId: 'b7ad6b7169203331', name: 'pay' }
  const response = await fetch(`${endpoint}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  })
  t.equal(response.status, 200)
  t.equal((await agent.end()).code, 0)
  const spans: SpanObject[] = []
  for (const { body } of received)
    decodeOtlp('traces', body).visit({ onSpan: (one) => void spans.push(one.toObject()) })
  const receiver = spans.find(({ name }) => name === 'receiver/otlp/traces')
  t.match(receiver, { traceId, parentSpanId: 'b7ad6b7169203331', kind: 2 })
  t.equal(receiver?.attributes.get('items.accepted'), 1)
  const exporter = spans.find(({ name }) => name === 'exporter/debug/traces')
  t.equal(exporter?.attributes.get('items.sent'), 1)
})
