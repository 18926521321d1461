import { test } from 'tap'
import { type Attributes, instantFromMillis } from '../../src/data/index.ts'
import { FlatDocument, FROM } from '../../src/search/flat.ts'
import { flatKeyOf, KeyTable } from '../../src/search/flat-key.ts'
import { batchOf } from '../kit/otlp.ts'
import { written } from './kit.ts'

const text = (stringValue: string) => ({ stringValue })
const list = (values: Readonly<Record<string, object>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }))
const same = new KeyTable((name) => [name])

function visit(
  of: { resource?: object; attributes?: object },
  use: (resource: Attributes, item: Attributes) => void,
): void {
  const logs = {
    resourceLogs: [
      {
        resource: { attributes: list({ ...of.resource }) },
        scopeLogs: [{ logRecords: [{ attributes: list({ ...of.attributes }) }] }],
      },
    ],
  }
  batchOf('logs', logs).visit({ onLog: (record, _scope, resource) => use(resource.attributes, record.attributes) })
}

/** Both forms of the document. */
function document(of: { resource?: object; attributes?: object }, ours: Readonly<Record<string, string>> = {}) {
  let found = { flat: {} as unknown, deep: {} as unknown }
  visit(of, (resource, item) => {
    const flat = new FlatDocument('base64')
    flat.addAttributes(resource, FROM.RESOURCE, same)
    flat.addAttributes(item, FROM.ITEM, same)
    for (const [name, value] of Object.entries(ours)) flat.addText(flatKeyOf(name), value)
    found = { flat: written((json) => flat.write(json, false)), deep: written((json) => flat.write(json, true)) }
  })
  return found
}

test('names with dots, or objects', async (t) => {
  const { flat, deep } = document({
    attributes: { 'a.b.c': text('1'), 'a.b.d': text('2'), 'a.e': text('3'), b: text('4') },
  })
  t.same(flat, { 'a.b.c': '1', 'a.b.d': '2', 'a.e': '3', b: '4' })
  t.same(deep, { a: { b: { c: '1', d: '2' }, e: '3' }, b: '4' })
})

test('of one name in several places the nearest to the item counts, and ours above all', async (t) => {
  const of = { resource: { x: text('r'), y: text('r'), z: text('r') }, attributes: { y: text('i'), z: text('i') } }
  t.same(document(of, { z: 'o' }).flat, { x: 'r', y: 'i', z: 'o' })
})

test('a value that others are below goes below it, whatever stands between them in the alphabet', async (t) => {
  const of = { attributes: { a: text('1'), 'a-b': text('2'), 'a b': text('3'), 'a.b': text('4'), 'a.b.c': text('5') } }
  t.same(document(of).deep, { a: { value: '1', b: { value: '4', c: '5' } }, 'a-b': '2', 'a b': '3' })
  t.same(document({ attributes: { a: text('1'), 'a.value': text('2'), 'a.b': text('3') } }).deep, {
    a: { value: '2', b: '3' },
  })
})

test('maps are names with dots; what has no value is left out', async (t) => {
  const map = {
    kvlistValue: { values: list({ b: text('1'), c: { kvlistValue: { values: list({ d: text('2') }) } } }) },
  }
  const lists = { arrayValue: { values: [{ kvlistValue: { values: list({ e: text('3') }) } }] } }
  const of = {
    attributes: { a: map, none: {}, empty: { arrayValue: {} }, list: lists, bytes: { bytesValue: Buffer.from('x') } },
  }
  t.same(document(of).deep, { a: { b: '1', c: { d: '2' } }, list: [{ e: '3' }], bytes: 'eA==' })
})

test('names that an index refuses', async (t) => {
  t.same(document({ attributes: { '': text('1'), '.a': text('2'), 'b..c': text('3'), 'd.': text('4') } }).flat, {
    '_.value': '1',
    '_.a': '2',
    'b._.c': '3',
    'd._': '4',
  })
})

test('a name can become others, or nothing', async (t) => {
  const names = new KeyTable((name) => (name === 'gone' ? [] : name === 'two' ? ['one', 'two'] : [name]))
  visit({ attributes: { gone: text('1'), two: text('2') } }, (_resource, item) => {
    const flat = new FlatDocument('hex')
    flat.addAttributes(item, FROM.ITEM, names)
    t.same(
      written((json) => flat.write(json, true)),
      { one: '2', two: '2' },
    )
  })
})

test('what is marked stays for the next item, and nothing else', async (t) => {
  visit({ resource: { r: text('1'), 'r.x': text('2') }, attributes: { i: text('3') } }, (resource, item) => {
    const flat = new FlatDocument('hex')
    flat.addAttributes(resource, FROM.RESOURCE, same)
    const mark = flat.mark()
    const expected = { r: { value: '1', x: '2' }, i: '3' }
    for (let round = 0; round < 3; round++) {
      flat.reset(mark)
      flat.addAttributes(item, FROM.ITEM, same)
      t.same(
        written((json) => flat.write(json, true)),
        expected,
      )
    }
    flat.reset()
    t.same(
      written((json) => flat.write(json, true)),
      {},
    )
  })
})

test('values of ours', async (t) => {
  const flat = new FlatDocument('hex')
  flat.add(flatKeyOf('time'), instantFromMillis(0))
  flat.add(flatKeyOf('n'), 1)
  flat.add(flatKeyOf('big'), 2n ** 60n)
  flat.add(flatKeyOf('yes'), true)
  flat.add(flatKeyOf('list'), (json) => {
    json.beginArray()
    json.endArray()
  })
  flat.addText(flatKeyOf('none'), '')
  const text = Buffer.alloc(0)
  t.equal(text.length, 0)
  t.same(
    written((json) => flat.write(json, false)),
    { time: '1970-01-01T00:00:00.000000000Z', n: 1, big: Number(2n ** 60n), yes: true, list: [] },
  )
})

test('documents of ever other names: nothing is kept for ever, and all are right', async (t) => {
  const flat = new FlatDocument('base64')
  let wrong = 0
  for (let i = 0; i < 30_000; i++) {
    if (i % 100 === 0) flat.reset()
    const mark = flat.mark()
    flat.addText(flatKeyOf(`a${i}.b`), 'x')
    flat.addText(flatKeyOf(`a${i}`), 'y')
    const deep = written((json) => flat.write(json, true)) as Record<string, object>
    if (JSON.stringify(deep) !== `{"a${i}":{"b":"x","value":"y"}}`) wrong++
    flat.reset(mark)
  }
  t.equal(wrong, 0)
})

test('a name of a million parts has as many levels as an index refuses, and no more; long names are not remembered', async (t) => {
  const key = flatKeyOf('a.'.repeat(1_000_000))
  t.equal(key.names.length, 64)
  t.equal(key.text.length, 2_000_000)
  t.equal(flatKeyOf('a.b'), flatKeyOf('a.b'))
  t.not(flatKeyOf('k'.repeat(2000)), flatKeyOf('k'.repeat(2000)))
})
