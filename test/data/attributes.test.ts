import { test } from 'tap'
import { type AnyValue, type Attributes, textOfValue } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf } from '../kit/otlp.ts'
import { decodedSparse, type Plain } from './random.ts'

const everyType: readonly (readonly [key: string, value: Plain])[] = [
  ['string', { stringValue: 'text' }],
  ['bool', { boolValue: false }],
  ['int', { intValue: '9007199254740993' }],
  ['double', { doubleValue: 2 }],
  ['array', { arrayValue: { values: [{ doubleValue: 1 }, { intValue: '1' }] } }],
  ['map', { kvlistValue: { values: [{ key: 'k', value: { doubleValue: 3 } }] } }],
  ['bytes', { bytesValue: Buffer.from('bytes') }],
  ['empty', {}],
]

/** What an edit makes of a span that has an attribute of each type. */
function edited(edit: (attributes: Attributes) => void): Record<string, Plain> {
  const batch = batchOf('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: everyType.map(([key, value]) => ({ key, value })) }] }] }],
  })
  const after = batch.rewrite([{ onSpan: (span) => edit(span.attributes) }], testContext())
  const message = decodedSparse('traces', Buffer.concat(after.chunks)) as {
    resourceSpans: { scopeSpans: { spans: { attributes: { key: string; value: Plain }[] }[] }[] }[]
  }
  return Object.fromEntries(
    message.resourceSpans[0]!.scopeSpans[0]!.spans[0]!.attributes.map(({ key, value }) => [key, value]),
  )
}

test('an attribute tells its type, on the wire and after a change', async (t) => {
  edited((attributes) => {
    for (const [key] of everyType) t.equal(attributes.typeOf(key), key)
    t.equal(attributes.typeOf('absent'), undefined)
    attributes.set('string', { double: 1 })
    attributes.set('int', 'text')
    attributes.delete('map')
    t.equal(attributes.typeOf('string'), 'double')
    t.equal(attributes.typeOf('int'), 'string')
    t.equal(attributes.typeOf('map'), undefined)
  })
})

test('a copy has the very value: a whole double stays a double, on every level', async (t) => {
  const after = edited((attributes) => {
    for (const [key] of everyType) t.equal(attributes.copy(key, `${key}.copy`), true)
    t.equal(attributes.copy('absent', 'string'), false)
    t.equal(attributes.copy('double', 'string'), true, 'over one that is there')
    t.equal(attributes.copy('string', 'string.second'), true, 'from one that was written just now')
    t.equal(attributes.copy('int', 'int'), true, 'onto itself')
  })
  for (const [key] of everyType) if (key !== 'string') t.same(after[`${key}.copy`], after[key], key)
  t.same(after['string.copy'], { stringValue: 'text' })
  t.same(after.string, { doubleValue: 2 })
  t.same(after['string.second'], { doubleValue: 2 })
  t.same(after.int, { intValue: '9007199254740993' })
})

test('the keys are those that are there, in order', async (t) => {
  edited((attributes) => {
    attributes.delete('bool')
    attributes.set('new', 1)
    const keys: string[] = []
    attributes.forEachKey((key) => keys.push(key))
    t.same(keys, ['string', 'int', 'double', 'array', 'map', 'bytes', 'empty', 'new'])
  })
})

