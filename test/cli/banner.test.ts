import { test } from 'tap'
import { banner, type Ready } from '../../src/cli/banner.ts'

const listener = (id: string, endpoints: readonly string[], kind: 'receiver' | 'exporter' = 'receiver') => ({
  kind,
  id,
  pipeline: undefined,
  component: { start: async () => {}, endpoints },
})

const pipeline = (signal: 'traces' | 'metrics' | 'logs', receiver: string): Ready['pipelines'][number] => ({
  id: signal,
  signal,
  receivers: [receiver],
  processors: [],
  exporters: ['nop'],
})

const ready: Ready = {
  nodes: [
    listener('prometheus', ['http://[::]:8889/metrics'], 'exporter'),
    listener('otlp', ['grpc://0.0.0.0:4317', 'http://0.0.0.0:4318']),
  ],
  pipelines: [pipeline('traces', 'otlp')],
  ownMetrics: ['http://127.0.0.1:8888/metrics'],
}

test('where it listens is a table, receivers first', async (t) => {
  t.equal(
    banner(ready, false),
    `
sluice is ready
  receiver otlp        grpc://0.0.0.0:4317
  receiver otlp        http://0.0.0.0:4318
  exporter prometheus  http://[::]:8889/metrics
  own metrics          http://127.0.0.1:8888/metrics

`,
  )
})

test('what it says to try is what its pipelines take, at an address that can be asked', async (t) => {
  const text = banner(ready, true)
  t.match(text, '  npx sluice generate traces --rate 50 --duration 20s --endpoint http://127.0.0.1:4318\n')
  t.match(text, '  curl -s http://[::1]:8889/metrics | head\n')
  t.notMatch(text, 'generate all')
  const pipelines = (['traces', 'metrics', 'logs'] as const).map((signal) => pipeline(signal, 'otlp'))
  t.match(banner({ ...ready, pipelines }, true), 'generate all --rate')
})

test('it suggests sending OTLP only to what takes OTLP', async (t) => {
  const nodes = [listener('awsxray', ['udp://127.0.0.1:2000', 'http://127.0.0.1:2000'])]
  t.notMatch(banner({ nodes, pipelines: [pipeline('traces', 'awsxray')], ownMetrics: [] }, true), 'sluice generate')
})
