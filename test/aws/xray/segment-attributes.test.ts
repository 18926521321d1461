import { test } from 'tap'
import { type Document, documentOf, type Values } from './segments.ts'

const attributes: Values = {
  text: 'a "quoted"\nü text',
  int: 42,
  large: 9007199254740993n,
  double: { double: 1.5 },
  flag: false,
  list: ['a', 1, null],
  map: { map: { a: 1, b: { map: { c: 'd' } } } },
  bytes: Buffer.from([0, 255]),
  empty: null,
}

test('attributes are metadata, whatever they hold', async (t) => {
  t.strictSame(documentOf({ attributes }).metadata, {
    default: {
      text: 'a "quoted"\nü text',
      int: 42,
      large: Number('9007199254740993'),
      double: 1.5,
      flag: false,
      list: ['a', 1, null],
      map: { a: 1, b: { c: 'd' } },
      bytes: 'AP8=',
      empty: null,
    },
  })
  t.notOk('metadata' in documentOf({}))
  t.notOk('annotations' in documentOf({ attributes }))
})

test('indexed attributes are annotations, with X-Ray’s characters in their keys', async (t) => {
  const document = documentOf(
    { attributes: { ...attributes, 'key-a/b': 1, 'dotted.key': 2, 'ключ 1': true } },
    {},
    { indexedAttributes: ['text', 'int', 'double', 'flag', 'list', 'key-a/b', 'dotted.key', 'ключ 1', 'absent'] },
  )
  t.strictSame(document.annotations, {
    text: 'a "quoted"\nü text',
    int: 42,
    double: 1.5,
    flag: false,
    key_a_b: 1,
    'dotted.key': 2,
    _____1: true,
  })
  t.strictSame(Object.keys(document.metadata.default), ['large', 'list', 'map', 'bytes', 'empty'])
})

test('an attribute that stands elsewhere is an annotation too, if it is asked for', async (t) => {
  const attributes = { 'http.request.method': 'GET', 'url.full': 'http://a/' }
  const document = documentOf({ kind: 'client', attributes }, {}, { indexedAttributes: ['http.request.method'] })
  t.strictSame(document.annotations, { 'http.request.method': 'GET' })
  t.equal(document.http.request.method, 'GET')
  t.notOk(document.metadata)
  t.notOk('annotations' in documentOf({ kind: 'client', attributes }, {}, { indexAllAttributes: true }))
})

test('all attributes may be annotations; what cannot be one stays metadata', async (t) => {
  const document = documentOf({ attributes }, { 'service.name': 'shop', tags: ['a'] }, { indexAllAttributes: true })
  t.strictSame(Object.keys(document.annotations), [
    'text',
    'int',
    'large',
    'double',
    'flag',
    'otel.resource.service.name',
  ])
  t.strictSame(document.metadata.default, {
    'otel.resource.tags': ['a'],
    list: ['a', 1, null],
    map: { a: 1, b: { c: 'd' } },
    bytes: 'AP8=',
    empty: null,
  })
})

test('a span names its own annotations', async (t) => {
  const document = documentOf(
    { attributes: { a: 1, b: 2, c: 3, 'aws.xray.annotations': ['a', 'c', 'otel.resource.team', 'absent'] } },
    { team: 'x', 'service.name': 'shop' },
  )
  t.strictSame(document.annotations, { a: 1, c: 3, 'otel.resource.team': 'x' })
  t.strictSame(document.metadata.default, { 'otel.resource.service.name': 'shop', b: 2 })
  const none = documentOf({ attributes: { a: 1, 'aws.xray.annotations': 'a' } })
  t.strictSame(
    none.metadata.default,
    { a: 1, 'aws.xray.annotations': 'a' },
    'a list, or it is an attribute like any other',
  )
})

test('attributes of the resource are annotations of segments, not of subsegments', async (t) => {
  const indexed = { indexedAttributes: ['otel.resource.team'] }
  const resource = { team: 'x', 'service.name': 'shop' }
  t.strictSame(documentOf({}, resource, indexed).annotations, { 'otel.resource.team': 'x' })
  t.strictSame(documentOf({}, resource, indexed).metadata.default, { 'otel.resource.service.name': 'shop' })
  const sub = documentOf({ kind: 'client' }, resource, indexed)
  t.notOk(sub.annotations)
  t.notOk(sub.metadata)
})

