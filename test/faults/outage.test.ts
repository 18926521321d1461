// Each destination of the fan-out by itself, on a clock that runs ahead: half an hour in which it is away, and answers that never
// come to their end (F18, F23, F24).
import { test } from 'tap'
import { until } from '../kit/until.ts'
import { destinations, QUEUE } from './destinations.ts'
import { startRig } from './rig.ts'

const OUTAGE_MS = 30 * 60_000
const EVERY_MS = 10_000
const CONSUMERS = 2
const ROOM = 8
const BATCHES = OUTAGE_MS / EVERY_MS

for (const name of Object.keys(destinations)) {
  test(`${name}: half an hour away, with room and time enough: all of it arrives once, first minutes included (F18)`, async (t) => {
    const { destination, settings, ledger, send, until, stop } = await startRig(t, name, {
      queue: { queue_size: 10_000_000 },
      retry: { max_elapsed_time: '0s' },
    })
    const { clock } = settings
    const { proxy } = destination
    await send([1])
    await until(() => ledger.held === 0)
    proxy.state = 'refuse'
    proxy.kill()
    const { connections } = proxy
    let most = 0
    for (let number = 2; number <= BATCHES; number++) {
      t.ok(await send([number]))
      for (const end = clock.monotonicMs() + EVERY_MS; clock.monotonicMs() < end; ) {
        const before = proxy.connections
        await clock.advance(1000)
        most = Math.max(most, proxy.connections - before)
      }
    }
    t.equal(ledger.held, BATCHES - 1, 'all of it waits')
    const tries = proxy.connections - connections
    // A wait of 30 s may be half of that by chance.
    t.ok(tries > 10 && tries <= CONSUMERS * (OUTAGE_MS / 15_000), `${tries} connections were tried`)
    t.ok(most <= CONSUMERS, `${most} in a second`)
    proxy.state = 'pass'
    const beforeRecovery = proxy.connections
    await until(() => ledger.held === 0)
    t.ok(proxy.connections - beforeRecovery <= CONSUMERS, 'what has waited does not come all at once')
    t.strictSame(
      destination.taken().toSorted((a, b) => a - b),
      Array.from({ length: BATCHES }, (_, i) => i + 1),
    )
    t.equal(ledger.droppedItems, 0)
    t.equal(settings.memory.heldBytes, 0)
    t.strictSame(destination.violations(), [])
    await stop()
  })

  test(`${name}: half an hour away, with little room and little time: what is lost is counted, the rest arrives once (F18)`, async (t) => {
    const { destination, settings, ledger, send, until, stop } = await startRig(t, name, {
      queue: { queue_size: ROOM, ...(QUEUE[name] === undefined && { sizer: 'requests', block_on_overflow: false }) },
      retry: { max_elapsed_time: '2m' },
      // What is collected for the next request is beside the queue.
      ...(name === 'awscloudwatch' && { config: { max_aggregates: 1, force_flush_interval: '5s' } }),
    })
    const { proxy } = destination
    proxy.state = 'refuse'
    const taken: number[] = []
    let most = 0
    for (let number = 1; number <= BATCHES; number++) {
      if (await send([number])) taken.push(number)
      most = Math.max(most, ledger.held)
      await settings.clock.advance(EVERY_MS)
    }
    t.ok(most <= ROOM + CONSUMERS + 1, `${most} were held`)
    proxy.state = 'pass'
    await until(() => ledger.held === 0)
    const lost = ledger.droppedByReason.get('max_elapsed_time') ?? 0
    t.ok(lost > 0 && lost === ledger.droppedItems, `${lost} were given up`)
    t.ok(
      ledger.refusedItems > 0 && ledger.refusedItems === BATCHES - taken.length,
      `${ledger.refusedItems} were refused`,
    )
    const arrived = destination.taken()
    t.equal(arrived.length, taken.length - lost)
    t.equal(new Set(arrived).size, arrived.length, 'none twice')
    t.equal(ledger.outItems, arrived.length)
    t.equal(settings.memory.heldBytes, 0)
    await stop()
  })

  test(`${name}: an answer that drips in is given up after the time limit, its connection closed (F23, F24)`, async (t) => {
    const rig = await startRig(t, name, { timeout: '10s', retry: { max_elapsed_time: '0s' } })
    const { destination, settings, ledger, send } = rig
    const { proxy } = destination
    proxy.state = 'drip'
    await send([1, 2, 3])
    // What is batched before it is sent goes on its way.
    await settings.clock.advance(100)
    await until(() => proxy.late > 0)
    await settings.clock.advance(9_000)
    t.equal(proxy.open, 2, 'it is waited for')
    await settings.clock.advance(1_000)
    await until(() => proxy.open === 0)
    t.equal(ledger.held, 3)
    proxy.state = 'pass'
    await rig.until(() => ledger.held === 0)
    t.strictSame(new Set(destination.taken()), new Set([1, 2, 3]))
    t.equal(ledger.outItems, 3)
    await rig.stop()
  })
}
