import { test } from 'tap'
import { Builder, parseJsonValue } from '../../src/data/index.ts'

test('a JSON text becomes a value, integers exact to 64 bits', async (t) => {
  const rows: readonly [text: string, value: unknown][] = [
    ['"a"', 'a'],
    ['null', null],
    ['[1, true, 1.5]', [1, true, 1.5]],
    ['{"a": {"b": [1]}}', new Map([['a', new Map([['b', [1]]])]])],
    ['{"id": 9223372036854775807}', new Map([['id', 9223372036854775807n]])],
    ['[-9223372036854775808, 9007199254740993]', [-9223372036854775808n, 9007199254740993n]],
    ['9223372036854775808', 2 ** 63],
    ['0.12345678901234567', Number('0.12345678901234567')],
    ['{"a": 1, "a": 2}', new Map([['a', 2]])],
    ['{"__proto__": 1}', new Map([['__proto__', 1]])],
  ]
  for (const [text, value] of rows) t.same(parseJsonValue(text), value, text)
})

test('what is no JSON, or nests too deep, is no value', async (t) => {
  for (const text of ['', 'plain', '{"a":', "{'a': 1}", '{"a": 1} {"b": 2}', `${'['.repeat(33)}${']'.repeat(33)}`]) {
    t.equal(parseJsonValue(text), undefined, text.slice(0, 20))
  }
  t.not(parseJsonValue(`${'['.repeat(32)}${']'.repeat(32)}`), undefined)
})

test('such a value can be written and read again', async (t) => {
  const value = parseJsonValue('{"level": "info", "id": 1234567890123456789, "deep": [{"x": null}], "ok": true}')!
  const builder = new Builder('logs')
  builder.resource(() => {})
  builder.add((record) => record.body(value))
  let body: unknown
  builder.build().visit({ onLog: (record) => void (body = record.body) })
  t.same(body, value)
})
