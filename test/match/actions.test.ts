import { test } from 'tap'
import * as v from 'valibot'
import type { AnyValue, AnyVisitor, Context, Visitor } from '../../src/data/index.ts'
import { actionList } from '../../src/match/actionconfig.ts'
import { compileActions } from '../../src/match/actions.ts'
import { testContext } from '../../src/testing/index.ts'
import { type Random, seeded } from '../data/random.ts'
import { attributeInput } from '../kit/attributes.ts'
import { batchOf } from '../kit/otlp.ts'

const edit = (...actions: object[]): ReturnType<typeof compileActions> => compileActions(v.parse(actionList, actions))

/** What the actions make of one attribute `key`. */
function result(key: string, value: object, actions: object[], context: Context = testContext()): AnyValue | undefined {
  const batch = batchOf('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key, value }] }] }] }],
  })
  const apply = edit(...actions)
  let found: AnyValue | undefined
  batch.rewrite([{ onSpan: ({ attributes }) => apply(attributes, context) }], context).visit({
    onSpan: ({ attributes }) => {
      found = attributes.get('result') ?? attributes.get(key)
    },
  })
  return found
}

test('what came with the request can become an attribute', async (t) => {
  const context: Context = {
    ...testContext({ 'x-tenant': ['a', 'b'], 'auth.user': ['spoofed'] }),
    clientAddress: '10.0.0.1',
    auth: new Map([['user', ['alice']]]),
  }
  const take = (from_context: string, more: object = {}): AnyValue | undefined =>
    result('x', {}, [{ key: 'result', from_context, action: 'insert', ...more }], context)
  t.equal(take('metadata.X-Tenant'), 'a;b')
  t.equal(take('x-tenant'), 'a;b')
  t.equal(take('auth.user'), 'alice', 'a header of that name does not count')
  t.equal(take('client.address'), '10.0.0.1')
  t.equal(take('metadata.absent'), null)
  t.equal(take('metadata.absent', { default_value: 'nobody' }), 'nobody')
})

test('a boolean is made of texts as Go reads them, and of numbers', async (t) => {
  const toBool = (value: object): AnyValue | undefined =>
    result('x', value, [{ key: 'x', action: 'convert', converted_type: 'bool' }])
  for (const stringValue of ['1', 't', 'T', 'true', 'TRUE', 'True']) t.equal(toBool({ stringValue }), true)
  for (const stringValue of ['0', 'f', 'F', 'false', 'FALSE', 'False']) t.equal(toBool({ stringValue }), false)
  for (const stringValue of ['', 'yes', 'tRUE', '2']) t.equal(toBool({ stringValue }), stringValue)
  t.equal(toBool({ intValue: '0' }), false)
  t.equal(toBool({ intValue: '9007199254740993' }), true)
  t.equal(toBool({ doubleValue: -0 }), false)
  t.equal(toBool({ doubleValue: 0.1 }), true)
  t.equal(toBool({ boolValue: true }), true)
  t.same(toBool({ arrayValue: { values: [] } }), [])
})

test('a double that no integer can hold stays', async (t) => {
  for (const doubleValue of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63, -1e300])
    t.same(result('x', { doubleValue }, [{ key: 'x', action: 'convert', converted_type: 'int' }]), doubleValue)
  t.equal(
    result('x', { doubleValue: -(2 ** 63) }, [{ key: 'x', action: 'convert', converted_type: 'int' }]),
    -(2n ** 63n),
  )
})

