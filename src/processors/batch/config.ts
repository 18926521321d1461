import * as v from 'valibot'
import { section, setting } from '../../config/schema.ts'
import { duration, integer } from '../../config/values.ts'

const keys = v.pipe(
  v.array(v.pipe(v.string(), v.nonEmpty('must not be empty'))),
  v.check(
    (names) => new Set(names.map((name) => name.toLowerCase())).size === names.length,
    'must not name a key twice; upper and lower case are the same',
  ),
)

export const config = v.pipe(
  section({
    timeout: setting(duration, '200ms', 'The time after which a batch is sent whatever its size. 0 means at once.'),
    send_batch_size: setting(
      integer(),
      8192,
      'The number of items (spans, data points, log records) at which a batch is sent. 0 means at once.',
    ),
    send_batch_max_size: setting(
      integer(),
      0,
      'The largest number of items in a batch; what is more is cut. 0 means no limit.',
    ),
    metadata_keys: setting(
      keys,
      [],
      'Client metadata whose values keep batches apart, and which is all that goes on with them.',
    ),
    metadata_cardinality_limit: setting(
      integer(),
      1000,
      'How many combinations of these values are batched at the same time. 0 means no limit.',
    ),
  }),
  v.forward(
    v.partialCheck(
      [['send_batch_size'], ['send_batch_max_size']],
      (sizes) => sizes.send_batch_max_size === 0 || sizes.send_batch_max_size >= sizes.send_batch_size,
      ({ input }) => `must be at least send_batch_size (${input.send_batch_size}), or 0 for no limit`,
    ),
    ['send_batch_max_size'],
  ),
)
export type Config = v.InferOutput<typeof config>