test('every value has a text', async (t) => {
  const cases: readonly (readonly [AnyValue, string])[] = [
    ['plain "text"', 'plain "text"'],
    [true, 'true'],
    [12, '12'],
    [9007199254740993n, '9007199254740993'],
    [0.1, '0.1'],
    [-0, '-0'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [null, ''],
    [Buffer.from('bytes'), 'Ynl0ZXM='],
    [[1, 'a', null, [true]], '[1,"a",null,[true]]'],
    [[Number.NaN], ''],
    [[Buffer.alloc(0)], '[null]'],
    [
      new Map<string, AnyValue>([
        ['𝄞', 1],
        ['\uffff', 2],
        ['b', new Map([['__proto__', '\u2028"']])],
        ['a', Buffer.from([255])],
      ]),
      '{"a":"/w==","b":{"__proto__":"\\u2028\\""},"\uffff":2,"𝄞":1}',
    ],
  ]
  for (const [value, text] of cases) t.equal(textOfValue(value), text)
})

test('what is set on many items of a chunk is on each of them, whatever was set in between', async (t) => {
  const key = 'set.in.turn'
  const first = new Map([['k', 'first']])
  const turns: readonly AnyValue[] = [
    'a',
    'a',
    'a',
    first,
    'a',
    'b',
    'a',
    'a',
    7,
    7,
    'a',
    'a',
    first,
    first,
    'b',
    'b',
    'a',
  ]
  const spans = turns.map(() => ({ attributes: [{ key, value: { stringValue: 'old' } }] }))
  const batch = batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  const again = (times: number): AnyValue[] => {
    let at = 0
    const seen: AnyValue[] = []
    let after = batch
    for (let i = 0; i < times; i++)
      after = batch.rewrite(
        [{ onSpan: ({ attributes }) => attributes.set(key, turns[at++ % turns.length]!) }],
        testContext(),
      )
    after.visit({ onSpan: ({ attributes }) => void seen.push(attributes.get(key)!) })
    return seen
  }
  t.same(again(1), turns)
  t.same(again(2), turns, 'a chunk that comes later')
})

test('a key is found among those that look like it', async (t) => {
  const long = 'n'.repeat(127)
  const keys = ['', 'e', 'ae', 'be', 'name', 'game', long, `${long}n`, `m${long}`, 'é', 'ee\u0000']
  const attributes = keys.map((key, i) => ({ key, value: { intValue: String(i) } }))
  const batch = batchOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] })
  for (const [i, key] of keys.entries()) {
    const found: (number | undefined)[] = []
    const after = batch.rewrite(
      [
        {
          onLog: ({ attributes }) => {
            found.push(attributes.getNumber(key))
            attributes.set(key, 'changed')
            t.equal(attributes.getString(key), 'changed')
            attributes.delete(key)
            t.equal(attributes.has(key), false)
            attributes.set(`${key}.`, 'new')
            t.equal(attributes.getString(`${key}.`), 'new')
          },
        },
      ],
      testContext(),
    )
    t.same(found, [i])
    after.visit({
      onLog: ({ attributes }) =>
        t.same([...attributes.toMap().keys()], [...keys.filter((other) => other !== key), `${key}.`]),
    })
  }
})

test('among very many attributes each is found, changed and deleted as among few', async (t) => {
  for (const count of [1000, 3000]) {
    // Every hundredth has the key of the one before; keys of other lengths and scripts are among them.
    const key = (i: number): string =>
      i % 100 === 99 ? key(i - 1) : i % 7 === 0 ? `ключ-${i}` : `${'k'.repeat(i % 200)}${i}`
    const all = Array.from({ length: count }, (_, i) => ({ key: key(i), value: { intValue: String(i) } }))
    const batch = batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: all }] }] }] })
    const edit = ({ attributes }: { attributes: Attributes }): void => {
      for (let i = 0; i < count; i++) if (i % 100 !== 99) t.equal(attributes.get(key(i)), i)
      t.notOk(attributes.has('absent'))
      for (let i = 0; i < count; i += 2) t.equal(attributes.delete(key(i)), true)
      t.notOk(attributes.has(key(98)), 'both that have the key')
      for (let i = 1; i < count; i += 4) if (i % 100 !== 99) attributes.set(key(i), 'set')
      for (let i = 0; i < count; i += 10) attributes.set(key(i), 'again')
      attributes.set('new', 'new')
      t.equal(attributes.get('new'), 'new')
      attributes.delete('new')
      t.notOk(attributes.has('new'))
      attributes.set('new', 'newer')
    }
    const after = batch.rewrite([{ onSpan: edit }], testContext())
    const wanted = new Map<string, AnyValue>()
    for (let i = 0; i < count; i++) if (i % 100 !== 99) wanted.set(key(i), i)
    for (let i = 0; i < count; i += 2) wanted.delete(key(i))
    for (let i = 1; i < count; i += 4) if (i % 100 !== 99) wanted.set(key(i), 'set')
    for (let i = 0; i < count; i += 10) wanted.set(key(i), 'again')
    wanted.set('new', 'newer')
    after.visit({
      onSpan({ attributes }) {
        t.strictSame([...attributes.toMap()], [...wanted])
        t.equal(attributes.size, wanted.size)
      },
    })
  }
})
