// One config, one input, two agents: the real collector and this one. What comes out is the same, in every output, and so
// are the numbers that they tell of themselves.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { type Batch, decodeOtlpJson, type Signal } from '../../src/data/index.ts'
import { decodedSparse, type Plain, signals } from '../data/random.ts'
import { attributeInput } from '../kit/attributes.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { freePort } from '../kit/free-ports.ts'
import { startSluice } from '../kit/process.ts'
import { bytesOf, send } from '../kit/receiver.ts'
import { startOtelcol, withOtelcol } from '../servers/otelcol.ts'

interface Outcome {
  readonly sent: Readonly<Record<Signal, Plain>>
  readonly filed: Readonly<Record<Signal, Plain>>
  readonly printed: string
  readonly ownMetrics: ReadonlyMap<string, number>
}

const batches: readonly Batch[] = signals.map((signal) => attributeInput[signal])

/** All but the receiver, as JSON, which is YAML. */
function config(destination: string, file: string, metricsPort: number): Readonly<Record<string, unknown>> {
  const pipeline = {
    receivers: ['otlp'],
    processors: ['attributes', 'batch'],
    exporters: ['otlp_http', 'file', 'debug'],
  }
  return {
    processors: {
      attributes: {
        actions: [
          { key: 'env', value: 'prod', action: 'insert' },
          { key: 'flag', value: 7, action: 'update' },
          { key: 'user.email', action: 'hash' },
          { key: 'map', action: 'delete' },
          { key: 'http.route', pattern: '^/tenants/(?P<tenant>[^/]+)', action: 'extract' },
          { key: 'count', converted_type: 'int', action: 'convert' },
        ],
      },
      batch: { send_batch_size: 10_000, timeout: '100ms' },
    },
    exporters: {
      otlp_http: { endpoint: destination, compression: 'zstd' },
      file: { path: file },
      debug: { verbosity: 'detailed', use_internal_logger: false },
    },
    service: {
      telemetry: {
        metrics: {
          level: 'normal',
          readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metricsPort } } } }],
        },
      },
      pipelines: Object.fromEntries(signals.map((signal) => [signal, pipeline])),
    },
  }
}

interface Running {
  send(batch: Batch): Promise<void>
  /** What it has printed on stdout. */
  stop(): Promise<string>
}

async function outcome(t: Test, start: (folder: string, config: object) => Promise<Running>): Promise<Outcome> {
  const folder = t.testdir({})
  const destination = await new FakeOtlpHttp().start()
  t.teardown(() => destination.stop())
  const metricsPort = await freePort()
  const file = join(folder, 'out.json')
  const agent = await start(folder, config(destination.url, file, metricsPort))
  for (const [i, batch] of batches.entries()) {
    await agent.send(batch)
    await destination.arrived(i + 1)
  }
  const ownMetrics = await whenDelivered(`http://127.0.0.1:${metricsPort}/metrics`)
  const printed = await agent.stop()
  t.strictSame(destination.violations, [])
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return {
    sent: bySignal(destination.requests.map(({ signal, body }) => [signal, body])),
    filed: bySignal(lines.map((line) => filedLine(line))),
    printed,
    ownMetrics,
  }
}

/** What an agent tells of itself when every exporter has had every signal. */
async function whenDelivered(url: string): Promise<Map<string, number>> {
  for (;;) {
    const numbers = numbersOf(await (await fetch(url)).text())
    const sent = [...numbers].filter(([series, value]) => series.startsWith('otelcol_exporter_sent_') && value > 0)
    if (sent.length === 3 * signals.length) return numbers
  }
}

function filedLine(line: string): [Signal, Uint8Array] {
  const signal = line.startsWith('{"resourceSpans"')
    ? 'traces'
    : line.startsWith('{"resourceLogs"')
      ? 'logs'
      : 'metrics'
  return [signal, bytesOf(decodeOtlpJson(signal, Buffer.from(line)))]
}

function bySignal(pairs: readonly (readonly [Signal, Uint8Array])[]): Record<Signal, Plain> {
  const found: Partial<Record<Signal, Plain>> = {}
  for (const [signal, body] of pairs) found[signal] = ordered(decodedSparse(signal, body))
  return found as Record<Signal, Plain>
}

/** Attributes are a set: their order says nothing. Nor does it say anything whether what is empty is there (Go writes it). */
function ordered<T>(value: T): T {
  if (Array.isArray(value)) {
    const inner = value.map((one) => ordered(one))
    const isAttributes =
      inner.length > 0 && inner.every((one) => typeof one === 'object' && one !== null && 'key' in one)
    return (isAttributes ? inner.sort((a, b) => (a.key < b.key ? -1 : 1)) : inner) as T
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, ordered(inner)] as const)
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner))) as T
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && Object.keys(value).length === 0

/** The numbers of receivers, processors and exporters, without the labels that each agent has of its own. */
function numbersOf(page: string): Map<string, number> {
  const numbers = new Map<string, number>()
  for (const line of page.split('\n')) {
    const match = /^(otelcol_(?:receiver|processor|exporter)_\w+)\{(.*)\} (\S+)$/.exec(line)
    if (match === null) continue
    const labels = [...match[2]!.matchAll(/(\w+)="([^"]*)"/g)]
      .filter(
        ([, key]) =>
          key === 'le' || ['receiver', 'transport', 'processor', 'exporter', 'otel_signal', 'data_type'].includes(key!),
      )
      .map(([text]) => text)
      .sort()
    numbers.set(`${match[1]}{${labels.join(',')}}`, Number(match[3]))
  }
  return numbers
}

const theirs = async (folder: string, config: object): Promise<Running> => {
  const collector = await startOtelcol(folder, { ...config })
  return { send: (batch) => collector.send(batch), stop: async () => (await collector.stop()).stdout }
}

const ours =
  (t: Test) =>
  async (_folder: string, config: object): Promise<Running> => {
    const receivers = { otlp: { protocols: { http: { endpoint: '127.0.0.1:0' } } } }
    const agent = await startSluice(t, JSON.stringify({ receivers, ...config }))
    const [endpoint] = agent.endpoints('receiver otlp')
    return {
      async send(batch) {
        const { status } = await send(`${endpoint}/v1/${batch.signal}`, bytesOf(batch))
        if (status !== 200) throw new Error(`answered ${status}`)
      },
      stop: async () => (await agent.end()).stdout,
    }
  }

test('the same config does the same in the collector and here', withOtelcol, async (t) => {
  const [collector, sluice] = [await outcome(t, theirs), await outcome(t, ours(t))]
  for (const signal of signals) {
    t.strictSame(sluice.sent[signal], collector.sent[signal], `${signal} sent`)
    t.strictSame(sluice.filed[signal], collector.filed[signal], `${signal} in the file`)
    t.strictSame(sluice.filed[signal], sluice.sent[signal], `${signal} sent and in the file`)
  }
  t.match(sluice.printed, /ResourceSpans #0[\s\S]*ResourceLog #0[\s\S]*ResourceMetrics #0/)
  const sorted = (text: string): string[] => text.split('\n').sort()
  t.strictSame(sorted(sluice.printed), sorted(collector.printed), 'printed')
  const missing: string[] = []
  for (const [series, value] of collector.ownMetrics) {
    const own = sluice.ownMetrics.get(series)
    if (own !== value) missing.push(`${series}: ${value} there, ${own} here`)
  }
  t.strictSame(missing, [])
  t.ok(collector.ownMetrics.size > 20, `${collector.ownMetrics.size} series`)
})
