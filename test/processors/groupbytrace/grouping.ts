// A groupbytrace processor as the graph has it, and spans that are told apart by the trace and a number: `a1`.
import * as v from 'valibot'
import type { BatchProcessor, Settings } from '../../../src/contract/index.ts'
import type { Batch, Context } from '../../../src/data/index.ts'
import groupByTrace from '../../../src/processors/groupbytrace/index.ts'
import { Sink, type TestSettings, testContext, testSettings } from '../../../src/testing/index.ts'
import { batchOf } from '../../kit/otlp.ts'

export interface Rig {
  readonly sink: Sink<'traces'>
  readonly settings: TestSettings
  readonly processor: BatchProcessor<'traces'>
  offer(spans: readonly string[], context?: Context): Promise<void>
}

export function rig(given: object = {}, of: Partial<Pick<Settings, 'meter'>> = {}): Rig {
  const sink = new Sink<'traces'>()
  const settings = testSettings({ id: 'groupbytrace', pipeline: 'traces', ...of })
  const ledger = settings.ledger('traces')
  const config = v.parse(groupByTrace.config as v.GenericSchema, given)
  const processor = groupByTrace.create.traces!(config as never, settings, async (each, context) => {
    await sink.consume(each, context)
    ledger.out(each.items)
  }) as BatchProcessor<'traces'>
  return {
    sink,
    settings,
    processor,
    async offer(spans, context = testContext()) {
      ledger.entered(spans.length)
      try {
        await processor.consume(spansOf(spans), context)
      } catch (error) {
        ledger.refused(spans.length)
        throw error
      }
    },
  }
}

/** The first letter of a name is its trace. */
const spansOf = (names: readonly string[]): Batch<'traces'> =>
  batchOf('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: names.map((name) => ({ name, traceId: Buffer.alloc(16, name[0]) })) }] }],
  })

export function namesOf(batch: Batch<'traces'>): string[] {
  const names: string[] = []
  batch.visit({ onSpan: ({ name }) => void names.push(name) })
  return names
}
