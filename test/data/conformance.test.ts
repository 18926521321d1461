// Our views against protobufjs, on the messages of the OTLP specification.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { decodeOtlp } from '../../src/data/batch.ts'
import { poisonViews } from '../../src/data/poison.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { AnyVisitor, Visitor } from '../../src/data/visitors.ts'
import { expectedNodes } from './oracle.ts'
import { decoded, type Order, ROUNDS, randomMessage, seeded, signals } from './random.ts'

const orders: readonly Order[] = ['ascending', 'descending', 'shuffled']

/** What every hook sees. */
function seenNodes(signal: Signal, bytes: Uint8Array, see: (node: { toObject(): object }) => unknown): unknown[] {
  const nodes: unknown[] = []
  const look = (node: { toObject(): object }): void => void nodes.push(see(node))
  const visitor: AnyVisitor = {
    onResource: look,
    onScope: look,
    onMetric: look,
    onSpan: look,
    onLog: look,
    onPoint: look,
  }
  decodeOtlp(signal, bytes).visit(visitor as Visitor)
  return nodes
}

for (const signal of signals)
  for (const order of orders) {
    test(`${signal}, ${order}: the views show what protobufjs reads`, async (t) => {
      let cases = 0
      for (let seed = 1; seed <= ROUNDS; seed++) {
        const bytes = randomMessage(signal, seeded(seed), order)
        const expected = expectedNodes(signal, decoded(signal, bytes))
        const seen = seenNodes(signal, bytes, (node) => node.toObject())
        assert.deepEqual(seen, expected, `seed ${seed}`)
        cases += seen.length
      }
      t.ok(cases > 0)
    })
  }

type Retained = { retain(): { toObject(): object } }

for (const signal of signals)
  test(`${signal}: a retained view shows the same after the visit, also when escaped views throw`, async (t) => {
    poisonViews(true)
    t.teardown(() => poisonViews(false))
    let cases = 0
    for (let seed = 1; seed <= ROUNDS / 5; seed++) {
      const bytes = randomMessage(signal, seeded(seed))
      const escaped: { toObject(): object }[] = []
      const kept = seenNodes(signal, bytes, (node) => {
        escaped.push(node)
        return (node as unknown as Retained).retain()
      }) as { toObject(): object }[]
      const expected = expectedNodes(signal, decoded(signal, bytes))
      assert.deepEqual(
        kept.map((node) => node.toObject()),
        expected,
        `seed ${seed}`,
      )
      for (const view of escaped) assert.throws(() => view.toObject(), /after its visit/)
      cases += kept.length
    }
    t.ok(cases > 0)
  })
