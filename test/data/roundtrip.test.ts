import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, concat, decodeOtlp } from '../../src/data/batch.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { AnyVisitor, Context, Visitor } from '../../src/data/visitors.ts'
import { applyModel, type Edit, type Edits, type Target } from './model.ts'
import {
  decoded,
  decodedSparse,
  encoded,
  keys,
  type Plain,
  type Random,
  ROUNDS,
  randomMessage,
  seeded,
  signals,
} from './random.ts'

const context: Context = { abort: new AbortController().signal, metadata: new Map() }
const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.chunks)

type Op = (node: Target) => void

/** A visitor for the views and for the model, and how it drops. */
function randomEdits(signal: Signal, random: Random): Edits {
  const attributeOp = (): Op => {
    const key = keys[random(keys.length)]!
    const value = [`v${random(9)}`, 'w'.repeat(random(300)), random(1000), 1.5, true, 2n ** 60n, -5][random(7)]!
    return random(3) === 0
      ? ({ attributes }) => void attributes.delete(key)
      : ({ attributes }) => attributes.set(key, value)
  }
  const fieldOps: Readonly<Record<string, Op>> = {
    span(node) {
      node.name = 'n'
      node.kind = 3
      node.setStatus(2, 'broken')
    },
    log(node) {
      node.severityText = 'WARN'
      node.body = 'new body'
    },
    scope(node) {
      node.name = 'a scope'
    },
    metric(node) {
      node.name = 'a metric'
      node.unit = 'By'
      if (node.type === 'sum' || node.type?.endsWith('istogram')) node.temporality = 'delta'
    },
  }
  const edit = (level: string): Edit => {
    const ops = level === 'metric' ? [] : Array.from({ length: random(4) }, attributeOp)
    const fields = fieldOps[level]
    if (fields && random(2) === 0) ops.push(fields)
    const dropKey = level !== 'metric' && random(2) === 0 ? keys[random(keys.length)]! : undefined
    return (node) => {
      for (const op of ops) op(node)
      return dropKey === undefined || !node.attributes.has(dropKey)
    }
  }
  const edits: Edits = {}
  if (random(4) === 0) edits.onResource = edit('resource')
  if (random(4) === 0) edits.onScope = edit('scope')
  if (random(3) === 0 && signal === 'metrics') edits.onMetric = edit('metric')
  if (random(4) > 0) edits.onItem = edit(signal === 'traces' ? 'span' : signal === 'logs' ? 'log' : 'point')
  if (random(6) === 0) {
    const key = keys[random(keys.length)]!
    edits.writesParents = true
    edits.onItem = (node, resource) => {
      if (node.attributes.has(key)) {
        resource.attributes.set('seen', key)
        resource.attributes.delete('env')
      }
    }
  }
  return edits
}

function visitorOf(signal: Signal, edits: Edits): Visitor {
  const as = (node: unknown): Target => node as Target
  const visitor: AnyVisitor = {}
  const { onResource, onScope, onMetric, onItem } = edits
  if (edits.writesParents) Object.assign(visitor, { writesParents: true })
  if (onResource) visitor.onResource = (resource) => onResource(as(resource), as(resource))
  if (onScope) visitor.onScope = (scope, resource) => onScope(as(scope), as(resource))
  if (onMetric) visitor.onMetric = (metric, _scope, resource) => onMetric(as(metric), as(resource))
  if (onItem && signal === 'traces') visitor.onSpan = (span, _scope, resource) => onItem(as(span), as(resource))
  if (onItem && signal === 'logs') visitor.onLog = (log, _scope, resource) => onItem(as(log), as(resource))
  if (onItem && signal === 'metrics')
    visitor.onPoint = (point, _metric, _scope, resource) => onItem(as(point), as(resource))
  return visitor as Visitor
}

/** Through the encoder once, so that both sides have the same defaults. */
const normal = (signal: Signal, message: Plain): Plain => decoded(signal, encoded(signal, message))

