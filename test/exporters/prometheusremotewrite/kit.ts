// A destination of remote write that reads strictly and answers as the test says, and an exporter that writes to it.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Meter } from '@opentelemetry/api'
import protobuf from 'protobufjs'
import type { Test } from 'tap'
import * as v from 'valibot'
import { decodeOtlpJson } from '../../../src/data/index.ts'
import remoteWrite from '../../../src/exporters/prometheusremotewrite/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'

const { uncompress } = createRequire(import.meta.url)('snappyjs') as { uncompress(bytes: Uint8Array): Uint8Array }
const proto = protobuf.parse(
  await (await import('node:fs/promises')).readFile(new URL('remote.proto', import.meta.url), 'utf8'),
  { keepCase: true },
).root

export interface ReceivedSeries {
  /** `name{a="b"}` */
  readonly name: string
  readonly labels: readonly { readonly name: string; readonly value: string }[]
  readonly samples: readonly (readonly [value: number, timeMs: number])[]
  readonly exemplars: readonly { readonly labels: string; readonly value: number; readonly timeMs: number }[]
  readonly histograms: readonly Record<string, unknown>[]
  readonly type?: number
  readonly help?: string
  readonly unit?: string
  readonly createdMs?: number
  /** Of its samples, where one has it. */
  readonly startsMs?: readonly number[]
}
export interface ReceivedWrite {
  readonly headers: IncomingHttpHeaders
  readonly series: readonly ReceivedSeries[]
  readonly metadata: readonly Record<string, unknown>[]
  readonly sizeBytes: number
}

export interface Destination {
  readonly url: string
  readonly writes: ReceivedWrite[]
  /** What breaks the protocol. */
  readonly violations: string[]
  /** Answers; true when it has. */
  answer: (write: ReceivedWrite, response: ServerResponse) => boolean
}

export async function destination(t: Test): Promise<Destination> {
  const of: Destination = { url: '', writes: [], violations: [], answer: () => false }
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const write = read(request.headers, Buffer.from(uncompress(Buffer.concat(pieces))), of.violations)
    if (of.answer(write, response)) return
    of.writes.push(write)
    const count = (of: 'samples' | 'histograms'): number =>
      write.series.reduce((sum, series) => sum + series[of].length, 0)
    response.writeHead(204, {
      'x-prometheus-remote-write-samples-written': count('samples'),
      'x-prometheus-remote-write-histograms-written': count('histograms'),
    })
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(of, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write` })
}

function read(headers: IncomingHttpHeaders, body: Buffer, violations: string[]): ReceivedWrite {
  const isFirst = headers['x-prometheus-remote-write-version'] === '0.1.0'
  if (headers['content-encoding'] !== 'snappy') violations.push(`content-encoding ${headers['content-encoding']}`)
  const message = proto.lookupType(isFirst ? 'WriteRequest' : 'RequestV2')
  const plain = message.toObject(message.decode(body), { longs: Number, arrays: true }) as {
    symbols?: string[]
    timeseries: Record<string, never>[]
    metadata?: Record<string, unknown>[]
  }
  const symbols = plain.symbols ?? []
  if (!isFirst && symbols[0] !== '') violations.push('the first symbol is not empty')
  const pairs = (refs: readonly number[]) =>
    refs.flatMap((ref, i) => (i % 2 === 0 ? [{ name: symbols[ref]!, value: symbols[refs[i + 1]!]! }] : []))
  const textOf = (labels: readonly { name: string; value: string }[], isSeries = true): string => {
    const names = labels.map(({ name }) => name)
    if (isSeries && !names.includes('__name__')) violations.push(`a series without a name: ${names}`)
    if (names.toSorted().join() !== names.join()) violations.push(`labels are not sorted: ${names}`)
    if (new Set(names).size < names.length) violations.push(`a label stands twice: ${names}`)
    for (const { name, value } of labels) if (value === '') violations.push(`label ${name} is empty`)
    const own = labels.filter(({ name }) => name !== '__name__').map(({ name, value }) => `${name}="${value}"`)
    return `${labels.find(({ name }) => name === '__name__')?.value ?? ''}{${own.join(',')}}`
  }
  const series = (plain.timeseries as unknown as Record<string, unknown>[]).map((one) => {
    const samples = (one.samples as { value: number; timestamp: number }[]).map(
      ({ value, timestamp }) => [value, timestamp] as const,
    )
    for (const [i, [, timeMs]] of samples.entries())
      if (i > 0 && timeMs < samples[i - 1]![1]) violations.push('samples are not in order')
    const starts = (one.samples as { start_timestamp?: number }[]).map(({ start_timestamp = 0 }) => start_timestamp)
    const metadata = one.metadata as { type: number; help_ref: number; unit_ref: number } | undefined
    const labels = isFirst ? (one.labels as { name: string; value: string }[]) : pairs(one.labels_refs as number[])
    return {
      name: textOf(labels),
      labels,
      samples,
      exemplars: (one.exemplars as { labels: []; labels_refs: number[]; value: number; timestamp: number }[]).map(
        ({ labels, labels_refs, value, timestamp }) => ({
          labels: textOf(isFirst ? labels : pairs(labels_refs), false),
          value,
          timeMs: timestamp,
        }),
      ),
      histograms: one.histograms as Record<string, unknown>[],
      ...(metadata && {
        type: metadata.type,
        help: symbols[metadata.help_ref ?? 0]!,
        unit: symbols[metadata.unit_ref ?? 0]!,
      }),
      ...(one.created_timestamp !== undefined && { createdMs: one.created_timestamp as number }),
      ...(starts.some((startMs) => startMs > 0) && { startsMs: starts }),
    }
  })
  const names = series.map(({ name }) => name)
  if (new Set(names).size < names.length) violations.push(`a series stands twice in a request: ${names}`)
  return { headers, series, metadata: plain.metadata ?? [], sizeBytes: body.length }
}

export async function start(t: Test, config: object, clockMs?: number, meter?: Meter) {
  const settings = testSettings({ id: 'prometheusremotewrite', ...(meter && { meter }) })
  if (clockMs !== undefined) await settings.clock.advance(clockMs - settings.clock.now())
  const exporter = remoteWrite.create(v.parse(remoteWrite.config, config), settings)
  await exporter.start!(testHost())
  t.teardown(() => exporter.stop!(AbortSignal.abort()))
  const send = async (request: object | Buffer, metadata: Record<string, readonly string[]> = {}): Promise<void> => {
    const body = Buffer.isBuffer(request) ? request : Buffer.from(JSON.stringify(request))
    const batch = decodeOtlpJson('metrics', body)
    settings.ledger('metrics').entered(batch.items)
    await exporter.consumers.metrics!(batch, testContext(metadata))
  }
  return { exporter, settings, send, ledger: settings.ledger('metrics') }
}

const MS = 1_000_000n
export const nanos = (ms: number): string => String(BigInt(ms) * MS)
export const attributes = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([key, value]) => ({ key, value: { stringValue: value } }))

/** One resource with those metrics. */
export const request = (metrics: readonly object[], resource: Readonly<Record<string, string>> = {}): object => ({
  resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ metrics }] }],
})
export const gauge = (
  name: string,
  value: number,
  timeMs = 1000,
  of: Readonly<Record<string, string>> = {},
): object => ({
  name,
  gauge: { dataPoints: [{ timeUnixNano: nanos(timeMs), asDouble: value, attributes: attributes(of) }] },
})
export const sum = (name: string, points: readonly object[], over: object = {}): object => ({
  name,
  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: points, ...over },
})
