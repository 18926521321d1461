// A steady load: so many items a second of each signal, in requests of 100, with times of now.
import { Agent, request } from 'node:http'
import { payload } from '../payloads.ts'

const ITEMS = 100
const SIGNALS = ['traces', 'metrics', 'logs'] as const

export interface SteadyOrder {
  readonly port: number
  /** Of each signal. */
  readonly itemsPerSecond: number
}

const agent = new Agent({ keepAlive: true, maxSockets: 6 })
let sent = 0
let refused = 0
let seed = 0
const startMs = Date.now() - 60_000

function send(port: number, signal: (typeof SIGNALS)[number]): void {
  const body = payload(signal, ITEMS, ++seed, Date.now() - 1000, seed, startMs)
  const outgoing = request(
    {
      agent,
      host: '127.0.0.1',
      port,
      path: `/v1/${signal}`,
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
    },
    (response) => {
      if (response.statusCode === 200) sent += ITEMS
      else refused += ITEMS
      response.resume()
    },
  )
  outgoing.on('error', () => (refused += ITEMS))
  outgoing.end(body)
}

process.on('message', (order: SteadyOrder | 'counts') => {
  if (order === 'counts') return process.send!({ sent, refused })
  const everyMs = 1000 / (order.itemsPerSecond / ITEMS)
  for (const [i, signal] of SIGNALS.entries())
    setTimeout(() => setInterval(() => send(order.port, signal), everyMs), (everyMs * i) / SIGNALS.length)
})
process.on('disconnect', () => process.exit())
