// Limits of labels, as those enforce them who have some: Mimir (as it is unless configured), Amazon's, and one that rolls back.
import { test } from 'tap'
import { type Destination, destination, gauge, type ReceivedSeries, request, start } from './kit.ts'

interface Limits {
  readonly labels: number
  readonly nameBytes: number
  readonly valueBytes: number
}
const MIMIR: Limits = { labels: 30, nameBytes: 1024, valueBytes: 2048 }
/** After Cortex. */
const AMAZON: Limits = { labels: 70, nameBytes: 1024, valueBytes: 2048 }

interface Enforced {
  /** Samples by series, each once however often it came. */
  readonly stored: Map<string, string>
  requests: number
}

/** `takesOthers`: the good series of a request that is refused are stored all the same. */
function enforce(to: Destination, limits: Limits, takesOthers: boolean): Enforced {
  const of: Enforced = { stored: new Map(), requests: 0 }
  to.answer = ({ series }, response) => {
    of.requests++
    const problem = series.map((one) => problemOf(one, limits)).find((text) => text !== undefined)
    if (problem === undefined || takesOthers)
      for (const one of series)
        if (problemOf(one, limits) === undefined) {
          const text = JSON.stringify(one.samples)
          if ((of.stored.get(one.name) ?? text) !== text) to.violations.push(`${one.name} has come with other samples`)
          of.stored.set(one.name, text)
        }
    if (problem === undefined) return false
    response.writeHead(400).end(problem)
    return true
  }
  return of
}

function problemOf({ labels, name }: ReceivedSeries, limits: Limits): string | undefined {
  const size = (text: string): number => Buffer.byteLength(text)
  if (labels.length > limits.labels)
    return `received a series whose number of labels exceeds the limit (actual: ${labels.length}, limit: ${limits.labels}) series: '${name.slice(0, 200)}'`
  const long = labels.find((label) => size(label.name) > limits.nameBytes || size(label.value) > limits.valueBytes)
  if (long !== undefined)
    return `received a series whose label value length exceeds the limit, label: '${long.name.slice(0, 200)}', value: '${long.value.slice(0, 200)}'`
  return undefined
}

const sync = (to: Destination, more: object): object => ({
  endpoint: to.url,
  disable_scope_info: true,
  target_info: { enabled: false },
  remote_write_queue: { enabled: false },
  ...more,
})

/** Every tenth is beyond a limit, in turns of another one. */
const mixed = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => {
    const own: Record<string, string> = { n: String(n), path: `/${'x'.repeat((n * 7) % 90)}` }
    if (n % 30 === 3) own.query = 'q'.repeat(2049)
    if (n % 30 === 13) own['k'.repeat(1025)] = 'v'
    if (n % 30 === 23) for (let i = 0; i < 80; i++) own[`label_${i}`] = 'v'
    return gauge('requests', n, 1000, own)
  })

for (const [who, limits, takesOthers] of [
  ['Mimir', MIMIR, true],
  ['Amazon Managed Service for Prometheus', AMAZON, true],
  ['one that takes all of a request or nothing', MIMIR, false],
] as const)
  for (const protobuf_message of ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'])
    test(`${who}: labels beyond a limit cost their series alone, however many they are (${protobuf_message})`, async (t) => {
      const to = await destination(t)
      const enforced = enforce(to, limits, takesOthers)
      const { send, ledger, settings } = await start(t, sync(to, { protobuf_message }))
      await send(request(mixed(600)))
      t.equal(ledger.outItems, 540)
      t.same(Object.fromEntries(ledger.droppedByReason), { http_400: 60 })
      t.equal(ledger.held, 0)
      t.equal(enforced.stored.size, 540, 'every good series is stored')
      t.ok(enforced.requests <= 2 * 64 + 1, `a bounded search: ${enforced.requests} requests`)
      t.same(to.violations, [])
      const told = settings.lines.filter(({ level }) => level === 'error')
      t.match(told[0], { message: 'data lost: the destination does not want it' })
      t.match(JSON.stringify(told[0]), /exceeds the limit/)
    })

test('labels of exactly the largest size go as they are', async (t) => {
  const to = await destination(t)
  const { stored } = enforce(to, MIMIR, false)
  const { send, ledger } = await start(t, sync(to, {}))
  const many = Object.fromEntries(Array.from({ length: 29 }, (_, i) => [`label_${i}`, 'v']))
  await send(request([gauge('long', 1, 1000, { query: 'q'.repeat(2048) }), gauge('many', 1, 1000, many)]))
  t.equal(ledger.outItems, 2)
  t.equal(stored.size, 2)
})
