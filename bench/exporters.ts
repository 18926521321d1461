// The exporters' own work: from a batch to what a destination is sent, the destination answering at once. CPU nanoseconds an
// item, beside what a prototype with a part of the translation took for the same kind of payload.
import * as v from 'valibot'
import type { LogsClient } from '../src/aws/logs/index.ts'
import type { Exporter, Settings } from '../src/contract/index.ts'
import { type Batch, decodeOtlp, type Signal } from '../src/data/index.ts'
import type { Outgoing } from '../src/delivery/index.ts'
import { config as cloudwatchConfig } from '../src/exporters/awscloudwatch/config.ts'
import { createAwsCloudWatchExporter } from '../src/exporters/awscloudwatch/exporter.ts'
import { config as cloudwatchLogsConfig } from '../src/exporters/awscloudwatchlogs/config.ts'
import { createAwsCloudwatchLogsExporter } from '../src/exporters/awscloudwatchlogs/exporter.ts'
import { config as emfConfig } from '../src/exporters/awsemf/config.ts'
import { createAwsEmfExporter } from '../src/exporters/awsemf/exporter.ts'
import { config as xrayConfig } from '../src/exporters/awsxray/config.ts'
import { createAwsXrayExporter } from '../src/exporters/awsxray/exporter.ts'
import { config as elasticsearchConfig } from '../src/exporters/elasticsearch/config.ts'
import { encodeLogs, encodeTraces } from '../src/exporters/elasticsearch/encode.ts'
import { config as openSearchConfig } from '../src/exporters/opensearch/config.ts'
import { createEncoders } from '../src/exporters/opensearch/encode.ts'
import { Intake } from '../src/exporters/prometheus/intake.ts'
import { Registry } from '../src/exporters/prometheus/registry.ts'
import { expose } from '../src/exporters/prometheus/text.ts'
import { Collector } from '../src/exporters/prometheusremotewrite/collect.ts'
import { encodeRows } from '../src/exporters/prometheusremotewrite/encode.ts'
import { createNaming } from '../src/prometheus/names.ts'
import type { BulkRequest } from '../src/search/request.ts'
import { testContext, testSettings } from '../src/testing/index.ts'
import { cpuMicros, median } from './measure.ts'
import { payload } from './payloads.ts'

const SIZES = [100, 1000]
const WARM_UP_ROUNDS = 6
const ROUNDS = 9
const ITEMS_A_ROUND = 30_000
/** With complete translation, as a multiple of the prototype's figure. */
const GOAL = 1.5
const INTERVAL_MS = 1000

/** One exporter, ready to work. */
interface Work<S extends Signal> {
  /** What is sent for the batch. */
  run(batch: Batch<S>): Sent | Promise<Sent>
}
interface Sent {
  readonly sizeBytes: number
  readonly lostItems: number
}
interface Case<S extends Signal> {
  readonly name: string
  readonly signal: S
  /** CPU nanoseconds an item. */
  readonly yardstick?: number
  create(): Work<S>
}

/** Prints a line for each case whose name `filter` matches, and in the end what missed its goal. */
export async function measureExporters(filter: RegExp): Promise<void> {
  console.log(row('', 'ns an item', 'yardstick', 'bytes an item', 'MB a CPU second', ''))
  const missed: string[] = []
  const show = async <S extends Signal>(cases: readonly Case<S>[]): Promise<void> => {
    for (const one of cases.filter(({ name }) => filter.test(name)))
      for (const items of SIZES) {
        const { line, isMissed } = await measure(one, items)
        console.log(line)
        if (isMissed) missed.push(`${one.name} /${items}`)
      }
  }
  await show(traces)
  await show(logs)
  await show(metrics)
  console.log(missed.length === 0 ? '\nevery goal is reached' : `\ngoals missed: ${missed.join(', ')}`)
}

const traces: readonly Case<'traces'>[] = [
  {
    name: 'spans: awsxray',
    signal: 'traces',
    yardstick: 1540,
    create: () => sending((settings, client) => createAwsXrayExporter(v.parse(xrayConfig, AWS), settings, client)),
  },
  {
    name: 'spans: opensearch',
    signal: 'traces',
    yardstick: 1710,
    create: () => encoding(openSearch({}).traces),
  },
  {
    name: 'spans: opensearch, otel-v1',
    signal: 'traces',
    yardstick: 1710,
    create: () => encoding(openSearch({ mapping: { mode: 'otel-v1' } }).traces),
  },
  {
    name: 'spans: elasticsearch',
    signal: 'traces',
    create: () => {
      const encode = encodeTraces(elasticsearch(), testSettings())
      return encoding<'traces'>((batch, drop) => encode(batch, drop, NO_METADATA))
    },
  },
]

