// Run as a process of its own: floods a pipeline whose destination never answers, and prints what became of the memory.
// Arguments: settings of the limiter as JSON, items per request, bytes to offer.
import { setImmediate as turn } from 'node:timers/promises'
import * as v from 'valibot'
import { section } from '../../../src/config/schema.ts'
import { type BatchProcessor, RetryableError } from '../../../src/contract/index.ts'
import { type Batch, Builder, decodeOtlp, type Signal } from '../../../src/data/index.ts'
import { deliver, deliverySettings } from '../../../src/delivery/index.ts'
import { systemClock } from '../../../src/observe/clock.ts'
import memoryLimiter from '../../../src/processors/memory_limiter/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'

const [limit, ...numbers] = process.argv.slice(2)
const [itemsPerRequest, offeredBytes] = numbers.map(Number)

const settings = { ...testSettings({ id: 'flood' }), clock: systemClock }
const delivery = v.parse(section(deliverySettings()), { sending_queue: { queue_size: 1e9 } })
const never = {
  encode: (batch: Batch) => [{ request: batch, items: batch.items }],
  send: () => new Promise<void>(() => {}),
}
const exporter = deliver<Batch<Signal>>({ traces: never }, delivery, settings)
const config = v.parse(memoryLimiter.config, { check_interval: '20ms', ...JSON.parse(limit!) })
const limiter = memoryLimiter.create.traces!(config, settings, exporter.consumers.traces!) as BatchProcessor<'traces'>
const host = testHost()
await exporter.start?.(host)
await limiter.start?.(host)

const payload = payloadOf(itemsPerRequest!)
let refused = 0
let accepted = 0
for (let offered = 0; offered < offeredBytes!; offered += payload.length) {
  try {
    limiter.admit!(payload.length)
    settings.memory.add(payload.length)
    try {
      await limiter.consume(decodeOtlp('traces', Buffer.from(payload)), testContext())
      accepted++
    } finally {
      settings.memory.add(-payload.length)
    }
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error
    refused++
  }
  // As a server does: the next request is another turn of the loop.
  if ((accepted + refused) % 64 === 0) await turn()
}
const { heldBytes } = settings.memory
const peakBytes = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ accepted, refused, heldBytes, peakBytes, lines: settings.lines }))
process.exit(0)

function payloadOf(items: number): Buffer {
  const builder = new Builder('traces')
  builder.resource((resource) => resource.attribute('service.name', 'flood'))
  builder.scope((scope) => scope.name('flood'))
  for (let i = 0; i < items; i++) builder.add((span) => span.name('x'.repeat(400)))
  return Buffer.concat(builder.build().chunks)
}
