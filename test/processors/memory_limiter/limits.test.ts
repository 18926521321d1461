import { test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/processors/memory_limiter/config.ts'
import { limitsOf, type Surroundings } from '../../../src/processors/memory_limiter/limits.ts'

const MIB = 1024 * 1024
const machine: Surroundings = { baselineBytes: 60 * MIB, totalBytes: 1000 * MIB, isContained: false }
const limits = (given: object, surroundings: Partial<Surroundings> = {}) =>
  limitsOf(v.parse(config, { check_interval: '1s', ...given }), { ...machine, ...surroundings })

test('the soft limit is a fifth below the hard one, or as far as spike_limit_mib says', async (t) => {
  t.match(limits({ limit_mib: 400 }), { hardBytes: 400 * MIB, softBytes: 320 * MIB, budgetBytes: 260 * MIB })
  t.match(limits({ limit_mib: 400, spike_limit_mib: 100 }), { softBytes: 300 * MIB, budgetBytes: 240 * MIB })
  t.equal(limits({ limit_mib: 400 }).warning, undefined)
})

test('percentages are of the memory that there is, and limit_mib comes first', async (t) => {
  t.match(limits({ limit_percentage: 80, spike_limit_percentage: 15 }), { hardBytes: 800 * MIB, softBytes: 650 * MIB })
  t.match(limits({ limit_percentage: 50 }), { hardBytes: 500 * MIB, softBytes: 400 * MIB })
  t.match(limits({ limit_percentage: 50, limit_mib: 200 }), { hardBytes: 200 * MIB, softBytes: 160 * MIB })
})

test('a limit above what the container has would never be reached alive: it is brought down, and said', async (t) => {
  const contained = limits({ limit_mib: 4000, spike_limit_mib: 800 }, { isContained: true })
  t.match(contained, { hardBytes: 950 * MIB, softBytes: 760 * MIB, warning: /container has \(1000\)/ })
  t.match(limits({ limit_mib: 4000 }), { hardBytes: 4000 * MIB, warning: undefined }, 'a machine has swap')
})

test('a limit below what the agent itself takes leaves room for some data, and is said', async (t) => {
  const tight = limits({ limit_mib: 64 })
  t.match(tight, { softBytes: 68 * MIB, budgetBytes: 8 * MIB, warning: /limit_mib \(64\).*itself takes \(60\)/ })
  t.ok(tight.hardBytes > tight.softBytes)
})

const wrong: readonly (readonly [object, string, RegExp])[] = [
  [{}, 'limit_mib', /more than 0, or else limit_percentage/],
  [{ limit_mib: 100, check_interval: '0s' }, 'check_interval', /more than 0/],
  [{ limit_mib: 100, check_interval: undefined }, 'check_interval', /./],
  [{ limit_mib: 100, spike_limit_mib: 100 }, 'spike_limit_mib', /smaller than limit_mib/],
  [{ limit_percentage: 101 }, 'limit_percentage', /at most 100/],
  [{ limit_percentage: 50, spike_limit_percentage: 50 }, 'spike_limit_percentage', /smaller than limit_percentage/],
  [
    { limit_mib: 100, min_gc_interval_when_hard_limited: '20s' },
    'min_gc_interval_when_soft_limited',
    /at least min_gc_interval_when_hard_limited/,
  ],
  [
    { limit_mib: 100, max_gc_interval_when_soft_limited: '5s' },
    'max_gc_interval_when_soft_limited',
    /at least min_gc_interval_when_soft_limited/,
  ],
  [
    { limit_mib: 100, max_gc_interval_when_hard_limited: '40s' },
    'max_gc_interval_when_soft_limited',
    /at least max_gc_interval_when_hard_limited/,
  ],
]
for (const [given, path, message] of wrong)
  test(`refused with the setting's name: ${JSON.stringify(given)}`, async (t) => {
    const { issues = [] } = v.safeParse(config, { check_interval: '1s', ...given })
    t.ok(issues.some((issue) => v.getDotPath(issue) === path && message.test(issue.message)))
  })
