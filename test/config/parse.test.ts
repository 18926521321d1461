import { test } from 'tap'
import { parseYaml } from '../../src/config/parse.ts'
import { formatPath } from '../../src/config/problem.ts'
import { Source } from '../../src/config/source.ts'
import { plainOf } from '../../src/config/tree.ts'

const parse = (text: string) => parseYaml(new Source('c.yaml', text))
const value = (text: string) => {
  const { node, problems } = parse(text)
  if (problems.length > 0) throw new Error(problems[0]!.message)
  return plainOf(node)
}
const json = (text: string) => JSON.stringify(value(text))
const said = (text: string): string[] =>
  parse(text).problems.map(({ location, path, message, hint }) => {
    const where = path.length > 0 ? `${formatPath(path)}: ` : ''
    return `${location?.line}:${location?.column}+${location?.length} ${where}${message}${hint ? `; ${hint}` : ''}`
  })

test('an unquoted value is what the Go collector’s YAML takes it for', async (t) => {
  const cases: [string, unknown][] = [
    ['0622', 402],
    ['0o622', 402],
    ['-0622', -402],
    ['089', 89],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['+5', 5],
    ['-0', -0],
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['1e400', Number.POSITIVE_INFINITY],
    ['.inf', Number.POSITIVE_INFINITY],
    ['-.Inf', Number.NEGATIVE_INFINITY],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['18446744073709551616', 2 ** 64],
    ['-9223372036854775808', -9223372036854775808n],
    ['true', true],
    ['False', false],
    ['yes', 'yes'],
    ['on', 'on'],
    ['y', 'y'],
    ['null', null],
    ['~', null],
    ['', null],
    ['2024-01-01', '2024-01-01'],
    ['12:30', '12:30'],
    ['1.2.3', '1.2.3'],
    ['0x', '0x'],
    ['1__', 1],
    ['-', '-'],
    ['+', '+'],
    ['.', '.'],
    ['1e', '1e'],
    ['0xg', '0xg'],
  ]
  for (const [text, wanted] of cases) {
    if (text === '-') continue
    t.equal((value(`a: ${text}`) as { a: unknown }).a, wanted, text)
  }
  t.ok(Number.isNaN((value('a: .nan') as { a: number }).a))
  t.same(json('a: ["0622", \'true\', "null"]'), '{"a":["0622","true","null"]}')
  t.equal(
    (value(`a: ${'9'.repeat(1_000_00)}`) as { a: string }).a.length,
    100_000,
    'a number of a hundred thousand digits is a text',
  )
})

test('tags of YAML itself are understood, all others are refused', async (t) => {
  t.equal(
    json('a: !!str 5\nb: !!int "5"\nc: !!float 1\nd: !!bool "true"\ne: !!null ""\nf: ! 5\ng: !!map {}\nh: !!seq []'),
    '{"a":"5","b":5,"c":1,"d":true,"e":null,"f":"5","g":{},"h":[]}',
  )
  t.equal(json('a: !!binary aGVsbG8='), '{"a":"hello"}')
  const hint = 'leave the tag out'
  const message = 'is not taken; a config holds plain values, never code'
  t.same(said('a: !!js/function x'), [`1:18+1 a: the tag !!js/function ${message}; ${hint}`])
  t.same(said('a: !!python/object:os.system {x: y}'), [
    `1:30+6 a: the tag !!python/object:os.system ${message}; ${hint}`,
  ])
  t.same(said('a: !mine [x]'), [`1:10+3 a: the tag !mine ${message}; ${hint}`])
  t.same(said('a: !!int five'), ['1:10+4 a: is no !!int'])
})