const logs: readonly Case<'logs'>[] = [
  { name: 'logs: opensearch', signal: 'logs', yardstick: 1276, create: () => encoding(openSearch({}).logs) },
  {
    name: 'logs: opensearch, otel-v1',
    signal: 'logs',
    yardstick: 1276,
    create: () => encoding(openSearch({ mapping: { mode: 'otel-v1' } }).logs),
  },
  {
    name: 'logs: elasticsearch',
    signal: 'logs',
    create: () => {
      const encode = encodeLogs(elasticsearch(), testSettings())
      return encoding<'logs'>((batch, drop) => encode(batch, drop, NO_METADATA))
    },
  },
  {
    name: 'logs: awscloudwatchlogs',
    signal: 'logs',
    create: () =>
      sending((settings, client) =>
        createAwsCloudwatchLogsExporter(v.parse(cloudwatchLogsConfig, { ...AWS, ...LOG_GROUP }), settings, client),
      ),
  },
  {
    name: 'logs: awscloudwatchlogs, raw',
    signal: 'logs',
    create: () =>
      sending((settings, client) => {
        const config = v.parse(cloudwatchLogsConfig, { ...AWS, ...LOG_GROUP, raw_log: true })
        return createAwsCloudwatchLogsExporter(config, settings, client)
      }),
  },
]

const metrics: readonly Case<'metrics'>[] = [
  {
    name: 'metrics: awsemf',
    signal: 'metrics',
    create: () => sending((settings, client) => createAwsEmfExporter(v.parse(emfConfig, AWS), settings, client)),
  },
  {
    name: 'metrics: awscloudwatch',
    signal: 'metrics',
    create: () =>
      sending((settings, client) => {
        const config = v.parse(cloudwatchConfig, { ...AWS, namespace: 'shop' })
        return createAwsCloudWatchExporter(config, settings, client)
      }, 60_000),
  },
  { name: 'metrics: prometheus, scraped', signal: 'metrics', yardstick: 1070, create: scraped },
  { name: 'metrics: prometheusremotewrite 1', signal: 'metrics', create: () => writing(1) },
  { name: 'metrics: prometheusremotewrite 2', signal: 'metrics', create: () => writing(2) },
]

/** What is met is answered in turn, so that the work of one batch ends before the next comes. */
const AWS = { region: 'eu-west-1', sending_queue: { enabled: false } }
const LOG_GROUP = { log_group_name: '/shop/{ServiceName}', log_stream_name: '{PodName}' }

/**
 * A whole exporter, from what it consumes to the bodies that its client is given. `periodMs`: so long it collects before it
 * sends.
 */
function sending(create: (settings: Settings, client: LogsClient) => Exporter, periodMs = 0): Work<Signal> {
  const settings = testSettings()
  const context = testContext()
  let sizeBytes = 0
  const exporter = create(settings, {
    async start() {},
    async call(call) {
      sizeBytes += call.sizeBytes
      return {}
    },
    close() {},
  })
  const consumers: Readonly<Record<string, ((batch: never, given: typeof context) => unknown) | undefined>> =
    exporter.consumers
  return {
    async run(batch) {
      sizeBytes = 0
      const ledger = settings.ledger(batch.signal)
      const before = ledger.droppedItems
      await consumers[batch.signal]!(batch as never, context)
      if (periodMs > 0) await settings.clock.advance(periodMs)
      return { sizeBytes, lostItems: ledger.droppedItems - before }
    },
  }
}

const openSearch = (config: object) =>
  createEncoders(
    v.parse(openSearchConfig, { http: { endpoint: 'http://localhost:9200' }, ...config }),
    {},
    testSettings(),
  )

const elasticsearch = () => v.parse(elasticsearchConfig, { endpoint: 'http://localhost:9200' })
const NO_METADATA: ReadonlyMap<string, readonly string[]> = new Map()

