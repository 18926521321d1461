// `sending_queue`, `retry_on_failure` and `timeout`: the collector's names, defaults and meanings, for every exporter.
import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { oneOf, optional, section, setting } from '../config/schema.ts'
import { duration, integer } from '../config/values.ts'

export type Sizer = 'requests' | 'items' | 'bytes'

export interface BatchConfig {
  readonly flush_timeout: number
  readonly min_size: number
  readonly max_size: number
  /** Undefined: what the queue counts, or items where the queue counts requests. */
  readonly sizer?: 'items' | 'bytes' | undefined
  readonly partition: { readonly metadata_keys: readonly string[] }
}

export interface QueueConfig {
  readonly enabled: boolean
  readonly num_consumers: number
  readonly queue_size: number
  readonly sizer: Sizer
  readonly block_on_overflow: boolean
  readonly wait_for_result: boolean
  readonly storage?: string | undefined
  readonly batch?: BatchConfig | undefined
}

export interface RetryConfig {
  readonly enabled: boolean
  readonly initial_interval: number
  readonly randomization_factor: number
  readonly multiplier: number
  readonly max_interval: number
  readonly max_elapsed_time: number
}

/** What `deliver` needs of an exporter's settings; durations in milliseconds. */
export interface DeliveryConfig {
  readonly sending_queue: QueueConfig
  readonly retry_on_failure: RetryConfig
  readonly timeout: number
  /** Who the exporter is to its destination, by the id of the extension. */
  readonly auth?: { readonly authenticator: string } | undefined
}

/** Where exporters differ. */
export interface DeliveryDefaults {
  readonly timeout?: string
  /** Whether the queue is on when the section is not there; a section that is there means on. */
  readonly queueEnabled?: boolean
  readonly retryEnabled?: boolean
  readonly numConsumers?: number
  /** The wait after the first failure. */
  readonly retryInterval?: string
  readonly queueSize?: number
  readonly blockOnOverflow?: boolean
  /** Batches are joined unless the config says otherwise. */
  readonly batch?: BatchDefaults
}

export interface BatchDefaults {
  readonly flushTimeout: string
  readonly minSize: number
  readonly maxSize: number
  /** What the queue counts when undefined, or items. */
  readonly sizer: 'items' | 'bytes' | undefined
}
const BATCH_DEFAULTS: BatchDefaults = { flushTimeout: '200ms', minSize: 8192, maxSize: 0, sizer: undefined }

/** The entries to spread into an exporter's section: `section({ endpoint: …, ...deliverySettings({ timeout: '30s' }) })`. */
export const deliverySettings = (defaults: DeliveryDefaults = {}) => {
  const { timeout = '5s', queueEnabled = true, retryEnabled = true, retryInterval = '5s' } = defaults
  return {
    sending_queue: setting(
      queueSection(defaults),
      { enabled: queueEnabled },
      'Batches that wait for the destination, so that a slow or absent one holds up nobody.',
    ),
    retry_on_failure: setting(
      retrySection(retryInterval),
      { enabled: retryEnabled },
      'How a request that failed and may work later is sent again.',
    ),
    timeout: setting(duration, timeout, 'The time that one attempt may take. 0 means no limit.'),
  }
}

const uniqueKeys = v.pipe(
  v.array(v.pipe(v.string(), v.nonEmpty('must not be empty'))),
  v.check(
    (keys) => new Set(keys.map((key) => key.toLowerCase())).size === keys.length,
    'must not name a key twice; upper and lower case are the same',
  ),
)

const batchSizerSetting = (sizer: BatchDefaults['sizer']) => {
  const either = oneOf(['items', 'bytes'])
  if (sizer !== undefined) return setting(v.optional(either), sizer, 'What min_size and max_size count.')
  return optional(
    either,
    'What min_size and max_size count; what the queue counts when not given, items when that is requests.',
  )
}

