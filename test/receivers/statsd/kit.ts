// A statsd receiver on a free port, and what it made of packets, as plain objects.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Counter, Meter, Observable, ObservableCallback } from '@opentelemetry/api'
import { metrics } from '@opentelemetry/api'
import type { Test } from 'tap'
import * as v from 'valibot'
import statsd from '../../../src/receivers/statsd/index.ts'
import { Sink, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../../data/random.ts'
import { until } from '../../kit/until.ts'

export interface Running {
  readonly settings: TestSettings
  readonly sink: Sink<'metrics'>
  readonly port: number
  /** Turned away, by reason. */
  readonly refused: ReadonlyMap<string, number>
  /** Lines that were taken and lines that were not. */
  lines(): { readonly taken: number; readonly refused: number }
  /** Sends packets from one socket and waits until as many lines have been seen. */
  send(...packets: readonly (string | Buffer)[]): Promise<void>
  /** Ends the interval; what came of it. */
  flush(): Promise<Point[]>
  stop(abort?: AbortSignal): Promise<void>
}

export async function running(t: Test, config: object = {}): Promise<Running> {
  const { meter, refused, lines } = readableMeter()
  const settings = testSettings({ meter, id: 'statsd' })
  const sink = new Sink<'metrics'>()
  const parsed = v.parse(statsd.config, { endpoint: '127.0.0.1:0', aggregation_interval: '60s', ...config })
  const receiver = statsd.create(parsed, settings, { metrics: sink.consume })
  await receiver.start!(testHost())
  const stop = (abort = new AbortController().signal): Promise<void> => receiver.stop!(abort)
  t.teardown(() => stop(AbortSignal.abort()))
  const port = Number(receiver.endpoints![0]!.split(':').at(-1))
  let expected = 0
  const seen = (): number => lines().taken + lines().refused
  return {
    settings,
    sink,
    port,
    refused,
    lines,
    stop,
    async send(...packets) {
      expected += countLines(packets)
      const close = await sendDatagrams(port, packets)
      // As long as it is open nobody else has its port.
      t.teardown(close)
      await until(() => seen() >= expected)
    },
    async flush() {
      const before = sink.batches.length
      await settings.clock.advance(60_000)
      return sink.batches.slice(before).flatMap((batch) => pointsOf(Buffer.concat(batch.chunks)))
    },
  }
}

const countLines = (packets: readonly (string | Buffer)[]): number =>
  packets.flatMap((packet) => packet.toString('latin1').split('\n')).filter((line) => line !== '').length

/** From one socket, in order. Returns what closes it. */
export async function sendDatagrams(port: number, packets: readonly (string | Buffer)[]): Promise<() => Promise<void>> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  for (const packet of packets)
    await new Promise<void>((resolve, reject) =>
      socket.send(packet, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    )
  return () => new Promise((resolve) => socket.close(() => resolve()))
}

/** Over one connection, in these pieces. */
export async function sendStream(to: { port: number } | { path: string }, pieces: readonly string[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', ...to })
  socket.setNoDelay(true)
  await once(socket, 'connect')
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  socket.end()
  await once(socket, 'close')
}

function readableMeter() {
  const refused = new Map<string, number>()
  const counter: Counter = {
    add: (value, attributes) =>
      void refused.set(String(attributes?.reason), (refused.get(String(attributes?.reason)) ?? 0) + value),
  }
  const callbacks = new Map<string, ObservableCallback>()
  const meter: Meter = Object.create(metrics.getMeter('test'))
  meter.createCounter = () => counter
  meter.createObservableCounter = (name): Observable => ({
    addCallback: (callback) => void callbacks.set(name, callback),
    removeCallback: () => void callbacks.delete(name),
  })
  const lines = () => {
    const seen = { taken: 0, refused: 0 }
    void callbacks.get('otelcol_receiver_received_statsd_metrics')!({
      observe: (value, attributes) => void (seen[attributes?.parse_success === 'true' ? 'taken' : 'refused'] = value),
    })
    return seen
  }
  return { meter, refused, lines }
}

/** A data point with what stands around it, without its times. */
export interface Point {
  readonly name: string
  readonly type: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly [more: string]: unknown
}

const TYPES = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

/** In an order that does not depend on who wrote them. */
export function pointsOf(bytes: Uint8Array): Point[] {
  const found: Point[] = []
  const { resourceMetrics = [] } = decodedSparse('metrics', bytes) as { resourceMetrics?: Plain[] }
  for (const { scopeMetrics = [] } of resourceMetrics as { scopeMetrics?: Plain[] }[])
    for (const { metrics: all = [] } of scopeMetrics as { metrics?: Plain[] }[])
      for (const metric of all)
        for (const type of TYPES) {
          const { dataPoints = [], ...more } = (metric[type] ?? {}) as { dataPoints?: Plain[] }
          for (const { attributes = [], startTimeUnixNano, timeUnixNano, ...point } of dataPoints)
            found.push({
              name: String(metric.name),
              type,
              attributes: attributesOf(attributes),
              ...more,
              ...tidy(point),
            })
        }
  return found
    .map((point) => [JSON.stringify(point), point] as const)
    .sort(byText)
    .map(([, point]) => point)
}

const byText = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

const attributesOf = (list: unknown): Record<string, unknown> =>
  Object.fromEntries(
    (list as { key: string; value: { stringValue?: string } }[]).map(({ key, value }) => [key, value.stringValue]),
  )

/** Without what is only spelled differently: empty sides of a histogram. */
function tidy(point: Plain): Plain {
  const entries = Object.entries(point).map(([key, value]) => [key, plain(value)] as const)
  return Object.fromEntries(
    entries.filter(([key, value]) => !(/^(positive|negative)$/.test(key) && !(value as Plain).bucketCounts)),
  )
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
