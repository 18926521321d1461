import { inspect } from 'node:util'
import { test } from 'tap'
import * as v from 'valibot'
import {
  duration,
  flag,
  integer,
  list,
  number,
  oneOf,
  parseDuration,
  parseSize,
  record,
  secret,
  size,
  text,
  texts,
} from '../../src/config/index.ts'

const problem = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).issues?.[0].message

test('a duration is one of Go’s, or a number of nanoseconds', async (t) => {
  const cases: [string, number | undefined][] = [
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['1ns', 1e-6],
    ['0', 0],
    ['-1s', -1000],
    ['+2s', 2000],
    ['', undefined],
    ['s', undefined],
    ['1', undefined],
    ['1 s', undefined],
    ['1d', undefined],
    ['1e99h', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['9'.repeat(30), undefined],
    [`${'9'.repeat(30)}h`, undefined],
    ['2562047h47m16.854775807s', 9223372036854.775],
  ]
  for (const [text, ms] of cases) t.equal(parseDuration(text), ms, JSON.stringify(text))
  t.equal(v.parse(duration, 5_000_000), 5)
})

test('a hostile text of digits is refused in no time', async (t) => {
  t.equal(parseDuration('1'.repeat(1_000_000)), undefined)
  t.equal(parseSize(`${'1'.repeat(1_000_000)}!`), undefined)
})

test('a negative, endless or unreadable duration is refused', async (t) => {
  t.equal(problem(duration, '-1s'), 'must not be negative')
  t.equal(problem(duration, -1), 'must not be negative')
  for (const value of ['1e99h', 'NaN', Number.NaN, Number.POSITIVE_INFINITY, 1e300, true, [], '5 seconds'])
    t.equal(problem(duration, value), 'must be a duration such as 200ms, 5s or 1m30s', String(value))
})

test('a size has a unit of a thousand or of 1,024, or none', async (t) => {
  const cases: [string, number | undefined][] = [
    ['20MiB', 20_971_520],
    ['1kb', 1000],
    ['1KiB', 1024],
    ['1.5 GiB', 1_610_612_736],
    ['2TB', 2e12],
    ['512', 512],
    ['12b', 12],
    ['', undefined],
    ['MiB', undefined],
    ['1 toString', undefined],
    ['-1', undefined],
    ['999999999999TiB', undefined],
  ]
  for (const [text, bytes] of cases) t.equal(parseSize(text), bytes, JSON.stringify(text))
  t.equal(v.parse(size, 4096), 4096)
  for (const value of [-1, 1.5, Number.NaN, 'big']) t.match(problem(size, value), /must be a size such as/)
})

test('a secret shows itself only when asked to', async (t) => {
  const token = v.parse(secret, 'hush')
  t.equal(token.reveal(), 'hush')
  for (const shown of [String(token), `${token}`, JSON.stringify({ token }), inspect({ token })])
    t.notMatch(shown, /hush/)
})

test('numbers, texts and choices say what they would have taken', async (t) => {
  t.equal(problem(integer(1), 0), 'must be at least 1')
  t.equal(problem(integer(0, 10), 11), 'must be at most 10')
  t.equal(problem(integer(), 1.5), 'must be a whole number')
  t.equal(problem(integer(), '5'), 'must be a whole number')
  t.equal(problem(number(0, 1), 2), 'must be at most 1')
  t.equal(problem(number(), Number.NaN), 'must be a number')
  t.equal(problem(text, 5), 'must be a text')
  t.equal(problem(flag, 'true'), 'must be true or false')
  t.equal(problem(oneOf(['gzip', '']), 'zip'), 'must be one of gzip, ""')
  t.equal(problem(list(text), 'a'), 'must be a list')
})

test('a text stands for a list of texts, cut at its commas', async (t) => {
  t.same(v.parse(texts, 'a,b'), ['a', 'b'])
  t.same(v.parse(texts, ''), [])
  t.same(v.parse(texts, ['a,b']), ['a,b'])
})

test('a key of a mapping such as __proto__ is a key like any other', async (t) => {
  const input: Record<string, unknown> = JSON.parse('{"__proto__":"a","constructor":"b","x":"c"}')
  const parsed = v.parse(record(text), input)
  t.equal(Object.getPrototypeOf(parsed), null)
  t.same(Object.keys(parsed).sort(), ['__proto__', 'constructor', 'x'])
})
