// Whatever comes, no call breaks a limit of AWS, and every point is accounted for (the emulator fails the test otherwise).

import { gunzipSync } from 'node:zlib'
import { test } from 'tap'
import { testSettings } from '../../../src/testing/index.ts'
import { ROUNDS, seeded } from '../../data/random.ts'
import { MonitoringService } from '../../emulator/monitoring.ts'
import type { EmulatedRequest } from '../../emulator/server.ts'
import { metricsOf } from '../../kit/metrics.ts'
import { pick, randomMetrics } from '../../kit/random-metrics.ts'
import { startOn } from './rig.ts'

const CONFIGS: readonly object[] = [
  {},
  { aggregation: 'statistics', namespace: '네임/space{}', compression: 'none' },
  { rollup_dimensions: [[], ['k1'], ['k1', 'k2']], drop_original_metrics: { a: true } },
  { resource_to_telemetry_conversion: { enabled: true }, namespace_from_attribute: 'k1', max_values_per_datum: 10 },
  {
    max_datums_per_call: 3,
    storage_resolution: 1,
    retain_initial_value_of_delta_metric: true,
    force_flush_interval: '1s',
  },
  { dimensions: { excluded: ['k*'] }, max_aggregates: 5, metric_descriptors: [{ metric_name: 'a', unit: 'Count' }] },
]

test('calls keep the limits of PutMetricData', async (t) => {
  let cases = 0
  let data = 0
  for (let seed = 1; seed <= ROUNDS * 10; seed++) {
    const random = seeded(seed)
    const settings = testSettings()
    const service = new MonitoringService(() => settings.clock.now())
    const put = service.options.operations.PutMetricData!
    const rig = await startOn(settings, CONFIGS[seed % CONFIGS.length]!, () => ({
      async start() {},
      close() {},
      async call({ chunks, headers }) {
        const raw = Buffer.concat(chunks)
        const body = headers?.['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
        const request = { body, json: () => JSON.parse(body.toString()) } as EmulatedRequest
        return put(request, { violations: [] } as never)
      },
    }))
    for (let i = 1 + random(4); i > 0; i--) {
      await rig.consume(metricsOf(randomMetrics(random)))
      if (random(2) === 0) await settings.clock.advance(pick(random, [100, 30_000, 70_000]))
    }
    await rig.stop()
    const { ledger } = rig
    if (ledger.held !== 0) t.fail(`seed ${seed}: ${ledger.held} are held`)
    if (ledger.outItems !== service.data.length)
      t.fail(`seed ${seed}: ${ledger.outItems} out, ${service.data.length} arrived`)
    if (service.violations.length > 0) t.fail(`seed ${seed}: ${service.violations.join('; ').slice(0, 1000)}`)
    if (settings.memory.heldBytes !== 0) t.fail(`seed ${seed}: ${settings.memory.heldBytes} bytes are held`)
    const bad = ['encode_error', 'unaccounted', 'invalid_request'].filter((reason) =>
      ledger.droppedByReason.has(reason),
    )
    if (bad.length > 0) t.fail(`seed ${seed}: ${bad}`)
    data += service.data.length
    cases++
  }
  t.ok(cases > 0 && data > cases, `${data} metrics`)
})
