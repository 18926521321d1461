import { test } from 'tap'
import { Secret } from '../../src/config/index.ts'
import { trackReads } from '../../src/testing/index.ts'

const config = () => ({
  endpoint: 'localhost:1',
  retry: { enabled: true, initial_interval: 5 },
  actions: [{ key: 'a', value: 1 }, { key: 'b' }],
  headers: Object.assign(Object.create(null), { a: new Secret('hush') }),
  empty: {},
  absent: undefined,
})

test('what nobody has read is named, deep in sections and lists', async (t) => {
  const { value, unread } = trackReads(config())
  t.same(unread().length, 8)
  t.equal(value.endpoint, 'localhost:1')
  t.equal(value.retry.enabled, true)
  for (const { key } of value.actions) t.ok(key)
  t.same(unread(), ['retry.initial_interval', 'actions.0.value', 'headers.a', 'empty'])
  t.equal(value.headers.a.reveal(), 'hush', 'an instance of a class is handed out as it is')
  t.equal(Object.keys(value.empty).length, 0)
  t.same(unread(), ['retry.initial_interval', 'actions.0.value'])
})

test('taking a section without looking into it is not reading its settings', async (t) => {
  const { value, unread, read } = trackReads(config())
  const { retry } = value
  t.ok(retry)
  t.ok(read.has('retry'))
  t.ok(unread().includes('retry.enabled'))
})

test('spreading and printing read what they touch, and the same section is the same object', async (t) => {
  const { value, unread } = trackReads(config())
  t.equal(value.retry, value.retry)
  t.same({ ...value.retry }, { enabled: true, initial_interval: 5 })
  t.same(JSON.parse(JSON.stringify(value)), JSON.parse(JSON.stringify(config())))
  t.same(unread(), [])
  t.ok(Array.isArray(value.actions))
})

test('a frozen config can be wrapped', async (t) => {
  const { value, unread } = trackReads(Object.freeze({ a: Object.freeze({ b: 1 }), c: 2 }))
  t.equal(value.a.b, 1)
  t.equal(value.c, 2)
  t.ok(unread())
})
