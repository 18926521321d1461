import { test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { decodeOtlp, type LogRecordObject } from '../../src/data/index.ts'
import { Accounts } from '../../src/observe/accounts.ts'
import { startOwnTelemetry } from '../../src/observe/index.ts'
import { HeldPayload } from '../../src/observe/memory.ts'
import { otlpDestination } from '../kit/otlp-destination.ts'

const agent = { name: 'sluice', version: '1.2.3', instanceId: 'one' }

test('the lines of the log arrive as log records of the agent, with their fields', async (t) => {
  const { endpoint, received } = await otlpDestination(t)
  const settings = v.parse(telemetrySettings, {
    resource: { team: 'a', 'service.instance.id': null },
    metrics: { level: 'none' },
    logs: {
      output_paths: ['/dev/null'],
      processors: [{ batch: { exporter: { otlp: { endpoint, headers: { 'x-key': 'k' } } } } }],
    },
  })
  const own = await startOwnTelemetry(settings, { accounts: new Accounts(), memory: new HeldPayload(), agent })
  own.log.child({ exporter: 'otlp' }).error('data lost', { items: 5, list: ['a'] })
  own.log.debug('not at this level')
  await own.stop()
  t.equal(received.length, 1)
  t.match(received[0], { path: '/v1/logs', headers: { 'x-key': 'k' } })
  const records: LogRecordObject[] = []
  const resources: unknown[] = []
  decodeOtlp('logs', received[0]!.body).visit({
    onLog(record, _scope, resource) {
      records.push(record.toObject())
      resources.push(Object.fromEntries(resource.attributes.toMap()))
    },
  })
  t.equal(records.length, 1)
  t.match(records[0], { severityNumber: 17, severityText: 'error', body: 'data lost' })
  t.same(Object.fromEntries(records[0]!.attributes), { exporter: 'otlp', items: 5, list: '["a"]' })
  t.same(resources, [{ 'service.name': 'sluice', 'service.version': '1.2.3', team: 'a' }])
})

test('when one part cannot start, those before it are ended', async (t) => {
  const busy = v.parse(telemetrySettings, {
    logs: { output_paths: ['/dev/null'] },
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 0 } } } }] },
  })
  const of = { accounts: new Accounts(), memory: new HeldPayload(), agent }
  const first = await startOwnTelemetry(busy, of)
  t.teardown(() => first.stop())
  const port = Number(new URL(first.metrics.endpoints[0]!).port)
  const free = v.parse(telemetrySettings, {
    logs: { output_paths: ['/dev/null'] },
    metrics: {
      readers: [0, port].map((each) => ({ pull: { exporter: { prometheus: { host: '127.0.0.1', port: each } } } })),
    },
  })
  await t.rejects(startOwnTelemetry(free, of), { message: /the port is taken/ })
  await first.stop()
  await first.stop()
  await t.rejects(fetch(first.metrics.endpoints[0]!))
})
