import { test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { type DeliveryDefaults, deliverySettings } from '../../src/delivery/index.ts'

const parse = (given: object, defaults: DeliveryDefaults = {}) => v.parse(section(deliverySettings(defaults)), given)

test('the defaults are those of the collector', async (t) => {
  t.same(parse({}), {
    sending_queue: {
      enabled: true,
      num_consumers: 10,
      queue_size: 1000,
      sizer: 'requests',
      block_on_overflow: false,
      wait_for_result: false,
    },
    retry_on_failure: {
      enabled: true,
      initial_interval: 5000,
      randomization_factor: 0.5,
      multiplier: 1.5,
      max_interval: 30_000,
      max_elapsed_time: 300_000,
    },
    timeout: 5000,
  })
})

test('an exporter has its own defaults, and a section that is named is on', async (t) => {
  const defaults = { timeout: '30s', queueEnabled: false, retryEnabled: false, numConsumers: 1 }
  t.match(parse({}, defaults), {
    sending_queue: { enabled: false, num_consumers: 1 },
    retry_on_failure: { enabled: false },
    timeout: 30_000,
  })
  t.match(parse({ sending_queue: { queue_size: 5 }, retry_on_failure: { max_interval: '1m' } }, defaults), {
    sending_queue: { enabled: true, queue_size: 5 },
    retry_on_failure: { enabled: true, max_interval: 60_000 },
  })
})

test('an exporter may batch by default', async (t) => {
  const batch = { flushTimeout: '10s', minSize: 100, maxSize: 200, sizer: 'bytes' } as const
  const defaults = { queueSize: 10, blockOnOverflow: true, batch }
  const own = { flush_timeout: 10_000, min_size: 100, max_size: 200, sizer: 'bytes' }
  for (const sending_queue of [undefined, {}, { batch: null }, { batch: {} }])
    t.match(parse({ sending_queue }, defaults).sending_queue, { queue_size: 10, block_on_overflow: true, batch: own })
  t.match(parse({ sending_queue: { batch: { min_size: 1 } } }, defaults).sending_queue.batch, { ...own, min_size: 1 })
})

test('batching is on when it is named, and counts what the queue counts', async (t) => {
  const batch = (sending_queue: object) => parse({ sending_queue }).sending_queue.batch
  t.equal(batch({}), undefined)
  const defaults = { flush_timeout: 200, min_size: 8192, max_size: 0, partition: { metadata_keys: [] } }
  t.match(batch({ batch: null, sizer: 'bytes' }), { ...defaults, sizer: 'items' })
  t.match(batch({ batch: {} }), { ...defaults, sizer: undefined })
  t.match(batch({ batch: { sizer: 'bytes', min_size: 10, max_size: 10 } }), {
    sizer: 'bytes',
    min_size: 10,
    max_size: 10,
  })
})

const wrong: readonly (readonly [object, string, RegExp])[] = [
  [{ sending_queue: { num_consumers: 0 } }, 'sending_queue.num_consumers', /at least 1/],
  [{ sending_queue: { queue_size: 0 } }, 'sending_queue.queue_size', /at least 1/],
  [{ sending_queue: { sizer: 'spans' } }, 'sending_queue.sizer', /one of requests, items, bytes/],
  [{ sending_queue: { storage: 'file_storage' } }, 'sending_queue.storage', /not supported.*in memory/],
  [{ sending_queue: { batch: { sizer: 'requests' } } }, 'sending_queue.batch.sizer', /one of items, bytes/],
  [{ sending_queue: { batch: { flush_timeout: '0s' } } }, 'sending_queue.batch.flush_timeout', /more than 0/],
  [{ sending_queue: { batch: { max_size: 10 } } }, 'sending_queue.batch.max_size', /at least min_size/],
  [
    { sending_queue: { sizer: 'items', queue_size: 100, batch: { min_size: 101 } } },
    'sending_queue.batch.min_size',
    /at most queue_size/,
  ],
  [
    { sending_queue: { batch: { partition: { metadata_keys: ['A', 'a'] } } } },
    'sending_queue.batch.partition.metadata_keys',
    /twice/,
  ],
  [{ retry_on_failure: { randomization_factor: 1.1 } }, 'retry_on_failure.randomization_factor', /at most 1/],
  [{ retry_on_failure: { multiplier: -1 } }, 'retry_on_failure.multiplier', /at least 0/],
  [{ retry_on_failure: { max_elapsed_time: '10s' } }, 'retry_on_failure.max_elapsed_time', /or 0 for no limit/],
  [{ timeout: '-1s' }, 'timeout', /negative/],
]
for (const [given, path, message] of wrong)
  test(`refused with the setting's name: ${JSON.stringify(given)}`, async (t) => {
    const { issues = [] } = v.safeParse(section(deliverySettings()), given)
    t.same(
      issues.map((issue) => v.getDotPath(issue)),
      [path],
    )
    t.match(issues[0]?.message, message)
  })

test('what is no contradiction is accepted', async (t) => {
  parse({ retry_on_failure: { max_elapsed_time: 0, max_interval: '1h' } })
  parse({ sending_queue: { queue_size: 100, batch: { min_size: 101 } } })
  t.equal(parse({ timeout: 0 }).timeout, 0)
})
