// Whatever comes, what goes out keeps CloudWatch's rules, and every point is counted once.
import { test } from 'tap'
import { MAX_AGE_MS, MAX_AHEAD_MS } from '../../../src/aws/logs/index.ts'
import { ROUNDS, seeded } from '../../data/random.ts'
import { emfViolations } from '../../emulator/emf.ts'
import { metricsOf } from '../../kit/metrics.ts'
import { randomMetrics } from '../../kit/random-metrics.ts'
import { translationRig } from './kit.ts'

const CONFIGS: readonly object[] = [
  {},
  { dimension_rollup_option: 'NoDimensionRollup', detailed_metrics: true },
  { dimension_rollup_option: 'SingleDimensionRollupOnly', resource_to_telemetry_conversion: { enabled: true } },
  {
    metric_declarations: [
      { dimensions: [['k1'], ['k1', 'k2'], []], metric_name_selectors: ['^a', 'duration'] },
      {
        dimensions: [['j']],
        metric_name_selectors: ['.'],
        label_matchers: [{ label_names: ['k1', 'k2'], regex: '^v;' }],
      },
    ],
    extra_dimension_sets: [['k2']],
    dimension_rollup_option: 'NoDimensionRollup',
    parse_json_encoded_attr_values: ['j'],
    retain_initial_value_of_delta_metric: true,
  },
  { metric_declarations: [{ dimensions: [['k2']], metric_name_selectors: ['b'] }], enhanced_container_insights: true },
  { storage_resolution: 1, eks_fargate_container_insights_enabled: true, namespace: '네임/space{}' },
]

test('events keep the rules of CloudWatch', async (t) => {
  let cases = 0
  let events = 0
  for (let seed = 1; seed <= ROUNDS * 10; seed++) {
    const random = seeded(seed)
    const rig = translationRig(CONFIGS[seed % CONFIGS.length]!, { isNested: random(2) === 0 })
    let points = 0
    for (let i = 1 + random(3); i > 0; i--) {
      const batch = metricsOf(randomMetrics(random))
      points += batch.items
      rig.take(batch)
    }
    let told = 0
    for (const { event, items, timeMs } of rig.written()) {
      told += items
      events++
      const found = emfViolations(event)
      if (found.length > 0) t.fail(`seed ${seed}: ${found.join('; ')}: ${JSON.stringify(event).slice(0, 3000)}`)
      const now = rig.clock.now()
      if (!(timeMs > now - MAX_AGE_MS && timeMs < now + MAX_AHEAD_MS)) t.fail(`seed ${seed}: ${timeMs}`)
    }
    for (const dropped of rig.dropped.values()) told += dropped
    if (told !== points) t.fail(`seed ${seed}: ${told} points are accounted for, of ${points}`)
    cases++
  }
  t.ok(cases > 0 && events > cases, `${events} events`)
})
