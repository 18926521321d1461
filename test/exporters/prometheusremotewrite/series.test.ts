import { test } from 'tap'
import { Collector } from '../../../src/exporters/prometheusremotewrite/collect.ts'
import { createNaming } from '../../../src/prometheus/names.ts'
import { metricsOf } from '../../kit/metrics.ts'

const MINUTE_MS = 60_000

test('series that come no more are forgotten', async (t) => {
  const collector = new Collector({
    naming: createNaming('UnderscoreEscapingWithSuffixes', ''),
    isResourceLabel: () => false,
    hasScopeLabels: true,
    externalLabels: [],
    hasTargetInfo: true,
    histograms: 'classic',
  })
  let largest = 0
  for (let minute = 0; minute < 90; minute++) {
    const users = Array.from({ length: 400 }, (_, i) => (i < 100 ? `stays ${i}` : `minute ${minute}, ${i}`))
    const points = users.map((user) => ({ labels: { user }, time: minute, value: 1 }))
    const { rows } = collector.collect(metricsOf([{ metrics: [{ name: 'logins', points }] }]), minute * MINUTE_MS)
    if (rows.count !== 400) t.fail(`${rows.count} rows at minute ${minute}`)
    largest = Math.max(largest, collector.memory.size)
  }
  t.ok(largest < 5000, `${largest} of 27,100 at most`)
})
