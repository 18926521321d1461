// The receiver on free ports of this machine, and who sends to it.
import { createSocket } from 'node:dgram'
import type { Test } from 'tap'
import * as v from 'valibot'
import type { Consume } from '../../../src/contract/index.ts'
import awsxray from '../../../src/receivers/awsxray/index.ts'
import { Sink, type TestHost, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { type PlainSpan, plainSpans } from '../../aws/xray/spans.ts'
import { countingMeter } from '../../kit/receiver.ts'

export const HEADER = '{"format":"json","version":1}\n'

export const segment = {
  name: 'order-service',
  id: '70de5b6f19ff9a0a',
  trace_id: '1-581cf771-a006649127e371903a2de979',
  start_time: 1478293361.271449,
  end_time: 1478293361.449,
}

export interface StartedXray {
  readonly udpPort: number
  readonly tcpUrl: string
  readonly settings: TestSettings
  readonly host: TestHost
  readonly sink: Sink<'traces'>
  /** Datagrams by the reason for which they are not taken, requests of the proxy by what became of them. */
  readonly rejected: ReadonlyMap<string, number>
  spans(): PlainSpan[]
  /** One after the other, as they are. */
  send(...datagrams: readonly (string | Buffer)[]): Promise<void>
  stop(abort?: AbortSignal): Promise<void>
}

export async function startXray(
  t: Test,
  config: object = {},
  { host = testHost(), consume }: { readonly host?: TestHost; readonly consume?: Consume<'traces'> } = {},
): Promise<StartedXray> {
  const { meter, counts } = countingMeter('reason')
  const settings = testSettings({ meter, id: 'awsxray' })
  const sink = new Sink<'traces'>()
  const { proxy_server, ...own } = config as { proxy_server?: object }
  const yaml = {
    endpoint: '127.0.0.1:0',
    ...own,
    proxy_server: { endpoint: '127.0.0.1:0', region: 'eu-west-1', aws_endpoint: 'http://127.0.0.1:1', ...proxy_server },
  }
  const receiver = awsxray.create(v.parse(awsxray.config, yaml), settings, { traces: consume ?? sink.consume })
  await receiver.start!(host)
  const stop = async (abort: AbortSignal = AbortSignal.timeout(60_000)): Promise<void> => receiver.stop!(abort)
  t.teardown(() => stop(AbortSignal.abort()))
  const [udp, tcp] = receiver.endpoints!
  const udpPort = Number(udp!.split(':').at(-1))
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  return {
    udpPort,
    tcpUrl: tcp!,
    settings,
    host,
    sink,
    rejected: counts,
    spans: () => sink.batches.flatMap(plainSpans),
    async send(...datagrams) {
      for (const datagram of datagrams)
        await new Promise<void>((resolve, reject) => {
          socket.send(datagram, udpPort, '127.0.0.1', (error) => (error ? reject(error) : resolve()))
        })
    },
    stop,
  }
}

/** As an SDK sends it. */
export const datagram = (document: object | string): string =>
  HEADER + (typeof document === 'string' ? document : JSON.stringify(document))
