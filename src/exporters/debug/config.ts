import * as v from 'valibot'
import { list, oneOf, optional, section, setting } from '../../config/schema.ts'
import { flag, integer, nonEmptyText } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'

/** An output works or it does not: trying again and limits of time would have nothing to do. */
const { sending_queue, retry_on_failure, timeout } = deliverySettings({
  queueEnabled: false,
  retryEnabled: false,
  timeout: '0s',
})
export const once = v.parse(section({ retry_on_failure, timeout }), {})

const settings = section({
  verbosity: setting(
    oneOf(['basic', 'normal', 'detailed']),
    'basic',
    'How much is written: `basic` a line with counts for each batch, `normal` about a line an item, `detailed` every field.',
  ),
  sampling_initial: setting(integer(), 2, 'How many equal messages are written each second before sampling begins.'),
  sampling_thereafter: setting(
    integer(),
    1,
    'After those, every how many-th equal message of that second is written; 1 writes all, 0 none.',
  ),
  use_internal_logger: setting(
    flag,
    true,
    "Write through the agent's own log, as `service::telemetry::logs` says; otherwise to `output_paths`, undecorated.",
  ),
  output_paths: optional(
    v.pipe(list(nonEmptyText), v.minLength(1, 'must name at least one output')),
    'Where to write without the internal logger: `stdout` (the default), `stderr` or paths of files, which are appended to.',
  ),
  sending_queue,
})

export const config = v.pipe(
  settings,
  v.forward(
    v.check(
      ({ use_internal_logger, output_paths }) => !use_internal_logger || output_paths === undefined,
      'needs use_internal_logger: false',
    ),
    ['output_paths'],
  ),
)
export type DebugConfig = v.InferOutput<typeof config>
