import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { required, section, setting } from '../../config/schema.ts'
import { duration, integer } from '../../config/values.ts'

const percentage = v.pipe(integer(), v.maxValue(100, 'must be at most 100'))
const isSmaller = (spike: number, limit: number): boolean => limit === 0 || spike < limit

const entries = section({
  check_interval: required(
    v.pipe(duration, v.gtValue(0, 'must be more than 0: 1s is a good choice')),
    'How often the memory of the process is looked at. Payload bytes are counted all the time.',
  ),
  limit_mib: setting(integer(), 0, 'The memory that the process may take, in MiB: the hard limit.'),
  spike_limit_mib: setting(
    integer(),
    0,
    'What is kept free for spikes, in MiB: data is refused from limit_mib less this on. 0 means a fifth of the limit.',
  ),
  limit_percentage: setting(
    percentage,
    0,
    'The hard limit as a part of the memory that the container (or else the machine) has. limit_mib comes first.',
  ),
  spike_limit_percentage: setting(percentage, 0, 'What is kept free for spikes, as a part of the same memory.'),
  min_gc_interval_when_soft_limited: setting(
    duration,
    '10s',
    'The least time between forced garbage collections above the soft limit.',
  ),
  min_gc_interval_when_hard_limited: setting(
    duration,
    '0s',
    'The least time between forced garbage collections above the hard limit.',
  ),
  max_gc_interval_when_soft_limited: setting(
    duration,
    '30s',
    'Collections that free little come less and less often, up to this time. 0 means as often as before.',
  ),
  max_gc_interval_when_hard_limited: setting(duration, '30s', 'The same above the hard limit.'),
})

export const config = v.pipe(
  entries,
  v.forward(
    v.check(
      ({ limit_mib, limit_percentage }) => limit_mib > 0 || limit_percentage > 0,
      coded('missing_setting', 'must be more than 0, or else limit_percentage must be'),
    ),
    ['limit_mib'],
  ),
  v.forward(
    v.check(
      ({ spike_limit_mib, limit_mib }) => isSmaller(spike_limit_mib, limit_mib),
      'must be smaller than limit_mib, or nothing is ever let in',
    ),
    ['spike_limit_mib'],
  ),
  v.forward(
    v.check(
      ({ spike_limit_percentage, limit_percentage }) => isSmaller(spike_limit_percentage, limit_percentage),
      'must be smaller than limit_percentage, or nothing is ever let in',
    ),
    ['spike_limit_percentage'],
  ),
  v.forward(
    v.check(
      (gc) => gc.min_gc_interval_when_soft_limited >= gc.min_gc_interval_when_hard_limited,
      'must be at least min_gc_interval_when_hard_limited',
    ),
    ['min_gc_interval_when_soft_limited'],
  ),
  v.forward(
    v.check(
      ({ min_gc_interval_when_soft_limited: min, max_gc_interval_when_soft_limited: max }) => max === 0 || max >= min,
      'must be at least min_gc_interval_when_soft_limited, or 0',
    ),
    ['max_gc_interval_when_soft_limited'],
  ),
  v.forward(
    v.check(
      ({ min_gc_interval_when_hard_limited: min, max_gc_interval_when_hard_limited: max }) => max === 0 || max >= min,
      'must be at least min_gc_interval_when_hard_limited, or 0',
    ),
    ['max_gc_interval_when_hard_limited'],
  ),
  v.forward(
    v.check(
      ({ max_gc_interval_when_soft_limited: soft, max_gc_interval_when_hard_limited: hard }) =>
        soft === 0 || hard === 0 || soft >= hard,
      'must be at least max_gc_interval_when_hard_limited, or 0',
    ),
    ['max_gc_interval_when_soft_limited'],
  ),
)
export type Config = v.InferOutput<typeof config>
