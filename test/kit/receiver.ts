// An OTLP receiver on free ports of this machine, with destinations that the test holds.
import { type Agent, request } from 'node:http'
import type { Counter, Meter } from '@opentelemetry/api'
import { metrics } from '@opentelemetry/api'
import type { Test } from 'tap'
import * as v from 'valibot'
import type { Consume } from '../../src/contract/index.ts'
import type { Batch, Signal } from '../../src/data/index.ts'
import otlp from '../../src/receivers/otlp/index.ts'
import { Sink, type TestHost, type TestSettings, testHost, testSettings } from '../../src/testing/index.ts'
import { items } from './otlp.ts'

export interface StartedReceiver {
  /** `http://127.0.0.1:port`, and the same for gRPC when both are on. */
  readonly urls: readonly string[]
  readonly url: string
  readonly port: number
  readonly settings: TestSettings
  readonly host: TestHost
  readonly sinks: { readonly [S in Signal]: Sink<S> }
  /** Refusals by reason. */
  readonly refused: ReadonlyMap<string, number>
  stop(abort?: AbortSignal): Promise<void>
}

export interface ReceiverOptions {
  /** Those that have a pipeline; all three unless said. */
  readonly signals?: readonly Signal[]
  readonly host?: TestHost
  /** Instead of the sink, for traces. */
  readonly consume?: Consume<'traces'>
}

/** `protocols` as in YAML, without endpoints: they are on free ports. */
export async function startReceiver(
  t: Test,
  protocols: { http?: object; grpc?: object } = { http: {} },
  { signals = ['traces', 'metrics', 'logs'], host = testHost(), consume }: ReceiverOptions = {},
): Promise<StartedReceiver> {
  const withPorts = Object.fromEntries(
    Object.entries(protocols).map(([name, config]) => [name, { endpoint: '127.0.0.1:0', ...config }]),
  )
  const { meter, counts } = countingMeter('reason')
  const settings = testSettings({ meter, id: 'otlp' })
  const sinks = { traces: new Sink<'traces'>(), metrics: new Sink<'metrics'>(), logs: new Sink<'logs'>() }
  const next: { [S in Signal]?: Consume } = {}
  for (const signal of signals) next[signal] = sinks[signal].consume as Consume
  if (consume !== undefined) next.traces = consume as Consume
  const receiver = otlp.create(v.parse(otlp.config, { protocols: withPorts }), settings, next)
  await receiver.start!(host)
  const stop = async (abort?: AbortSignal): Promise<void> => receiver.stop!(abort ?? AbortSignal.timeout(60_000))
  t.teardown(() => stop(AbortSignal.abort()))
  const urls = receiver.endpoints!.map((endpoint) => endpoint.replace(/^grpc/, 'http'))
  const url = urls[0]!
  return { urls, url, port: Number(url.split(':').at(-1)), settings, host, sinks, refused: counts, stop }
}

/** A meter whose counters can be read, summed up by one attribute. */
export function countingMeter(attribute: string): { meter: Meter; counts: ReadonlyMap<string, number> } {
  const counts = new Map<string, number>()
  const counter: Counter = {
    add(value, attributes) {
      const key = String(attributes?.[attribute])
      counts.set(key, (counts.get(key) ?? 0) + value)
    },
  }
  const meter: Meter = Object.create(metrics.getMeter('test'))
  meter.createCounter = () => counter
  return { meter, counts }
}

export interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

/** One request, its whole answer. */
export function send(
  url: string,
  body: Uint8Array | string,
  { method = 'POST', headers = {}, agent }: { method?: string; headers?: NodeJS.Dict<string>; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, agent, headers: { 'content-type': 'application/x-protobuf', ...headers } },
      (incoming) => {
        const pieces: Buffer[] = []
        incoming.on('data', (piece: Buffer) => pieces.push(piece))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(pieces) }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.chunks)

/** The next good request is served: what every bad one is followed by. */
export async function isServed({ url, sinks }: StartedReceiver): Promise<boolean> {
  const before = sinks.traces.items
  const { status } = await send(`${url}/v1/traces`, bytesOf(items.traces(1)))
  return status === 200 && sinks.traces.items === before + 1
}
