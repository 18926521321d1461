import { test } from 'tap'
import * as v from 'valibot'
import {
  anything,
  duration,
  endpoint,
  flag,
  headers,
  integer,
  list,
  named,
  number,
  oneOf,
  optional,
  record,
  required,
  type Shape,
  secret,
  section,
  serviceSettings,
  setting,
  shapeOf,
  size,
  telemetrySettings,
  text,
  texts,
  url,
} from '../../src/config/index.ts'

const schema = section({
  timeout: setting(duration, '5s', 'How long.'),
  size: setting(size, 4096, 'How large.'),
  count: setting(integer(1, 9), 3, 'How many.'),
  ratio: setting(number(0, 1), 1, 'How much.'),
  mode: setting(oneOf(['a', 'b']), 'a', 'How.'),
  flag: setting(flag, false, 'Whether.'),
  name: required(text, 'What.'),
  names: optional(texts, 'Which.'),
  token: optional(secret, 'Hush.'),
  url: optional(url, 'Where to.'),
  endpoint: optional(endpoint, 'Where.'),
  headers: setting(headers, {}, 'Sent.'),
  labels: setting(record(text), {}, 'Added.'),
  actions: setting(list(section({ key: required(text, 'What.') })), [], 'Done.'),
  grpc: named(section({ port: setting(integer(), 1, 'Where.') }), 'gRPC.'),
  either: setting(v.union([flag, section({ a: optional(text, 'A.') })]), false, 'One or the other.'),
  any: optional(anything, 'Anything.'),
  checked: setting(
    v.pipe(
      section({ x: optional(text, 'X.') }),
      v.check(() => true),
    ),
    {},
    'Checked.',
  ),
})
const entry = (name: string): Shape => shapeOf(schema).entries().get(name)!

test('a schema says of each setting what the manual and the editor need', async (t) => {
  const shown = [...shapeOf(schema).entries()].map(([name, { kind, about, isOptional, byDefault }]) => [
    name,
    kind,
    about,
    isOptional,
    byDefault,
  ])
  t.same(shown, [
    ['timeout', 'duration', 'How long.', true, '5s'],
    ['size', 'size', 'How large.', true, 4096],
    ['count', 'integer', 'How many.', true, 3],
    ['ratio', 'number', 'How much.', true, 1],
    ['mode', 'choice', 'How.', true, 'a'],
    ['flag', 'flag', 'Whether.', true, false],
    ['name', 'text', 'What.', false, undefined],
    ['names', 'texts', 'Which.', true, undefined],
    ['token', 'secret', 'Hush.', true, undefined],
    ['url', 'url', 'Where to.', true, undefined],
    ['endpoint', 'endpoint', 'Where.', true, undefined],
    ['headers', 'headers', 'Sent.', true, {}],
    ['labels', 'record', 'Added.', true, {}],
    ['actions', 'list', 'Done.', true, []],
    ['grpc', 'section', 'gRPC.', true, {}],
    ['either', 'union', 'One or the other.', true, false],
    ['any', 'any', 'Anything.', true, undefined],
    ['checked', 'section', 'Checked.', true, {}],
  ])
  t.match(entry('count'), { least: 1, most: 9 })
  t.same(entry('mode').allowed, ['a', 'b'])
  t.equal(entry('labels').of()?.kind, 'text')
  t.same([...entry('actions').of()!.entries().keys()], ['key'])
  t.same(
    entry('either')
      .options()
      .map(({ kind }) => kind),
    ['flag', 'section'],
  )
  t.same([...entry('checked').entries().keys()], ['x'])
})

test('a bare valibot schema has a shape, too', async (t) => {
  const kinds: [v.GenericSchema, string][] = [
    [v.string(), 'text'],
    [v.number(), 'number'],
    [v.boolean(), 'flag'],
    [v.picklist(['a']), 'choice'],
    [v.literal('a'), 'choice'],
    [v.array(v.string()), 'list'],
    [v.record(v.string(), v.string()), 'record'],
    [v.object({}), 'section'],
    [v.unknown(), 'any'],
    [v.lazy(() => v.string()), 'text'],
    [v.pipe(v.unknown(), v.transform(String), v.string()), 'text'],
  ]
  for (const [schema, kind] of kinds) t.equal(shapeOf(schema).kind, kind, schema.type)
  t.same(shapeOf(v.literal(5)).allowed, [5])
  t.ok(shapeOf(v.looseObject({})).isOpen)
})

/** Every setting below, once per schema: a schema may contain itself. */
function walk(shape: Shape, path: string, visit: (path: string, shape: Shape) => void, seen = new Set<Shape>()): void {
  if (seen.has(shape)) return
  seen.add(shape)
  for (const [name, inner] of shape.entries()) {
    visit(`${path}.${name}`, inner)
    walk(inner, `${path}.${name}`, visit, seen)
  }
  for (const inner of [shape.of(), ...shape.options()]) if (inner) walk(inner, `${path}[]`, visit, seen)
}

test('every setting of service has a sentence, and its default is one that it takes', async (t) => {
  let cases = 0
  walk(shapeOf(serviceSettings), 'service', (path, shape) => {
    cases++
    t.match(shape.about, /\.$|…$/, `${path} has a sentence`)
  })
  t.ok(cases > 80)
  t.ok(v.safeParse(telemetrySettings, {}).success)
})
