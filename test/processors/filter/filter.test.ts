import { test } from 'tap'
import * as v from 'valibot'
import type { ItemProcessor } from '../../../src/contract/index.ts'
import type { Batch, Signal } from '../../../src/data/index.ts'
import { decodeOtlp } from '../../../src/data/index.ts'
import filter from '../../../src/processors/filter/index.ts'
import { testContext, testSettings } from '../../../src/testing/index.ts'
import { ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { items } from '../../kit/otlp.ts'

const processor = <S extends Signal>(signal: S, config: object, settings = testSettings()): ItemProcessor<S> =>
  (filter.create[signal] as (config: unknown, settings: unknown) => ItemProcessor<S>)(
    v.parse(filter.config, config),
    settings,
  )

test('expressions and OTTL are refused, with what to use instead', async (t) => {
  const refused = (config: object, message: RegExp): void =>
    void t.throws(() => v.parse(filter.config, config), message)
  refused({ metrics: { include: { match_type: 'expr', expressions: ['MetricName == "a"'] } } }, /expr|expressions/)
  refused(
    { metrics: { include: { match_type: 'expr' } } },
    /expr is not supported by this version: use strict or regexp/,
  )
  refused(
    { metrics: { include: { match_type: 'strict', expressions: ['a'] } } },
    /expressions are not supported by this version: use metric_names/,
  )
  const ottl = /conditions in OTTL are not supported by this version: use include and exclude/
  for (const key of ['metric', 'datapoint', 'resource']) refused({ metrics: { [key]: ['name == "a"'] } }, ottl)
  for (const key of ['log_record', 'resource']) refused({ logs: { [key]: ['body == "a"'] } }, ottl)
  for (const key of ['span', 'spanevent', 'resource']) refused({ traces: { [key]: ['name == "a"'] } }, ottl)
  for (const key of ['trace_conditions', 'metric_conditions', 'log_conditions', 'profile_conditions', 'profiles'])
    refused({ [key]: ['a'] }, ottl)
  v.parse(filter.config, { metrics: { metric: [] }, trace_conditions: null })
})

test('settings that change nothing are told', async (t) => {
  const settings = testSettings()
  processor('metrics', { error_mode: 'ignore', metrics: { regexp: { cacheenabled: true } } }, settings)
  t.match(settings.lines, [{ fields: { setting: 'error_mode' } }, { fields: { setting: 'metrics::regexp' } }])
})

test('a severity is a number too', async (t) => {
  const { visitor } = processor('logs', { logs: { include: { severity_number: { min: 10 } } } })
  t.equal(items.logs(3).rewrite([visitor], testContext()).items, 0)
})

test('what goes on is the very same chunk, and what does not is counted', async (t) => {
  const { visitor } = processor('metrics', { metrics: { exclude: { match_type: 'strict', metric_names: ['other'] } } })
  const batch = items.metrics(5)
  t.equal(batch.rewrite([visitor], testContext()), batch)
  const dropped: number[] = []
  const none = processor('metrics', { metrics: { include: { match_type: 'strict', metric_names: ['other'] } } })
  t.equal(batch.rewrite([none.visitor], testContext(), dropped).items, 0)
  t.same(dropped, [5])
})

test('whatever comes, what is included and what is not are together what there was', async (t) => {
  const random = seeded(9)
  const attribute = { key: 'env' }
  const configs = {
    traces: (side: string) => ({ spans: { [side]: { match_type: 'strict', attributes: [attribute] } } }),
    logs: (side: string) => ({
      logs: { [side]: { record_attributes: [attribute], severity_number: { min: 'DEBUG' } } },
    }),
    metrics: (side: string) => ({ metrics: { [side]: { match_type: 'regexp', metric_names: ['o', '^$'] } } }),
  }
  let cases = 0
  for (let round = 0; round < ROUNDS; round++)
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      const batch: Batch = decodeOtlp(signal, randomMessage(signal, random))
      const counts = ['include', 'exclude'].map((side) => {
        const dropped: number[] = []
        const { visitor } = processor(signal, configs[signal](side))
        const left = batch.rewrite([visitor as never], testContext(), dropped)
        decodeOtlp(signal, Buffer.concat(left.chunks))
        t.equal(left.items + dropped[0]!, batch.items)
        return left.items
      })
      t.equal(counts[0]! + counts[1]!, batch.items)
      cases++
    }
  t.ok(cases > 0)
})