const batchSection = (defaults: BatchDefaults) =>
  v.pipe(
    section({
      flush_timeout: setting(
        v.pipe(duration, v.gtValue(0, 'must be more than 0')),
        defaults.flushTimeout,
        'The time after which a batch is sent whatever its size.',
      ),
      min_size: setting(integer(), defaults.minSize, 'The size at which a batch is sent at once.'),
      max_size: setting(integer(), defaults.maxSize, 'The size above which a batch is cut. 0 means no limit.'),
      sizer: batchSizerSetting(defaults.sizer),
      partition: setting(
        section({
          metadata_keys: setting(
            uniqueKeys,
            [],
            'Client metadata whose values keep batches apart, and which is all that goes on with them.',
          ),
        }),
        {},
        'What must not meet in a batch.',
      ),
    }),
    v.forward(
      v.partialCheck(
        [['min_size'], ['max_size']],
        ({ min_size, max_size }) => max_size === 0 || max_size >= min_size,
        'must be at least min_size, or 0 for no limit',
      ),
      ['max_size'],
    ),
  )

const queueSection = ({ numConsumers = 10, queueSize = 1000, blockOnOverflow = false, batch }: DeliveryDefaults) =>
  v.pipe(
    section({
      enabled: setting(v.boolean(), true, 'Whether batches wait in a queue; if not, a sender waits for each.'),
      num_consumers: setting(integer(1), numConsumers, 'How many batches are sent at the same time.'),
      queue_size: setting(integer(1), queueSize, 'How much is held at most, counted by sizer, until it is delivered.'),
      sizer: setting(
        oneOf(['requests', 'items', 'bytes']),
        'requests',
        'What queue_size counts: requests (batches as they come), items (spans, data points, log records) or bytes.',
      ),
      block_on_overflow: setting(
        v.boolean(),
        blockOnOverflow,
        'Whether a full queue makes senders wait; if not, it refuses and they may try again.',
      ),
      wait_for_result: setting(
        v.boolean(),
        false,
        'Whether a sender is answered when its data has been delivered, not when the queue has it.',
      ),
      storage: v.pipe(
        optional(v.string(), 'The storage extension for a queue on disk. Not supported: queues are in memory.'),
        v.check(
          (id) => id === undefined,
          coded('unsupported_setting', 'a queue on disk is not supported: remove this line, the queue is in memory'),
        ),
      ),
      batch: v.pipe(
        v.optional(v.nullish(batchSection(batch ?? BATCH_DEFAULTS), { sizer: batch?.sizer ?? 'items' }), batch && {}),
        v.description(
          batch === undefined
            ? 'Joins what waits in the queue into larger batches. On when named, even with nothing in it.'
            : 'Joins what waits in the queue into larger batches.',
        ),
      ),
    }),
    v.forward(
      v.check(
        ({ batch, sizer, queue_size }) =>
          batch === undefined || batchSizer(batch, sizer) !== sizer || batch.min_size <= queue_size,
        'must be at most queue_size, which counts the same, or no batch could ever be filled',
      ),
      ['batch', 'min_size'],
    ),
  )

const interval = (byDefault: string, about: string) => setting(duration, byDefault, about)

const retrySection = (initialInterval: string) =>
  v.pipe(
    section({
      enabled: setting(v.boolean(), true, 'Whether a failed request is sent again.'),
      initial_interval: interval(initialInterval, 'The wait after the first failure.'),
      randomization_factor: setting(
        v.pipe(v.number(), v.minValue(0, 'must be at least 0'), v.maxValue(1, 'must be at most 1')),
        0.5,
        'Waits are made longer or shorter by up to this part of them, so that many agents do not come back at once.',
      ),
      multiplier: setting(
        v.pipe(v.number(), v.minValue(0, 'must be at least 0')),
        1.5,
        'By how much each wait is longer than the one before.',
      ),
      max_interval: interval('30s', 'The longest wait, before it is randomized.'),
      max_elapsed_time: interval('5m', 'The time after which a batch is given up and counted as lost. 0 means never.'),
    }),
    v.forward(
      v.check(
        ({ max_elapsed_time, initial_interval, max_interval }) =>
          max_elapsed_time === 0 || max_elapsed_time >= Math.max(initial_interval, max_interval),
        'must be at least initial_interval and max_interval, or 0 for no limit',
      ),
      ['max_elapsed_time'],
    ),
  )

/** What a batch behind the queue is measured by. */
export const batchSizer = (batch: Pick<BatchConfig, 'sizer'>, queue: Sizer): 'items' | 'bytes' =>
  batch.sizer ?? (queue === 'requests' ? 'items' : queue)
