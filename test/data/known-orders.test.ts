// Names in an order that was seen before: what is found without looking at them one by one is what is there.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { decodeOtlp, KnownAttributes } from '../../src/data/index.ts'
import { batchOf } from '../kit/otlp.ts'
import { type Plain, seeded } from './random.ts'
import { withValuesFirst } from './wirebytes.ts'

type Plan = readonly [names: string, numbers: string]
const list = ['a', 'http.route', 'k'.repeat(120), 'ключ']
const names = [...list, 'b', 'other', 'x'.repeat(127), 'y'.repeat(128), '']
const texts = ['', 'x', 'y'.repeat(127), 'z'.repeat(200), 'ü'.repeat(20_000)]

const known = () => {
  let plans = 0
  const attributes = new KnownAttributes<Plan>(list, (names, numbers) => {
    plans++
    return [names.join(), numbers.join()]
  })
  return { attributes, plans: () => plans }
}

const batch = (spans: readonly (readonly (readonly [string, string])[])[]) =>
  batchOf('traces', {
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: spans.map(
              (span): Plain => ({
                attributes: span.map(([key, stringValue]) => ({ key, value: { stringValue } })),
              }),
            ),
          },
        ],
      },
    ],
  })

test('attributes in a known order are those that are there', async (t) => {
  const random = seeded(3)
  const { attributes } = known()
  let cases = 0
  for (let round = 0; round < 200; round++) {
    const orders = Array.from({ length: 3 }, () =>
      Array.from({ length: random(7) }, () => names[random(names.length)]!),
    )
    const spans = Array.from({ length: 20 }, () =>
      orders[random(3)]!.map((name) => [name, texts[random(texts.length)]!] as const),
    )
    let index = 0
    batch(spans).visit({
      onSpan(span) {
        const all = spans[index++]!
        attributes.open(span.attributes)
        // Of a known name the first one counts.
        const expected = all.filter(
          ([name], i) => !list.includes(name) || all.findIndex(([other]) => other === name) === i,
        )
        const found = Array.from({ length: attributes.count }, (_, i) => [attributes.key(i), attributes.string(i)])
        assert.deepEqual(found, expected)
        for (const [number, name] of list.entries())
          assert.equal(
            attributes.at(number),
            expected.findIndex(([other]) => other === name),
          )
        const { plan } = attributes
        if (plan === undefined) return
        assert.equal(plan[0], expected.map(([name]) => name).join())
        assert.equal(plan[1], expected.map(([name]) => list.indexOf(name)).join())
        cases++
      },
    })
    attributes.close()
  }
  t.ok(cases > 1000, `${cases} with a plan`)
})

test('a plan is made once for an order, and none for what is too odd', async (t) => {
  const { attributes, plans } = known()
  const planned = (span: readonly string[]): boolean => {
    let isPlanned = false
    batch([span.map((name) => [name, 'x'] as const)]).visit({
      onSpan(view) {
        attributes.open(view.attributes)
        isPlanned = attributes.plan !== undefined
      },
    })
    return isPlanned
  }
  t.ok(planned(['a', 'b']))
  t.ok(planned(['a', 'b']))
  t.ok(planned([]))
  t.ok(planned(['b', 'b']))
  t.equal(plans(), 3)
  t.notOk(planned(['a', 'b', 'a']), 'a known name twice')
  t.notOk(planned(['a', 'y'.repeat(128)]), 'a long name')
  t.notOk(planned(['']), 'no name')
  t.notOk(planned(Array.from({ length: 60 }, (_, i) => `n${i}`)), 'very many names')
  t.ok(planned(['a', 'b']))
  t.equal(plans(), 3)
  attributes.close()
  t.equal(attributes.plan, undefined)
})

test('a value before its name is no known order', async (t) => {
  const { attributes } = known()
  const bytes = Buffer.concat(
    batch([
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
    ]).chunks,
  )
  const plans: (Plan | undefined)[] = []
  const look = (chunk: Buffer): void =>
    decodeOtlp('traces', chunk).visit({
      onSpan(span) {
        attributes.open(span.attributes)
        plans.push(attributes.plan)
        assert.equal(attributes.string(attributes.at(0)), 'x')
      },
    })
  look(bytes)
  look(withValuesFirst(bytes))
  t.same(plans, [['a,b', '0,-1'], undefined])
})

test('names that never come in the same order twice are not remembered for ever', async (t) => {
  const { attributes, plans } = known()
  const total = 20_000
  for (let from = 0; from < total; from += 1000)
    batch(Array.from({ length: 1000 }, (_, i) => [['a', 'x'] as const, [`n${from + i}`, 'x'] as const])).visit({
      onSpan(span) {
        attributes.open(span.attributes)
        assert.equal(attributes.key(1).slice(0, 1), 'n')
        assert.equal(attributes.at(0), 0)
      },
    })
  t.ok(plans() < total / 5, `${plans()} plans`)
})

test('an order that comes again and again is known in the end, whatever came before', async (t) => {
  const { attributes } = known()
  const random = seeded(9)
  const letters = Array.from({ length: 12 }, (_, i) => `letter${i}`)
  const shuffled = () => letters.map((name) => [random(1000), name] as const).toSorted((a, b) => a[0] - b[0])
  batch(Array.from({ length: 2000 }, () => shuffled().map(([, name]) => [name, 'x'] as const))).visit({
    onSpan: (span) => attributes.open(span.attributes),
  })
  let opened = 0
  let inARow = 0
  batch([[['b', 'x']]]).visit({
    onSpan(span) {
      for (; inARow < 10 && opened < 1_000_000; opened++) {
        attributes.open(span.attributes)
        inARow = attributes.plan === undefined ? 0 : inARow + 1
      }
    },
  })
  t.equal(inARow, 10)
  t.ok(opened > 1000, 'but not at once')
})