test('no more than 50 annotations, those asked for by name first; the others are metadata', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i]))
  const document = documentOf(
    { attributes: { ...many, last: 'x' } },
    { team: 'x' },
    { indexAllAttributes: true, indexedAttributes: ['last'] },
  )
  t.equal(Object.keys(document.annotations).length, 50)
  t.equal(document.annotations.last, 'x')
  t.strictSame(
    { ...document.annotations, ...document.metadata.default },
    { ...many, last: 'x', 'otel.resource.team': 'x' },
  )
})

test('keys that are alike once cleaned: the second is metadata', async (t) => {
  const document = documentOf(
    { attributes: { 'a-b': 1, a_b: 2, 'a b': 3 } },
    {},
    { indexedAttributes: ['a-b', 'a_b', 'a b'] },
  )
  t.strictSame(document.annotations, { a_b: 1 })
  t.strictSame(document.metadata.default, { a_b: 2, 'a b': 3 })
})

test('a text of more than 1,000 characters is cut in the annotation and whole in the metadata', async (t) => {
  for (const text of ['x'.repeat(1001), `${'ü'.repeat(999)}𝒜`, '€'.repeat(2000)]) {
    const document = documentOf({ attributes: { text } }, {}, { indexedAttributes: ['text'] })
    t.ok(document.annotations.text.length <= 1000 && document.annotations.text.length >= 999)
    t.ok(text.startsWith(document.annotations.text))
    t.equal(document.metadata.default.text, text)
  }
  const fits = '€'.repeat(1000)
  const document = documentOf({ attributes: { text: fits } }, {}, { indexedAttributes: ['text'] })
  t.equal(document.annotations.text, fits)
  t.notOk(document.metadata)
  const key = 'k'.repeat(501)
  t.strictSame(documentOf({ attributes: { [key]: 1 } }, {}, { indexedAttributes: [key] }).metadata.default, {
    [key]: 1,
  })
})

test('numbers that JSON does not have are texts', async (t) => {
  const attributes = { nan: { double: Number.NaN }, infinity: { double: -Infinity } }
  const document = documentOf({ attributes }, {}, { indexedAttributes: ['nan'] })
  t.strictSame(document.annotations, { nan: 'NaN' })
  t.strictSame(document.metadata.default, { infinity: '-Infinity' })
})

test('the user is a field of its own', async (t) => {
  const document = documentOf({ attributes: { 'enduser.id': 'u"1' } })
  t.equal(document.user, 'u"1')
  t.notOk(document.metadata)
  t.strictSame(documentOf({ attributes: { 'enduser.id': 5 } }).metadata.default, { 'enduser.id': 5 })
})

test('metadata by namespace', async (t) => {
  const given = (attributes: Values): Document => documentOf({ attributes }).metadata
  t.strictSame(
    given({ 'aws.xray.metadata.shop': ' { "a": [1, {"b": "ü\\n"}], "n": 12345678901234567890 } ', other: 1 }),
    {
      default: { other: 1 },
      shop: { a: [1, { b: 'ü\n' }], n: 12345678901234567000 },
    },
  )
  t.strictSame(given({ 'aws.xray.metadata.Default': '{"a":1}', b: 2 }), { default: { a: 1, b: 2 } })
  t.strictSame(given({ 'aws.xray.metadata.default': '{}' }), { default: {} })
  t.strictSame(given({ 'aws.xray.metadata.default': '{"a":1}', a: 2 }), { default: { a: 1, 'otel.attribute.a': 2 } })
  t.strictSame(given({ 'aws.xray.metadata.default': '{"a":1}', 'aws.xray.metadata.DEFAULT': '{"a":2}' }), {
    default: { a: 1, 'aws.xray.metadata.DEFAULT': '{"a":2}' },
  })
  for (const text of ['', 'no json', '[1]', '7', 'null', '{"a":1'])
    t.strictSame(given({ 'aws.xray.metadata.x': text }), { default: { 'aws.xray.metadata.x': text } })
  t.strictSame(given({ 'aws.xray.metadata.x': 7 }), { default: { 'aws.xray.metadata.x': 7 } })
})
