// The agent in a container of 256 MiB, and in the time that orchestrators give for an end.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import tap, { type Test, test } from 'tap'
import { cgroupHindrance, memoryCgroup } from '../kit/memory-cgroup.ts'
import { contradictions, OWN_METRICS, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { spansOf } from '../scenarios/kit.ts'
import { eventually } from '../servers/process.ts'

// Most of their time they wait, all of them at once.
tap.jobs = 4

const MIB = 1024 * 1024
const SPANS = 100
const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const request = JSON.stringify(
  spansOf(
    'shop',
    Array.from({ length: SPANS }, () => ({ ...ids, name: 'x'.repeat(4000) })),
  ),
)

async function post(agent: SluiceProcess): Promise<number> {
  const response = await fetch(`${agent.endpoints('receiver otlp')[0]}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request,
  })
  await response.arrayBuffer()
  return response.status
}

/** Takes everything and answers nobody, until it is told to. */
async function hangingDestination(t: Test): Promise<{ readonly url: string; answer(): void }> {
  let answer = (): void => {}
  const answering = new Promise<void>((resolve) => (answer = resolve))
  const server = createServer((request, response) => {
    request.resume().once('end', async () => {
      await answering
      response.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, answer: () => answer() }
}

test('a container of 256 MiB refuses when its destination hangs, is not killed, and recovers', {
  skip: cgroupHindrance() ?? false,
  buffered: true,
}, async (t) => {
  const group = memoryCgroup('agent', 256 * MIB)
  t.teardown(() => group.remove())
  const destination = await hangingDestination(t)
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {memory_limiter: {check_interval: 100ms, limit_percentage: 80, spike_limit_percentage: 20}}
exporters: {otlp_http: {endpoint: "${destination.url}", compression: none, timeout: 10m, sending_queue: {queue_size: 1000000}}}
service:
  ${OWN_METRICS}
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_http]}
`,
    { enter: group.enter },
  )
  t.match(agent.output.stderr, /memory: limited limitMib=256 from=\/sys\/fs\/cgroup\/memory\S*\/memory.limit_in_bytes/)
  const args = readFileSync(`/proc/${agent.pid}/cmdline`, 'utf8').split('\0')
  t.equal(args.includes('--max-old-space-size=96'), process.execve !== undefined)

  let taken = 0
  const statuses = new Map<number, number>()
  for (let offered = 0; offered < 400 * MIB; offered += 16 * request.length) {
    for (const status of await Promise.all(Array.from({ length: 16 }, () => post(agent)))) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) taken++
    }
  }
  t.strictSame([...statuses.keys()].sort(), [200, 503], 'taken, and then refused for now')

  destination.answer()
  await eventually('everything that was taken is delivered', async () => {
    const account = (await ownAccounts(agent)).get('exporter otlp_http traces')
    return account?.out === taken * SPANS && account.inFlight === 0 ? account : undefined
  })
  t.equal(await eventually('it takes again', async () => ((await post(agent)) === 200 ? 200 : undefined)), 200)
  t.strictSame(contradictions(await ownAccounts(agent)), [])
  const peakBytes = Number(group.read('memory.max_usage_in_bytes'))
  t.ok(peakBytes < 256 * MIB, `${peakBytes / MIB} MiB charged at the most`)
  t.equal((await agent.end()).code, 0)
})

/** What ECS and Kubernetes give by default before SIGKILL. */
const GRACE_MS = 30_000

for (const [how, args, env] of [
  ['by default', [], {}],
  ['as --shutdown-timeout says', ['--shutdown-timeout', '2s'], {}],
  ['as SLUICE_SHUTDOWN_TIMEOUT says', [], { SLUICE_SHUTDOWN_TIMEOUT: '2s' }],
] as const)
  test(`destinations that hang do not keep it beyond the time that it is given: ${how}`, {
    buffered: true,
  }, async (t) => {
    const destination = await hangingDestination(t)
    const hanging = `{endpoint: "${destination.url}", timeout: 10m}`
    // What it says of itself goes there too.
    const own = `{exporter: {otlp: {endpoint: "${destination.url}", timeout: 60000}}}`
    const agent = await startSluice(
      t,
      `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: {timeout: 10m}}
exporters: {otlp_http/a: ${hanging}, otlp_http/b: ${hanging}}
service:
  telemetry:
    logs: {processors: [{batch: ${own}}]}
    metrics: {readers: [{periodic: ${own}}]}
    traces: {processors: [{batch: ${own}}]}
  pipelines:
    traces/held: {receivers: [otlp], processors: [batch], exporters: [otlp_http/a]}
    traces/sent: {receivers: [otlp], exporters: [otlp_http/b]}
`,
      { args, env },
    )
    for (let i = 0; i < 3; i++) t.equal(await post(agent), 200)
    const kill = setTimeout(() => process.kill(agent.pid, 'SIGKILL'), GRACE_MS)
    const { code, stderr } = await agent.end()
    clearTimeout(kill)
    t.equal(code, 3, 'ended by itself, and says that items were lost')
    t.match(
      stderr,
      new RegExp(`stopped, items were lost items=${2 * 3 * SPANS} code=items_lost`, 'm'),
      'both destinations, each item',
    )
  })
