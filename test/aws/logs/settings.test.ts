// The settings of exporters that write to log groups, as a config says them.
import { test } from 'tap'
import * as v from 'valibot'
import { logGroupSettings } from '../../../src/aws/logs/settings.ts'
import { section } from '../../../src/config/schema.ts'

const configOf = (input: object) => v.parse(section(logGroupSettings()), input)

test('log_retention is one of the days that AWS has, and the message says which, once', async (t) => {
  t.equal(configOf({}).log_retention, 0)
  t.equal(configOf({ log_retention: 2557 }).log_retention, 2557)
  for (const days of [2, 31, 7 * 365, -1, 1.5])
    t.throws(() => configOf({ log_retention: days }), {
      message: /^must be one of 0, 1, 3, [^got]*, 3653 \(0: for ever\)$/,
    })
})

test('tags are at most 50, of the characters that AWS takes', async (t) => {
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']))
  t.equal(Object.keys(configOf({ tags: tags(50) }).tags).length, 50)
  t.throws(() => configOf({ tags: tags(51) }), { message: 'must be at most 50 tags' })
  for (const key of ['', 'a*', 'k'.repeat(129)])
    t.throws(() => configOf({ tags: { [key]: 'v' } }), {
      message: `must have keys of 1 to 128 letters, digits, spaces and _ . : / = + - @, has "${key}"`,
    })
  for (const value of ['', 'a*', 'v'.repeat(257)])
    t.throws(() => configOf({ tags: { k: value } }), {
      message: `must have values of 1 to 256 letters, digits, spaces and _ . : / = + - @, has "${value}"`,
    })
})

test('a log_retention that is no number, and a class that AWS has not, are refused', async (t) => {
  t.throws(() => configOf({ log_retention: '30' }), { message: /whole number/ })
  t.throws(() => configOf({ log_group_class: 'standard' }), { message: /must be one of/ })
  t.same(configOf({ tags: { 'aws:team/x=1': 'größe +@' } }).tags, { 'aws:team/x=1': 'größe +@' })
})
