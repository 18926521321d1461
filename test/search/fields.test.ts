import assert from 'node:assert/strict'
import { test } from 'tap'
import { BASE64, LeftOut, withKnownNames, writeAttributeFields } from '../../src/search/fields.ts'
import { seeded } from '../data/random.ts'
import { batchOf } from '../kit/otlp.ts'
import { written } from './kit.ts'

type Pairs = readonly (readonly [string, object])[]

/** What `use` finds in the attributes of a log record. */
function withAttributes<T>(pairs: Pairs, use: (attributes: import('../../src/data/index.ts').Attributes) => T): T {
  const record = { attributes: pairs.map(([key, value]) => ({ key, value })) }
  let found: T | undefined
  batchOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }).visit({
    onLog(log) {
      found = use(log.attributes)
    },
  })
  return found!
}

/** The attributes as a document has them. */
const fieldsOf = (pairs: Pairs, reserved: readonly string[] = []): unknown =>
  withAttributes(pairs, (attributes) =>
    written((json) => writeAttributeFields(json, attributes, { bytesAs: 'base64', leftOut: new LeftOut(reserved) })),
  )

const text = (stringValue: string) => ({ stringValue })
const map = (...values: [string, object][]) => ({
  kvlistValue: { values: values.map(([key, value]) => ({ key, value })) },
})

test('a name stands once: the first counts', async (t) => {
  const twice: Pairs = [
    ['a', text('1')],
    ['b', text('2')],
    ['a', text('3')],
    ['a', text('4')],
  ]
  t.same(fieldsOf(twice), { a: '1', b: '2' })
  t.same(fieldsOf([['m', map(['x', text('1')], ['x', text('2')])]]), { m: { x: '1' } })
})

test('what is a value and an object is both: the value goes below it', async (t) => {
  const a = ['a', text('0')] as const
  const b = ['a.b', text('1')] as const
  const c = ['a.b.c', text('2')] as const
  t.same(fieldsOf([a, b]), { 'a.value': '0', 'a.b': '1' })
  t.same(fieldsOf([b, a]), { 'a.value': '0', 'a.b': '1' })
  t.same(fieldsOf([c, b, a]), { 'a.value': '0', 'a.b.value': '1', 'a.b.c': '2' })
  t.same(fieldsOf([a, ['a.value', text('x')], b]), { 'a.value': 'x', 'a.b': '1' })
  t.same(fieldsOf([['a', map(['x', text('1')])], b]), { a: { x: '1' }, 'a.b': '1' })
  t.same(fieldsOf([['ab', text('1')], a, ['a-b', text('3')]]), { ab: '1', a: '0', 'a-b': '3' })
})

test('names that an index refuses are written so that it does not', async (t) => {
  const odd: Pairs = [
    ['', text('1')],
    ['.a', text('2')],
  ]
  t.same(fieldsOf(odd), { _: '1', _a: '2' })
})

test('hundreds of attributes follow the same rules', async (t) => {
  const many = Array.from({ length: 500 }, (_, i): [string, object] => [`k${i % 400}`, text(`${i}`)])
  const fields = fieldsOf([...many, ['k7.inner', text('x')]]) as Record<string, string>
  t.equal(Object.keys(fields).length, 401)
  t.equal(fields.k0, '0')
  t.equal(fields['k7.value'], '7')
  t.equal(fields['k7.inner'], 'x')
})

test('names of our own win', async (t) => {
  const own: Pairs = [
    ['data_stream', text('1')],
    ['data_stream.dataset', text('2')],
  ]
  t.same(fieldsOf(own, ['data_stream']), { 'data_stream.dataset': '2' })
})

test('values are what an index can hold', async (t) => {
  const values: Pairs = [
    ['nan', { doubleValue: Number.NaN }],
    ['infinite', { doubleValue: Number.POSITIVE_INFINITY }],
    ['half', { doubleValue: 0.5 }],
    ['int', { intValue: -7 }],
    ['bool', { boolValue: false }],
    ['bytes', { bytesValue: Buffer.from('abc') }],
    ['list', { arrayValue: { values: [{ doubleValue: Number.NaN }, text('x'), {}] } }],
    ['empty', {}],
    ['__proto__', text('data')],
  ]
  const expected =
    '{"nan":null,"infinite":null,"half":0.5,"int":-7,"bool":false,"bytes":"YWJj","list":[null,"x",null],"empty":null,"__proto__":"data"}'
  t.same(fieldsOf(values), JSON.parse(expected))
})

test('a whole double keeps its fraction, so that its field does not become one for whole numbers', async (t) => {
  const doubles = [1, -2, -0, 1e300, 2 ** 60].map((doubleValue, i): [string, object] => [`k${i}`, { doubleValue }])
  let json = ''
  withAttributes(doubles, (attributes) =>
    written((writer) => {
      writeAttributeFields(writer, attributes, BASE64)
      json = writer.out.bytes.toString('utf8', 0, writer.out.length)
    }),
  )
  t.equal(json, '{"k0":1.0,"k1":-2.0,"k2":-0.0,"k3":1e+300,"k4":1152921504606847000.0}')
})

test('fields are the same whether their names have been met before or not', async (t) => {
  const random = seeded(31)
  const names = ['a', 'a.b', 'b', 'abcd', 'abce', 'abcd.e', 'ours', 'http.route', 'é"', '.a', '', 'x'.repeat(130)]
  const value = (): object =>
    [text('v'), { intValue: random(70_000) }, { boolValue: true }, { doubleValue: 1.5 }, map(['x', text('y')])][
      random(5)
    ]!
  let cases = 0
  for (const hasPlainDots of [false, true]) {
    const options = { bytesAs: 'hex', leftOut: new LeftOut(['ours']), hasPlainDots } as const
    const remembering = withKnownNames(options)
    for (let round = 0; round < 1500; round++) {
      // Most of the time names that get on with each other; sometimes one more than is remembered.
      const pool = random(3) === 0 ? names : [...names.slice(2, 5), ...names.slice(6, 8), `n${random(40)}`]
      const pairs = Array.from({ length: random(6) }, () => [pool[random(pool.length)]!, value()] as const)
      withAttributes(pairs, (attributes) =>
        assert.deepEqual(
          written((json) => writeAttributeFields(json, attributes, remembering)),
          written((json) => writeAttributeFields(json, attributes, options)),
        ),
      )
      cases++
    }
  }
  t.equal(cases, 3000)
})
