// The whole way, signed and over a socket, to a strict X-Ray that fails: what was acknowledged arrives once, or is counted.
import { type Test, test } from 'tap'
import type { AwsClient } from '../../../src/aws/index.ts'
import { XRAY_API } from '../../../src/exporters/awsxray/exporter.ts'
import { TEST_KEY } from '../../emulator/server.ts'
import { XrayService } from '../../emulator/xray.ts'
import { type SceneOptions, sceneOf } from '../aws-rig.ts'
import { spanId, spans, startOn } from './rig.ts'

async function scene(t: Test, of: SceneOptions = {}) {
  const all = await sceneOf(
    t,
    { signal: 'traces', api: XRAY_API, service: (now) => new XrayService(now), start: startOn<AwsClient> },
    of,
  )
  let sent = 0
  return {
    ...all,
    send(count: number): Promise<void> {
      const batch = spans(count, sent)
      sent += count
      return all.consume(batch)
    },
    /** The ids of the documents that have arrived. */
    arrived: (): string[] => all.service.documents.map(({ id }) => id).toSorted(),
  }
}
const ids = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => spanId(from + i))

for (const fault of [
  'reset',
  'throttled',
  'unavailable',
  'garbage',
  'denied',
  { status: 500, body: '<html>' },
  { status: 429, body: '{"Message":"Rate exceeded"}' },
] as const)
  test(`a destination that is ${typeof fault === 'string' ? fault : fault.status} for a while loses nothing, and nothing comes twice`, async (t) => {
    const { emulator, send, settled, arrived, settings, drops, stop } = await scene(t)
    await send(3)
    await settled()
    emulator.fault = fault
    await send(60)
    await send(2)
    for (let i = 0; i < 20; i++) await settings.clock.advance(1000)
    const ledger = settings.ledger('traces')
    t.equal(ledger.held, 62, 'all of it waits')
    t.equal(ledger.outItems, 3)
    emulator.fault = undefined
    await settled()
    t.strictSame(arrived(), ids(65))
    t.strictSame(drops(), {})
    t.equal(ledger.outItems, 65)
    await stop()
  })

test('one that is slow beyond the time limit is asked again', async (t) => {
  const { emulator, send, settled, arrived, settings } = await scene(t, { config: { request_timeout_seconds: 5 } })
  emulator.faults.push('hang', 'hang')
  await send(2)
  await settled()
  t.strictSame(arrived(), ids(2))
  t.ok(settings.clock.monotonicMs() > 10_000, 'each attempt had its five seconds')
})

test('an answer that is lost after X-Ray has taken the documents brings them twice: the same documents', async (t) => {
  const { emulator, service, send, settled, arrived } = await scene(t)
  emulator.faults.push('taken_and_reset')
  await send(2)
  await settled()
  t.strictSame(arrived(), ['0000000000000001', '0000000000000001', '0000000000000002', '0000000000000002'])
  t.strictSame(service.documents[0], service.documents[2])
})

test('credentials that expire are renewed, and nothing is lost', async (t) => {
  const fresh = { accessKeyId: 'AKIAFRESH', secretAccessKey: 'another' }
  const { emulator, send, settled, arrived, settings, drops } = await scene(t, { keys: [TEST_KEY, fresh] })
  emulator.keys.set(TEST_KEY.accessKeyId, { ...TEST_KEY, expiresAt: settings.clock.now() + 1000 })
  emulator.keys.set(fresh.accessKeyId, fresh)
  await send(2)
  await settled()
  await settings.clock.advance(2000)
  await send(3)
  await settled()
  t.strictSame(arrived(), ids(5))
  t.strictSame(drops(), {})
  t.equal(emulator.requests.at(-1)?.accessKeyId, 'AKIAFRESH')
})

test('partly refused for a while, at random: each span arrives once, or is counted once (G11)', async (t) => {
  const { service, send, settled, arrived, settings, drops } = await scene(t, {
    config: { sending_queue: { num_consumers: 1 } },
  })
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % below
  }
  const never = new Set(ids(400).filter((_, i) => i % 13 === 0))
  service.refuse = ({ id }) => {
    if (random(4) === 0)
      return { ErrorCode: ['ThrottledException', 'InternalFailure', 'ServiceUnavailable'][random(3)]! }
    return never.has(id) ? { ErrorCode: 'InvalidName' } : undefined
  }
  for (let i = 0; i < 8; i++) await send(50)
  await settled()
  t.strictSame(
    arrived(),
    ids(400).filter((id) => !never.has(id)),
  )
  t.strictSame(drops(), { invalid_name: never.size })
  t.equal(settings.ledger('traces').outItems, 400 - never.size)
})

test('what cannot be delivered before the end is counted as lost with it', async (t) => {
  const { emulator, send, settings, drops, exporter } = await scene(t)
  emulator.fault = 'hang'
  await send(4)
  await settings.clock.advance(100)
  await exporter.stop?.(AbortSignal.abort())
  t.strictSame(drops(), { shutdown: 4 })
  t.equal(settings.ledger('traces').held, 0)
})