test('a pattern costs the same for a key however often it comes', async (t) => {
  const apply = edit({ pattern: '^k[0-4]', action: 'delete' })
  const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`)
  const batch = batchOf('traces', {
    resourceSpans: [{ scopeSpans: [{ spans: keys.map((key) => ({ attributes: [{ key, value: {} }] })) }] }],
  })
  let left = 0
  batch
    .rewrite([{ onSpan: ({ attributes }) => apply(attributes, testContext()) }], testContext())
    .visit({ onSpan: ({ attributes }) => void (left += attributes.size) })
  t.equal(left, keys.filter((key) => !/^k[0-4]/.test(key)).length)
})

test('keys such as __proto__ are data, in values too', async (t) => {
  const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')
  const made = result('x', {}, [
    { key: '__proto__', value, action: 'insert' },
    { key: 'result', from_attribute: '__proto__', action: 'insert' },
  ])
  t.same(
    made,
    new Map<string, AnyValue>([
      ['__proto__', new Map([['x', 1]])],
      ['constructor', 2],
    ]),
  )
})

test('errors stand at the setting that is wrong', async (t) => {
  const issues = (action: object): string[] =>
    (v.safeParse(actionList, [action]).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
  t.same(issues({ key: 'a', action: 'insert' }), [
    '0: insert needs a value, from_attribute, from_context or default_value',
  ])
  t.same(issues({ key: 'a', action: 'insert', value: '' }), [])
  t.same(issues({ action: 'delete' }), ['0: delete needs a key or a pattern'])
  t.same(issues({ key: 'a', action: 'insert', value: 1, from_attribute: 'b' }), [
    '0.from_attribute: cannot be combined with value',
  ])
  t.same(issues({ key: 'a', action: 'hash', value: 1 }), ['0.value: is not used by hash'])
  t.same(issues({ key: 'a', action: 'extract', pattern: '(x)' }), [
    '0.pattern: must have a name for each group: (?P<name>…), or (?:…)',
  ])
  t.match(issues({ key: 'a', action: 'extract', pattern: 'a(?=b)' }), [/^0\.pattern: lookahead/])
  t.match(issues({ key: 'a', action: 'rename' }), [/^0\.action: must be one of insert, update/])
  let deep: unknown = 1
  for (let i = 0; i < 40; i++) deep = [deep]
  t.same(issues({ key: 'a', action: 'insert', value: deep }), ['0.value: must not nest deeper than 32'])
})

test('fused action lists do what they do one after the other', async (t) => {
  const random = seeded(11)
  let cases = 0
  for (; cases < 400; cases++) {
    const signal = (['traces', 'logs', 'metrics'] as const)[random(3)]!
    const visitors = Array.from({ length: 2 + random(3) }, () => visitorOf(randomActions(random), random))
    const batch = attributeInput[signal]
    const context = testContext({ 'x-tenant': ['a'] })
    const fused = batch.rewrite(visitors as Visitor[], context)
    let chained = batch
    for (const visitor of visitors) chained = chained.rewrite([visitor as Visitor], context)
    if (!Buffer.concat(fused.chunks).equals(Buffer.concat(chained.chunks))) t.fail(`case ${cases}, ${signal}`)
  }
  t.ok(cases > 0)
})

function visitorOf(actions: object[], random: Random): AnyVisitor {
  const apply = edit(...actions)
  if (random(4) === 0) return { onResource: ({ attributes }, context) => apply(attributes, context) }
  const onItem = ({ attributes }: { attributes: Parameters<typeof apply>[0] }, context: Context): void =>
    apply(attributes, context)
  return {
    onSpan: (span, _scope, _resource, context) => onItem(span, context),
    onLog: (record, _scope, _resource, context) => onItem(record, context),
    onPoint: (point, _metric, _scope, _resource, context) => onItem(point, context),
  }
}

function randomActions(random: Random): object[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const keys = ['http.route', 'flag', 'count', 'map', 'new', 'service.name', 'list', 'other']
  return Array.from({ length: 1 + random(4) }, () => {
    const key = pick(keys)
    return pick<() => object>([
      () => ({ key, action: pick(['insert', 'update', 'upsert']), value: pick(['a', 1, true, [1], { b: 2 }]) }),
      () => ({ key, action: pick(['insert', 'update', 'upsert']), from_attribute: pick(keys), default_value: 'none' }),
      () => ({ key, action: 'upsert', from_context: 'x-tenant' }),
      () => ({ key, action: pick(['delete', 'hash']), pattern: pick([undefined, '^f', 'e']) }),
      () => ({ key, action: 'extract', pattern: '(?P<new>[a-z]+)/?(?P<other>\\d)?' }),
      () => ({ key, action: 'convert', converted_type: pick(['int', 'double', 'string', 'bool']) }),
    ])()
  })
}