test('anchors, aliases and merge keys work, and what is written out wins', async (t) => {
  t.equal(json('a: &x {b: 1}\nc: *x'), '{"a":{"b":1},"c":{"b":1}}')
  t.equal(json('d: &d {b: 1, c: 2}\na:\n  <<: *d\n  c: 3'), '{"d":{"b":1,"c":2},"a":{"c":3,"b":1}}')
  t.equal(
    json('d: &d {b: 1}\ne: &e {b: 2, c: 3}\na: {<<: [*d, *e]}'),
    '{"d":{"b":1},"e":{"b":2,"c":3},"a":{"b":1,"c":3}}',
  )
  t.equal(json('a: &x b\n*x : c'), '{"a":"b","b":"c"}')
  t.same(said('a: *x'), ['1:4+2 a: there is no anchor &x above'])
  t.same(said('a: &x [*x]'), ['1:8+2 a[0]: *x stands inside of &x, which would never end'])
  t.same(said('a: {<<: 5}'), ['1:9+1 a: what << merges in must be a mapping'])
})

test('aliases that multiply without measure are refused in no time', async (t) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  const [problem, ...others] = said(lines.join('\n'))
  t.match(problem, /^5:\d+\+3 a4\[\d\]: aliases multiply this to more than 100000 values; write the values out/)
  t.same(others, [])
})

test('a key twice says where it was first', async (t) => {
  t.same(said('a:\n  b: 1\n  c: 2\n  b: 3'), ['4:3+1 a::b: is here twice; the first is in line 2; keep one of the two'])
  t.same(said('{a: 1, "a": 2}'), ['1:8+3 a: is here twice; the first is in line 1; keep one of the two'])
})

test('a key is a text: numbers and words are taken as they are written, lists are not', async (t) => {
  t.same(Object.keys(value('404: a\n0622: b\ntrue: c\nnull: d\n1.50: e') ?? {}), [
    '404',
    '0622',
    'true',
    'null',
    '1.50',
  ])
  t.same(said('? [a]\n: b'), ['1:3+3 a key must be a text'])
  t.same(said(': b'), ['1:1+1 a key is missing in front of the colon'])
  t.same(said('a: {: b}'), ['1:5+1 a: a key is missing in front of the colon'])
})

test('keys such as __proto__ are keys', async (t) => {
  const root = value('__proto__: {polluted: 1}\nconstructor: 2\na: {__proto__: 3, toString: 4}')
  t.equal(Object.getPrototypeOf(root), null)
  t.same(Object.keys(root ?? {}), ['__proto__', 'constructor', 'a'])
  t.equal(Reflect.get({}, 'polluted'), undefined)
  t.equal(JSON.stringify(root), '{"__proto__":{"polluted":1},"constructor":2,"a":{"__proto__":3,"toString":4}}')
})

