import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { section, setting } from '../../config/schema.ts'
import { duration, flag, integer } from '../../config/values.ts'

const mustBeFalse = v.pipe(
  flag,
  v.check((isOn) => !isOn, coded('unsupported_setting', 'is not supported, as in the collector: leave it out')),
)

export const config = section({
  wait_duration: setting(duration, '1s', 'How long the spans of a trace are waited for, from its first one on.'),
  num_traces: setting(
    integer(1),
    1_000_000,
    'How many traces wait at the same time; when there are more, the oldest goes on before its time.',
  ),
  num_workers: setting(integer(1), 1, 'Has no effect here: there is no work to be shared out.'),
  discard_orphans: setting(mustBeFalse, false, 'Whether traces without a root span are dropped: not supported.'),
  store_on_disk: setting(mustBeFalse, false, 'Whether spans wait on disk: not supported.'),
})
export type Config = v.InferOutput<typeof config>
