import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { Accounts } from '../../src/observe/accounts.ts'
import { startOwnTelemetry } from '../../src/observe/index.ts'
import { HeldPayload } from '../../src/observe/memory.ts'
import { trackReads } from '../../src/testing/index.ts'
import { otlpDestination } from '../kit/otlp-destination.ts'

const agent = { name: 'sluice', version: '1.2.3', instanceId: 'one' }

test('every setting of own telemetry is read by somebody', async (t) => {
  const { endpoint } = await otlpDestination(t)
  const otlp = { endpoint, headers: { a: 'b' }, headers_list: 'c=d', protocol: 'http/protobuf', compression: 'gzip' }
  const processors = [{ batch: { exporter: { otlp } } }, { simple: { exporter: { otlp } } }]
  const sampler = { always_on: {} }
  const parent_based = {
    root: sampler,
    remote_parent_sampled: sampler,
    remote_parent_not_sampled: sampler,
    local_parent_sampled: sampler,
    local_parent_not_sampled: sampler,
  }
  const attribute_keys = { included: ['a'], excluded: ['b'] }
  const aggregations = [
    { drop: {} },
    { explicit_bucket_histogram: { boundaries: [1] } },
    { base2_exponential_bucket_histogram: {} },
    { sum: {} },
  ]
  const settings = trackReads(
    v.parse(telemetrySettings, {
      resource: { a: 'b', schema_url: 'c' },
      logs: {
        output_paths: [join(t.testdir(), 'log')],
        error_output_paths: ['/dev/null'],
        initial_fields: { a: 'b' },
        encoding: 'json',
        development: true,
        processors,
      },
      traces: {
        processors,
        propagators: ['b3'],
        sampler: { parent_based },
        limits: {
          attribute_count_limit: 1,
          attribute_value_length_limit: 1,
          event_count_limit: 1,
          link_count_limit: 1,
          event_attribute_count_limit: 1,
          link_attribute_count_limit: 1,
        },
      },
      metrics: {
        level: 'detailed',
        readers: [
          {
            pull: {
              exporter: { prometheus: { host: '127.0.0.1', port: 0, with_resource_constant_labels: attribute_keys } },
            },
          },
          { periodic: { exporter: { otlp } } },
        ],
        views: aggregations.map((aggregation, index) => ({
          selector: { instrument_name: `x${index}`, instrument_type: 'counter', unit: 's', meter_name: 'm' },
          stream: { name: 'y', description: 'z', attribute_keys, aggregation },
        })),
      },
    }),
  )
  const own = await startOwnTelemetry(settings.value, { accounts: new Accounts(), memory: new HeldPayload(), agent })
  own.log.error('told', { error: new TypeError('defect') })
  own.spans!.begin('x', { kind: 'server', attributes: {}, metadata: new Map([['b3', ['0']]]) })({})
  await (await fetch(own.metrics.endpoints[0]!)).text()
  await own.stop()
  // Those are read when the log cannot be written, see log.test.ts.
  t.same(settings.unread(), ['logs.error_output_paths.0'])
})