for (const signal of signals) {
  test(`${signal}: fused visitors give what one pass each gives, and what the model gives`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS; seed++, cases++) {
      const random = seeded(seed)
      const messages = Array.from({ length: 1 + random(2) }, () => randomMessage(signal, random))
      const batch = concat(messages.map((bytes) => decodeOtlp(signal, bytes)) as [Batch, ...Batch[]])
      const edits = Array.from({ length: 1 + random(3) }, () => randomEdits(signal, random))
      const visitors = edits.map((edit) => visitorOf(signal, edit))
      const fusedDrops: number[] = []
      const chainedDrops: number[] = []
      const fused = batch.rewrite(visitors, context, fusedDrops)
      const chained = visitors.reduce((result, visitor, i) => {
        const counts: number[] = []
        const next = result.rewrite([visitor], context, counts)
        chainedDrops[i] = counts[0]!
        return next
      }, batch)
      const model = decodedSparse(signal, bytesOf(batch))
      for (const edit of edits) applyModel(signal, model, edit)
      const expected = normal(signal, model)
      assert.deepEqual(decoded(signal, bytesOf(chained)), expected, `seed ${seed}: chained`)
      assert.deepEqual(decoded(signal, bytesOf(fused)), expected, `seed ${seed}: fused`)
      assert.deepEqual(fusedDrops, chainedDrops, `seed ${seed}: drops`)
      const again = decodeOtlp(signal, bytesOf(fused)) // what we write passes our own gate, and the count is right
      assert.equal(again.items, fused.items, `seed ${seed}: items`)
      assert.equal(
        batch.items - fusedDrops.reduce((sum, count) => sum + count, 0),
        fused.items,
        `seed ${seed}: conservation`,
      )
    }
    t.ok(cases > 0)
  })

  test(`${signal}: a batch that nobody changes is the same batch`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS; seed++, cases++) {
      const batch: Batch = decodeOtlp(signal, randomMessage(signal, seeded(seed)))
      assert.equal(
        batch.rewrite(
          [
            visitorOf(signal, {
              onResource() {},
              onItem(node) {
                node.attributes.has('env')
              },
            }),
          ],
          context,
        ),
        batch,
      )
    }
    t.ok(cases > 0)
  })

  test(`${signal}: split and select keep every item once, with its parents`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS; seed++, cases++) {
      const random = seeded(seed)
      const batch: Batch = concat([
        decodeOtlp(signal, randomMessage(signal, random)),
        decodeOtlp(signal, randomMessage(signal, random)),
      ] as [Batch, Batch])
      const items = 1 + random(5)
      const parts = batch.split({ items })
      for (const part of parts) {
        assert.ok(part.items <= items)
        assert.equal(decodeOtlp(signal, bytesOf(part)).items, part.items)
      }
      assert.deepEqual(
        parts.flatMap((part) => flatten(signal, part)),
        flatten(signal, batch),
        `seed ${seed}`,
      )
      const sizeBytes = 200 + random(3000)
      const bySize = batch.split({ sizeBytes, items: 1 + random(20) })
      for (const part of bySize) {
        assert.equal(decodeOtlp(signal, bytesOf(part)).items, part.items)
        assert.ok(part.items === 1 || part.sizeBytes <= sizeBytes, `seed ${seed}: ${part.sizeBytes} > ${sizeBytes}`)
      }
      assert.deepEqual(
        bySize.flatMap((part) => flatten(signal, part)),
        flatten(signal, batch),
        `seed ${seed}: by size`,
      )
      const chosen = Array.from({ length: batch.items }, (_, i) => i).filter(() => random(3) === 0)
      const all = flatten(signal, batch)
      assert.deepEqual(
        flatten(signal, batch.select(chosen)),
        chosen.map((i) => all[i]),
        `seed ${seed}`,
      )
    }
    t.ok(cases > 0)
  })
}

/** Every item with its parents, as plain data. */
function flatten(signal: Signal, batch: Batch): unknown[] {
  const list: unknown[] = []
  const onItem = (...nodes: unknown[]): void => {
    list.push((nodes.slice(0, -1) as { toObject(): object }[]).map((node) => node.toObject()))
  }
  const visitor: AnyVisitor =
    signal === 'traces' ? { onSpan: onItem } : signal === 'logs' ? { onLog: onItem } : { onPoint: onItem }
  batch.visit(visitor as Visitor)
  return list
}
