// Lets something come in at our own receivers, as their senders would, or those whom they ask (see asked.ts).
import { createSocket } from 'node:dgram'
import { encodeOtlpJson } from '../../src/data/index.ts'
import { type Driven, logs, settle } from '../../src/testing/index.ts'
import { until } from '../kit/until.ts'
import { document, packed } from '../receivers/awslogs/kit.ts'
import { HEADER, segment } from '../receivers/awsxray/kit.ts'

export const receive: Readonly<Record<string, (one: Driven) => Promise<void>>> = {
  otlp: (one) => post(new URL('/v1/logs', endpointOf(one)), encodeOtlpJson(logs('in')), 'application/json'),
  awslogs: (one) => post(endpointOf(one), packed(document()), 'application/json'),
  awsxray: (one) => datagram(one, HEADER + JSON.stringify(segment)),
  awsemf: (one) => datagram(one, EMF),
  statsd: (one) => datagram(one, 'orders:1|c'),
  awsecscontainermetrics: collected,
  awscontainerinsightreceiver: collected,
}

const EMF = JSON.stringify({
  _aws: {
    Timestamp: Date.UTC(2026, 0, 1),
    CloudWatchMetrics: [{ Namespace: 'shop', Dimensions: [[]], Metrics: [{ Name: 'orders' }] }],
  },
  orders: 1,
})

function endpointOf({ component }: Driven, protocol = 'http:'): URL {
  const endpoints = 'endpoints' in component ? (component.endpoints as readonly string[]) : []
  const found = endpoints.find((endpoint) => endpoint.startsWith(protocol))
  if (found === undefined) throw new Error(`no ${protocol} among ${endpoints.join(', ')}`)
  return new URL(found)
}

async function post(url: URL, body: Buffer, contentType: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType, connection: 'close' },
    body,
  })
  await response.arrayBuffer()
}

/** Nobody answers: what is handed on later, or again after a refusal, waits for time to pass. */
async function datagram(one: Driven, text: string): Promise<void> {
  const socket = createSocket('udp4')
  const { port } = endpointOf(one, 'udp:')
  await new Promise<void>((sent, failed) =>
    socket.send(text, Number(port), '127.0.0.1', (error) => (error === null ? sent() : failed(error))),
  )
  await new Promise<void>((closed) => socket.close(closed))
  for (let turn = 0; turn < 50; turn++) await settle()
  await one.settings.clock.advance(60_000)
}

/** It goes and asks when it is time, and offers again what was refused. */
async function collected(one: Driven): Promise<void> {
  const offered = (): number => one.settings.ledger('metrics').createdItems
  const before = offered()
  await one.settings.clock.advance(INITIAL_DELAY_MS)
  await until(() => offered() > before)
}

const INITIAL_DELAY_MS = 1000
