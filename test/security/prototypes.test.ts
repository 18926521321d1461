// Attributes with the names that JavaScript's own objects have, through every exporter: what they hold is data, and reaches no prototype.
import { test } from 'tap'
import type { Batch, Signal } from '../../src/data/index.ts'
import { drive } from '../../src/testing/index.ts'
import { give, parse, registry, surroundings } from '../contract/driven.ts'
import type { Plain } from '../data/random.ts'
import { batchOf } from '../kit/otlp.ts'

const NAMES = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__']
/** Each with a mapping that would make `({}).polluted` true, if it were assigned to the property of that name. */
const attributes = NAMES.map((key) => ({
  key,
  value: { kvlistValue: { values: [{ key: 'polluted', value: { boolValue: true } }] } },
}))
const resource = { attributes: [{ key: 'service.name', value: { stringValue: '__proto__' } }, ...attributes] }
const ids: Plain = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1) }

const batches: { readonly [S in Signal]: Batch<S> } = {
  traces: batchOf('traces', {
    resourceSpans: [{ resource, scopeSpans: [{ spans: [{ ...ids, name: '__proto__', kind: 2, attributes }] }] }],
  }),
  logs: batchOf('logs', {
    resourceLogs: [
      {
        resource,
        scopeLogs: [{ logRecords: [{ body: { kvlistValue: { values: attributes } }, attributes }] }],
      },
    ],
  }),
  metrics: batchOf('metrics', {
    resourceMetrics: [
      {
        resource,
        scopeMetrics: [
          {
            metrics: NAMES.map((name) => ({
              // A label with the name of its metric is refused by some formats.
              name: `of.${name}`,
              unit: name,
              gauge: {
                dataPoints: [
                  { asDouble: 1, attributes: NAMES.map((key) => ({ key, value: { stringValue: key } })) },
                  { asDouble: 2, attributes },
                ],
              },
            })),
          },
        ],
      },
    ],
  }),
}

const before = Object.getOwnPropertyNames(Object.prototype).toSorted().join()

test('security 12: attributes named like properties of objects are data in every exporter', async (t) => {
  const around = await surroundings(t)
  let driven = 0
  for (const { kind, type, factory, minimal } of await registry()) {
    if (kind !== 'exporter') continue
    for (const each of drive(factory, parse(factory, minimal(around)))) {
      await each.start()
      for (const signal of ['traces', 'metrics', 'logs'] as const) {
        if (each.consumers[signal] === undefined) continue
        await give(each.consumers, batches[signal])
        driven++
      }
      await each.stop()
      for (const { failures, held } of each.ledgers()) t.same({ failures, held }, { failures: 0, held: 0 }, type)
      t.notOk('polluted' in {}, type)
      t.equal(Object.getOwnPropertyNames(Object.prototype).toSorted().join(), before, type)
    }
  }
  t.ok(driven > 20, `${driven} pipelines`)
})
