// Point 3 of docs/security.md in a container of 256 MiB: sixteen senders at once, each with a small body that is 20 MiB when it is
// unpacked.
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { encoded } from '../data/random.ts'
import { cgroupHindrance, memoryCgroup } from '../kit/memory-cgroup.ts'
import { contradictions, OWN_METRICS, ownAccounts } from '../kit/own-accounts.ts'
import { startSluice } from '../kit/process.ts'
import { eventually } from '../servers/process.ts'

const MIB = 1024 * 1024
const SENDERS = 16
const ROUNDS = 5

/** A log record whose body is nearly all that a request may be. */
const record = (sizeBytes: number): Buffer =>
  Buffer.from(
    encoded('logs', {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'v'.repeat(sizeBytes) } }] }] }],
    }),
  )

function post(url: string, body: Buffer, headers: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method: 'POST', agent: false, headers: { 'content-type': 'application/x-protobuf', ...headers } },
      (answer) => void answer.resume().once('close', () => resolve(answer.statusCode!)),
    )
    asked.on('error', reject).end(body)
  })
}

test('security 3: bodies that unpack to 20 MiB each, sixteen at once, do not end a container of 256 MiB', {
  skip: cgroupHindrance() ?? false,
}, async (t) => {
  const group = memoryCgroup('bombs', 256 * MIB)
  t.teardown(() => group.remove())
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {memory_limiter: {check_interval: 100ms, limit_percentage: 80, spike_limit_percentage: 20}}
exporters: {nop: {}}
service:
  ${OWN_METRICS}
  pipelines: {logs: {receivers: [otlp], processors: [memory_limiter], exporters: [nop]}}
`,
    { enter: group.enter },
  )
  const url = `${agent.endpoints('receiver otlp')[0]}/v1/logs`
  const bomb = gzipSync(record(20 * MIB - 1000))
  const counts = new Map<number, number>()
  for (let round = 0; round < ROUNDS; round++)
    for (const status of await Promise.all(
      Array.from({ length: SENDERS }, () => post(url, bomb, { 'content-encoding': 'gzip' })),
    ))
      counts.set(status, (counts.get(status) ?? 0) + 1)
  const taken = counts.get(200) ?? 0
  const refused = counts.get(503) ?? 0
  t.equal(taken + refused, ROUNDS * SENDERS, 'taken, or refused for now')
  t.ok(taken > 0)
  t.ok(refused > 0)
  await eventually('a good request is served afterwards', async () =>
    (await post(url, record(10), {})) === 200 ? true : undefined,
  )
  const page = await (await fetch(agent.endpoints('own metrics')[0]!)).text()
  const counted = /^sluice_receiver_rejected_requests\S*\{[^}]*reason="unavailable"[^}]*\} (\d+)/m.exec(page)?.[1]
  t.ok(Number(counted ?? 0) >= refused, `${counted} refusals are counted`)
  const accounts = await ownAccounts(agent)
  t.strictSame(contradictions(accounts), [])
  t.equal(accounts.get('receiver otlp logs')?.out, taken + 1)
  const peakBytes = Number(group.read('memory.max_usage_in_bytes'))
  t.ok(peakBytes < 256 * MIB, `${peakBytes / MIB} MiB charged at the most`)
  t.equal((await agent.end()).code, 0)
})