test('slips that everyone makes have messages made for them', async (t) => {
  const cases: [string, string][] = [
    ['a:\n\tb: c', '2:1+1 a tab stands where only spaces may: indentation; put spaces in place of the tab'],
    ['a:\n  b: c\n \t d: e', '3:2+1 a tab stands where only spaces may: indentation; put spaces in place of the tab'],
    ['a:\n  x:localhost\n  d: e', '2:4+1 a space is missing after the colon; write x: localhost'],
    [
      'a:\n  d: e\n  endpoint:localhost:4317',
      '3:11+1 a space is missing after the colon; write endpoint: localhost:4317',
    ],
    [
      'a: {PodName}/x',
      '1:4+11 an unquoted value that begins with { is a mapping; quotes make it a text: a: "{PodName}/x"',
    ],
    ['a: b: c', '1:4+1 an unquoted value has a colon with a space in it; put the value in quotes'],
    [
      'a: 1\n  b: 2',
      '1:4+1 this key has a value, and indented lines below it; the lines below belong to the left, in line with this key, or the value away',
    ],
    ['a: @x', '1:4+1 an unquoted value cannot begin with @; put the value in quotes'],
    ['a: %{x}', '1:4+1 an unquoted value cannot begin with %; put the value in quotes'],
    [
      'a: "\\d+"',
      '1:5+1 a backslash in double quotes begins an escape, and there is none such; single quotes leave backslashes alone: regular expressions stand best in them',
    ],
    ['a: "x\nb: c', '2:5+1 a quote is opened and never closed'],
    ['a: [b\nc: d', '2:1+1 a ] is missing; what begins with [ ends with ]'],
    ['a: {b: c\nd: e', '2:1+1 a } is missing; what begins with { ends with }'],
    ['a: - b', '1:4+1 a list cannot begin in the line of its key; put the dash in a line of its own'],
    ['a\nb: c', '1:1+1 a key goes over several lines; a colon is missing, or the indentation differs'],
    ['a: b\nc', '2:1+1 a key without a colon; a mapping is written key: value, a list with a dash before each'],
    ['a: {b: ${env:X}, c: d}', '1:8+8 inside of { } or [ ] a reference needs quotes; write "${env:X}"'],
    ['a: {b: ${env:X:-hush}}', '1:8+14 inside of { } or [ ] a reference needs quotes; write "${env:X:-…}"'],
    ['a: *', '1:4+1 an alias needs a name; put the value in quotes if * belongs to it'],
    [
      '- a\nb: c',
      '2:1+1 this fits nothing above it; keys of one mapping stand in one column, the items of a list under one another',
    ],
    [
      '  a: 1\nb: 2',
      '2:1+1 this fits nothing above it; keys of one mapping stand in one column, the items of a list under one another',
    ],
  ]
  for (const [text, wanted] of cases) t.equal(said(text)[0], wanted, JSON.stringify(text))
})

test('of a broken text the first error and what each line shows by itself are said, not their echoes', async (t) => {
  t.equal(said('- a\nb: c\nd: e\nf: g').length, 1)
  t.same(
    said('a:\n  b: c\n  d:e\n\tf: g').map((line) => line.slice(0, 3)),
    ['4:1', '3:4'],
  )
  t.ok(said(Array(50).fill('a:\n\tb: c').join('\n')).length <= 5)
})

test('only the first of several documents is read, with a warning', async (t) => {
  const { node, problems } = parse('a: 1\n---\nb: 2\n')
  t.equal(JSON.stringify(plainOf(node)), '{"a":1}')
  t.match(problems, [
    { severity: 'warning', message: 'only what stands above this --- is read', location: { line: 2 } },
  ])
  t.equal(json('---\na: 1\n...\n'), '{"a":1}')
})

test('YAML that the Go collector reads is read', async (t) => {
  t.equal(json('a: [\n  b,\n]\nc: {\n  d: e\n}\n'), '{"a":["b"],"c":{"d":"e"}}')
  t.equal(json('a:\n- b\n- c'), '{"a":["b","c"]}')
  t.equal(json('a:\tb # c'), '{"a":"b"}')
  t.equal(json('\uFEFFa: 1'), '{"a":1}')
  t.equal(json('a: 1\r\nb:\r\n  - 2\r\n'), '{"a":1,"b":[2]}')
  t.equal(json('%YAML 1.1\n---\na: yes'), '{"a":"yes"}')
  t.equal(json('a: |\n  x\n   y\nb: >-\n  x\n  y\n'), '{"a":"x\\n y\\n","b":"x y"}')
  t.equal(json('{"a": {"b": [1, "c"]}}'), '{"a":{"b":[1,"c"]}}')
  t.equal(json('{grpc, http: }'), '{"grpc":null,"http":null}')
  t.equal(json('# nothing'), 'null')
})

test('nesting without end is refused', async (t) => {
  t.match(said(`a: ${'['.repeat(150)}${']'.repeat(150)}`)[0], /nested deeper than 100 levels$/)
  t.match(said('['.repeat(100_000))[0], /nested too deep/)
  t.match(said(`${'{a: '.repeat(50_000)}`)[0], /nested too deep/)
  t.match(said(Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'))[0], /nested too deep$/)
})
