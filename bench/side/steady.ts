// A steady load: so many items a second of each signal, in requests of 100, with times of now. Spans and log records are never the same; data
// points are of a fixed number of series, and of some that end and are replaced: a steady state is reached, and expiry has something to do.
import { Agent, request } from 'node:http'
import { payload } from '../payloads.ts'

const ITEMS = 100
const SIGNALS = ['traces', 'metrics', 'logs'] as const
/** Requests of metrics after which their series come again: at three requests a second every 50 seconds. */
const METRICS_VARIANTS = 150
/** One in so many of them is of a pod that lives for a minute. */
const SHORT_LIVED_EVERY = 60
const POD_LIVES_MS = 60_000

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
  seed++
  const body = signal === 'metrics' ? metrics(seed) : payload(signal, ITEMS, seed, Date.now() - 1000)
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

/** Three signals take turns: each third number is one of metrics. */
function metrics(number: number): Buffer {
  const turn = Math.floor(number / SIGNALS.length)
  const variant = 1 + (turn % METRICS_VARIANTS)
  const pod = turn % SHORT_LIVED_EVERY === 0 ? 2 + Math.floor((Date.now() - startMs) / POD_LIVES_MS) : 1
  return payload('metrics', ITEMS, variant, Date.now() - 1000, number, startMs, pod)
}

process.on('message', (order: SteadyOrder | 'counts') => {
  if (order === 'counts') return process.send!({ sent, refused })
  const everyMs = 1000 / (order.itemsPerSecond / ITEMS)
  for (const [i, signal] of SIGNALS.entries())
    setTimeout(() => setInterval(() => send(order.port, signal), everyMs), (everyMs * i) / SIGNALS.length)
})
process.on('disconnect', () => process.exit())
