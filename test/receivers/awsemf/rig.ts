// The receiver on free ports of this machine, and clients of its two transports.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ObservableCallback } from '@opentelemetry/api'
import type { Test } from 'tap'
import * as v from 'valibot'
import type { Host } from '../../../src/contract/index.ts'
import { config } from '../../../src/receivers/awsemf/config.ts'
import { AwsEmfReceiver } from '../../../src/receivers/awsemf/receiver.ts'
import { Sink, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { until } from '../../kit/until.ts'

export interface Rig {
  readonly receiver: AwsEmfReceiver
  readonly settings: TestSettings
  readonly logs: Sink<'logs'>
  readonly metrics: Sink<'metrics'>
  /** Reasons of refusals, in their order: of lines, and of metrics in them. */
  readonly refused: string[]
  readonly refusedMetrics: string[]
  /** Packets that the kernel had no room for, as the metrics have it. */
  lostPackets(): Promise<number | undefined>
  readonly tcpPort: number
  readonly udpPort: number
  connect(): Promise<Socket>
  /** Over TCP, on a connection of its own, which is closed. */
  send(...lines: readonly string[]): Promise<void>
  packet(bytes: string | Buffer): Promise<void>
  /** Until so many lines have arrived as log records. */
  arrived(lines: number): Promise<void>
  bodies(): string[]
  stop(): Promise<void>
}

export async function start(
  t: Test,
  of: { readonly config?: object; readonly host?: Host; readonly signals?: readonly ('logs' | 'metrics')[] } = {},
): Promise<Rig> {
  const logs = new Sink<'logs'>()
  const metrics = new Sink<'metrics'>()
  const refused: string[] = []
  const refusedMetrics: string[] = []
  const settings = testSettings()
  const callbacks: ObservableCallback[] = []
  const meter = Object.create(settings.meter, {
    createObservableCounter: {
      value: () => ({ addCallback: (callback: ObservableCallback) => callbacks.push(callback) }),
    },
    createCounter: {
      value: (name: string) => ({
        add: (_: number, { reason }: { reason: string }) =>
          (name === 'sluice_receiver_rejected_metrics' ? refusedMetrics : refused).push(reason),
      }),
    },
  })
  const signals = of.signals ?? ['logs', 'metrics']
  const receiver = new AwsEmfReceiver(
    v.parse(config, { endpoint: '127.0.0.1:0', ...of.config }),
    { ...settings, meter },
    {
      ...(signals.includes('logs') && { logs: logs.consume }),
      ...(signals.includes('metrics') && { metrics: metrics.consume }),
    },
  )
  await receiver.start(of.host ?? testHost())
  const stop = (): Promise<void> => receiver.stop(new AbortController().signal)
  t.teardown(stop)
  const portOf = (scheme: string): number =>
    Number(
      receiver.endpoints
        .find((endpoint) => endpoint.startsWith(scheme))
        ?.split(':')
        .at(-1),
    )
  const tcpPort = portOf('tcp')
  const udpPort = portOf('udp')
  const open = async (): Promise<Socket> => {
    const socket = connect(tcpPort, '127.0.0.1')
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    return socket
  }
  return {
    receiver,
    settings,
    logs,
    metrics,
    refused,
    refusedMetrics,
    async lostPackets() {
      let lost: number | undefined
      for (const callback of callbacks) await callback({ observe: (packets) => (lost = packets) })
      return lost
    },
    tcpPort,
    udpPort,
    connect: open,
    async send(...lines) {
      const socket = await open()
      socket.end(lines.map((line) => `${line}\n`).join(''))
      await once(socket, 'close')
    },
    async packet(bytes) {
      const socket = createSocket('udp4')
      await new Promise<void>((resolve) => socket.send(bytes, udpPort, '127.0.0.1', () => resolve()))
      socket.close()
    },
    arrived: (lines) => until(() => logs.items >= lines),
    bodies: () => {
      const bodies: string[] = []
      for (const batch of logs.batches) batch.visit({ onLog: ({ body }) => void bodies.push(String(body)) })
      return bodies
    },
    stop,
  }
}

/** A line of the format; `_aws` is merged with what the line has of it. */
export const emf = (
  { Timestamp = Date.UTC(2026, 0, 1), ...aws }: Readonly<Record<string, unknown>>,
  members: object,
): string => JSON.stringify({ _aws: { Timestamp, ...aws }, ...members })

export const directive = (
  metrics: readonly object[],
  dimensions: readonly (readonly string[])[] = [[]],
  namespace = 'Shop',
) => ({ CloudWatchMetrics: [{ Namespace: namespace, Dimensions: dimensions, Metrics: metrics }] })
