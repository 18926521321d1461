import { test } from 'tap'
import {
  ARRAY,
  DECIMAL,
  ESCAPED,
  INTEGER,
  JsonTape,
  MAX_TAPE_DEPTH,
  NULL,
  OBJECT,
  STRING,
} from '../../src/wire/jsontape.ts'

const tape = new JsonTape()
const read = (text: string): void => tape.read(Buffer.from(text))

/** What JSON.parse would give, told by the tape. */
function valueAt(node: number): unknown {
  switch (tape.kind(node)) {
    case OBJECT: {
      const entries: [string, unknown][] = []
      for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1))
        entries.push([tape.text(key), valueAt(key + 1)])
      return Object.fromEntries(entries)
    }
    case ARRAY: {
      const items: unknown[] = []
      for (let item = tape.first(node); item < tape.next(node); item = tape.next(item)) items.push(valueAt(item))
      return items
    }
    case STRING:
    case ESCAPED:
      return tape.text(node)
    case INTEGER:
    case DECIMAL:
      return tape.number(node)
    case NULL:
      return null
    default:
      return tape.bytes[tape.start(node)] === 0x74
  }
}

test('generated documents read as JSON.parse reads them', async (t) => {
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const scalars = [
    'a',
    '',
    'ü\u{1f600}',
    'with "quotes" and \\ and \n',
    0,
    -1,
    1.2345678901234567e19,
    1.5e-7,
    true,
    false,
    null,
  ]
  const generate = (depth: number): unknown => {
    const kind = random(depth > 5 ? 1 : 3)
    if (kind === 0) return scalars[random(scalars.length)]
    const size = random(5)
    if (kind === 1) return Array.from({ length: size }, () => generate(depth + 1))
    return Object.fromEntries(Array.from({ length: size }, (_, i) => [`key "${i}`, generate(depth + 1)]))
  }
  let cases = 0
  for (; cases < 500; cases++) {
    const value = generate(0)
    read(JSON.stringify(value, undefined, random(3)))
    t.strictSame(valueAt(0), value)
  }
  t.ok(cases > 0)
})

test('the text of a value is given as it stands', async (t) => {
  read('{"a" : {"b":[1.50, 9007199254740993]} , "c":"x\\ny"}')
  const a = tape.first(0) + 1
  t.equal(tape.bytes.toString('utf8', tape.rawStart(a), tape.rawEnd(a)), '{"b":[1.50, 9007199254740993]}')
  const c = tape.next(a) + 1
  t.equal(tape.bytes.toString('utf8', tape.rawStart(c), tape.rawEnd(c)), '"x\\ny"')
})

test('what is no JSON is refused, with the place', async (t) => {
  for (const [text, message] of [
    ['', /ends where .* should be at byte 0/],
    ['{', /ends where a string should be/],
    ['{"a":1,}', /"}" where a string should be/],
    ['{"a":{"b":[1,2,x]}}', /^a\.b\[2]: "x" where true or false should be at byte 15/],
    ['{"a":1,"b":tru}', /^b: a word that is none/],
    ['{"a":"\\x"}', /unknown escape/],
    ['{"a":"\\u12"}', /four hexadecimal digits/],
    ['{"a":{"b\\x":1}}', /^a: unknown escape/],
    ['{"a":1} x', /more text after the end/],
    ['{"a":01}', /^a: a number that is none/],
    ['[1 2]', /"2" where "," or "]" should be/],
  ] as const)
    t.throws(() => read(text), { name: 'MalformedError', message }, text)
})

test('nesting has a limit', async (t) => {
  read('['.repeat(MAX_TAPE_DEPTH) + ']'.repeat(MAX_TAPE_DEPTH))
  t.throws(() => read('['.repeat(MAX_TAPE_DEPTH + 1)), { message: /nests deeper than 256/ })
  t.throws(() => read('{"a":'.repeat(30_000)), { message: /nests deeper than 256/ })
  read('{"after":"a failure"}')
  t.equal(tape.text(tape.first(0) + 1), 'a failure')
})

test('a complaint about a value says where it stands', async (t) => {
  read('{"a":[{"b":1},{"c":{"d":"e"}}]}')
  const list = tape.first(0) + 1
  const second = tape.next(tape.first(list))
  const d = tape.first(tape.first(second) + 1) + 1
  t.throws(() => tape.fail('is wrong', d), { message: /^a\[1]\.c\.d: is wrong at byte 24/ })
})
