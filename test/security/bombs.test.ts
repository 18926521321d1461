// Point 3 of docs/security.md in a container of 256 MiB: sixteen senders at once, each with a body of 20 MiB, or with a small one that is
// so large when it is unpacked.
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
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

/** An answer's status, and what the connection breaking off is told as. */
const CUT_OFF = 0

interface Sender {
  readonly asked: ClientRequest
  readonly status: Promise<number>
}

function sender(url: string, headers: object): Sender {
  const asked = request(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/x-protobuf', ...headers },
  })
  const status = new Promise<number>((resolve) => {
    asked.on('response', (answer) => void answer.resume().once('close', () => resolve(answer.statusCode!)))
    asked.on('error', () => resolve(CUT_OFF))
  })
  return { asked, status }
}

function post(url: string, body: Buffer, headers: object): Promise<number> {
  const { asked, status } = sender(url, headers)
  asked.end(body)
  return status
}

/** Sixteen small bodies that become 20 MiB each. */
const packed = (url: string): Promise<number[]> => {
  const bomb = gzipSync(record(20 * MIB - 1000))
  return Promise.all(Array.from({ length: SENDERS }, () => post(url, bomb, { 'content-encoding': 'gzip' })))
}

/** Sixteen that have come but for their last kilobyte, all of them, before the first has come whole. */
async function nearlyThere(url: string): Promise<number[]> {
  const body = record(20 * MIB - 1000)
  const senders = Array.from({ length: SENDERS }, () => sender(url, { 'content-length': body.length }))
  await Promise.all(
    senders.map(({ asked, status }) => {
      const isThere = asked.write(body.subarray(0, -1024)) || once(asked, 'drain').catch(() => {})
      return Promise.race([isThere, status])
    }),
  )
  for (const { asked } of senders) asked.end(body.subarray(-1024))
  return Promise.all(senders.map(({ status }) => status))
}

const skip = cgroupHindrance() ?? false

test(
  'security 3: bodies that unpack to 20 MiB each, sixteen at once, do not end a container of 256 MiB',
  { skip },
  (t) =>
    survives(t, packed, 'memory_limiter: {check_interval: 100ms, limit_percentage: 80, spike_limit_percentage: 20}'),
)

test('security 3: nor do bodies of 20 MiB that all but end, without a memory_limiter', { skip }, (t) =>
  survives(t, nearlyThere),
)

async function survives(t: Test, round: (url: string) => Promise<number[]>, limiter?: string): Promise<void> {
  const group = memoryCgroup('bombs', 256 * MIB)
  t.teardown(() => group.remove())
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {${limiter ?? ''}}
exporters: {nop: {}}
service:
  ${OWN_METRICS}
  pipelines: {logs: {receivers: [otlp], processors: [${limiter === undefined ? '' : 'memory_limiter'}], exporters: [nop]}}
`,
    { enter: group.enter },
  )
  const url = `${agent.endpoints('receiver otlp')[0]}/v1/logs`
  const counts = new Map<number, number>()
  for (let n = 0; n < ROUNDS; n++)
    for (const status of await round(url)) counts.set(status, (counts.get(status) ?? 0) + 1)
  const taken = counts.get(200) ?? 0
  const refused = counts.get(503) ?? 0
  t.equal(taken + refused + (counts.get(CUT_OFF) ?? 0), ROUNDS * SENDERS, 'taken, or refused for now')
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
}