function encoding<S extends Signal>(
  encode: (batch: Batch<S>, drop: (items: number) => void) => readonly Outgoing<BulkRequest>[],
): Work<S> {
  return {
    run(batch) {
      let lostItems = 0
      const requests = encode(batch, (items) => {
        lostItems += items
      })
      return { sizeBytes: requests.reduce((sum, { request }) => sum + request.body.length, 0), lostItems }
    },
  }
}

const LABELS = {
  naming: createNaming('UnderscoreEscapingWithSuffixes', ''),
  isResourceLabel: () => false,
  hasScopeLabels: true,
} as const

/** Each batch is taken, and everything scraped behind it. */
function scraped(): Work<'metrics'> {
  const registry = new Registry({ expirationMs: 300_000, maxSeries: 0 }, [])
  const intake = new Intake({ ...LABELS, constLabels: new Map(), hasExemplars: false, expirationMs: 300_000 }, registry)
  const exposition = {
    format: 'text',
    names: new Set<string>(),
    nowMs: 0,
    sendTimestamps: false,
    sendCreated: false,
    escaping: undefined,
  } as const
  return {
    run(batch) {
      const { taken } = intake.take(batch, 0)
      let sizeBytes = 0
      for (const piece of expose(registry, exposition)) sizeBytes += piece.length
      return { sizeBytes, lostItems: batch.items - taken }
    },
  }
}

function writing(version: 1 | 2): Work<'metrics'> {
  const collector = new Collector({ ...LABELS, externalLabels: [], hasTargetInfo: true, histograms: 'classic' })
  const options = { version, maxBytes: 3_000_000, sendsMetadata: true }
  return {
    run(batch) {
      const { rows, lost } = collector.collect(batch, 0)
      let sizeBytes = 0
      for (const { body } of encodeRows(rows, collector.memory, options)) sizeBytes += body.length
      let lostItems = 0
      for (const { points } of lost.values()) lostItems += points
      return { sizeBytes, lostItems }
    },
  }
}

async function measure<S extends Signal>(
  { name, signal, yardstick, create }: Case<S>,
  items: number,
): Promise<{ line: string; isMissed: boolean }> {
  const batches = batchesOf(signal, items)
  const rounds: number[] = []
  let sizeBytes = 0
  let lostItems = 0
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const work = create()
    // What is met for the first time is no matter here: series, resources and names are known from then on.
    await work.run(batches[0]!)
    const from = cpuMicros()
    for (let i = 1; i < batches.length; i++) {
      const sent = await work.run(batches[i]!)
      sizeBytes += sent.sizeBytes
      lostItems += sent.lostItems
    }
    if (round >= 0) rounds.push(((cpuMicros() - from) * 1000) / (batches.length - 1) / items)
  }
  const all = (batches.length - 1) * items * (WARM_UP_ROUNDS + ROUNDS)
  const nanos = median(rounds)
  const bytes = sizeBytes / all
  const goal = yardstick === undefined ? undefined : yardstick * GOAL
  const isMissed = goal !== undefined && nanos > goal
  const notes = [
    ...(isMissed ? ['missed'] : []),
    ...(lostItems > 0 ? [`${((lostItems / all) * 100).toFixed(1)} % lost`] : []),
  ]
  const expected = goal === undefined ? '' : `${yardstick} (goal ${goal.toFixed(0)})`
  const cells = [nanos.toFixed(0), expected, bytes.toFixed(0), ((bytes / nanos) * 1000).toFixed(0), notes.join(', ')]
  return { line: row(`${name} /${items}`, ...cells), isMissed }
}

/** One after the other in time. Spans and records are new ones; data points are of the same series, further on. */
function batchesOf<S extends Signal>(signal: S, items: number): Batch<S>[] {
  const count = 1 + ITEMS_A_ROUND / items
  const startMs = testSettings().clock.now() - count * INTERVAL_MS
  return Array.from({ length: count }, (_, i) => {
    const seed = signal === 'metrics' ? 1 : i + 1
    return decodeOtlp(signal, payload(signal, items, seed, startMs + i * INTERVAL_MS, i, startMs))
  })
}

const WIDTHS = [10, 18, 13, 15]

function row(name: string, ...cells: string[]): string {
  return `${name.padEnd(40)}${cells.map((cell, i) => cell.padStart(WIDTHS[i] ?? 0)).join('  ')}`.trimEnd()
}
