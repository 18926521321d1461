import { test } from 'tap'
import { Batch, concat, decodeOtlp } from '../../src/data/batch.ts'
import { Builder } from '../../src/data/builder.ts'
import { encoded } from './random.ts'

const spans = (count: number): Batch<'traces'> => {
  const list = Array.from({ length: count }, (_, i) => ({ name: `span ${i}` }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  return decodeOtlp(
    'traces',
    encoded('traces', { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 's' }, spans: list }] }] }),
  )
}

test('an empty batch has nothing, and stays itself', async (t) => {
  const batch = Batch.empty('logs')
  t.ok(batch.isEmpty)
  t.strictSame([batch.signal, batch.items, batch.sizeBytes, batch.chunks], ['logs', 0, 0, []])
  t.strictSame(batch.split({ items: 1 }), [batch])
  t.equal(batch.select([]).items, 0)
  t.equal(decodeOtlp('logs', Buffer.alloc(0)).chunks.length, 0)
  t.notOk(spans(1).isEmpty)
})

test('concat shares the chunks', async (t) => {
  const [a, b] = [spans(2), spans(3)]
  const both = concat([a, b, a])
  t.equal(both.items, 7)
  t.equal(both.sizeBytes, 2 * a.sizeBytes + b.sizeBytes)
  t.strictSame(Batch.chunksOf(both), [...Batch.chunksOf(a), ...Batch.chunksOf(b), ...Batch.chunksOf(a)])
  t.equal(Batch.chunksOf(both)[0], Batch.chunksOf(a)[0])
})

test('a batch that fits is not split, parts are filled, and a whole chunk is shared', async (t) => {
  const [a, b] = [spans(2), spans(3)]
  const both = concat([a, b])
  t.strictSame(both.split({ items: 5 }), [both])
  t.strictSame(both.split({ sizeBytes: both.sizeBytes }), [both])
  const parts = both.split({ items: 3 })
  t.strictSame(
    parts.map((part) => part.items),
    [3, 2],
  )
  t.equal(Batch.chunksOf(parts[0]!)[0], Batch.chunksOf(a)[0])
})

test('what is repeated in each part counts: a limit that holds one span with its parents gives one a part', async (t) => {
  const batch = spans(20)
  const one = batch.split({ items: 1 })
  t.equal(one.length, 20)
  const largest = Math.max(...one.map((part) => part.sizeBytes))
  t.equal(batch.split({ sizeBytes: largest }).length, 20)
  t.equal(batch.split({ sizeBytes: 1 }).length, 20)
  const three = batch.split({ sizeBytes: largest + 2 * 9 })
  t.ok(three.every((part) => part.sizeBytes <= largest + 2 * 9))
  t.ok(three.length < 20)
  one[7]!.visit({
    onSpan(span, scope, resource) {
      t.strictSame([span.name, scope.name, resource.attributes.get('service.name')], ['span 7', 's', 'shop'])
    },
  })
})

test('a large scope in parts of one item does not take the square of its size', async (t) => {
  const batch = spans(20_000)
  t.equal(batch.split({ items: 1 }).length, 20_000)
})

test('points are narrowed with their metric', async (t) => {
  const builder = new Builder('metrics')
  builder.resource((resource) => resource.attribute('host.name', 'a'))
  for (const name of ['first', 'second'])
    builder.add((metric) => {
      metric.name(name)
      metric.sum('cumulative', true, (points) => {
        for (let i = 0; i < 3; i++) points.add((point) => point.intValue(i))
      })
    })
  const seen: unknown[] = []
  builder
    .build()
    .select([1, 5])
    .visit({
      onPoint(point, metric, _scope, resource) {
        seen.push([metric.name, metric.isMonotonic, metric.temporality, point.intValue, resource.attributes.size])
      },
    })
  t.strictSame(seen, [
    ['first', true, 'cumulative', 1, 1],
    ['second', true, 'cumulative', 2, 1],
  ])
})
