// groupbytrace and the collector's: the same traces come out.
import groupByTrace from '../../../src/processors/groupbytrace/index.ts'
import type { Plain } from '../../data/random.ts'
import { compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
/** A letter is a trace; a dot is none. */
const spans = (traces: string): Plain[] =>
  [...traces].map((letter, i) => ({
    name: `${letter}-${i}`,
    ...(letter === '.' ? {} : { traceId: Buffer.alloc(16, letter), spanId: Buffer.alloc(8, i + 1) }),
    attributes: [text('letter', letter)],
  }))
const entry = (name: string, traces: string): Plain => ({
  resource: { attributes: [text('service.name', name)] },
  schemaUrl: `https://schemas/${name}`,
  scopeSpans: [{ scope: { name, version: '1' }, schemaUrl: 'https://scope', spans: spans(traces) }],
})
const requests = [
  batchOf('traces', { resourceSpans: [entry('shop', 'abacab'), entry('stock', 'bbd')] }),
  batchOf('traces', { resourceSpans: [entry('shop', 'eee')] }),
  batchOf('traces', { resourceSpans: [entry('pay', 'a.e.'), entry('stock', ''), entry('mail', 'f')] }),
]
const isLate = { signal: 'traces' as const, requests, afterMs: 2000 }

compare({ type: 'groupbytrace', factory: groupByTrace, recorded: 'test/processors/groupbytrace/collector.json' }, [
  { name: 'nothing said', config: {}, ...isLate },
  { name: 'all of it', config: { wait_duration: '500ms', num_traces: 100, num_workers: 3 }, ...isLate },
])

const refused = (name: string, config: object) => ({
  name,
  config,
  message: /is not supported, as in the collector/,
  signal: 'traces' as const,
})
compareRefusals({ type: 'groupbytrace', factory: groupByTrace }, [
  refused('discarding orphans', { discard_orphans: true }),
  refused('storing on disk', { store_on_disk: true }),
])
