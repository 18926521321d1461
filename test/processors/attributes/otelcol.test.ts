// The same config and input through the real collector and through this processor. Where the collector is not at hand, what
// it made of each case is known by a hash (collector.json; TAP_SNAPSHOT=1 with SLUICE_OTELCOL writes it anew).
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import type { ItemProcessor } from '../../../src/contract/index.ts'
import type { Context, Signal } from '../../../src/data/index.ts'
import attributes from '../../../src/processors/attributes/index.ts'
import resource from '../../../src/processors/resource/index.ts'
import { testContext, testSettings } from '../../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../../data/random.ts'
import { attributeInput } from '../../kit/attributes.ts'
import { otelcolComplaint, startOtelcol, withOtelcol } from '../../servers/otelcol.ts'
import { actionCases, type Case, selectionCases } from './cases.ts'

const signals = ['traces', 'logs', 'metrics'] as const
const headers = { 'x-tenant': 'acme', 'x-many': 'one' }
const context: Context = {
  ...testContext({ 'x-tenant': ['acme'], 'x-many': ['one'] }),
  clientAddress: '127.0.0.1',
}

interface Pair {
  readonly name: string
  readonly signal: Signal
  readonly type: 'attributes' | 'resource'
  readonly config: object
}

const pairsOf = (cases: readonly Case[]): Pair[] =>
  cases.flatMap(({ name, signals: some, config }) =>
    some.map((signal): Pair => ({ name, signal, type: 'attributes', config })),
  )
const resourcePairs = (cases: readonly Case[]): Pair[] =>
  cases.map(({ name, config }, i) => ({
    name,
    signal: signals[i % 3]!,
    type: 'resource',
    config: { attributes: onResource(config.actions) },
  }))

/** The same actions on what resources have. */
const onResource = (actions: readonly object[]): unknown =>
  JSON.parse(
    JSON.stringify(actions)
      .replaceAll('"count"', '"cores"')
      .replaceAll('"http.route"', '"region"')
      .replaceAll('"flag"', '"service.name"'),
  )

const RECORDED = 'test/processors/attributes/collector.json'
const table = [
  ['actions on items', pairsOf(actionCases)],
  ['include and exclude', pairsOf(selectionCases)],
  ['actions on resources', resourcePairs(actionCases)],
] as const

for (const [name, pairs] of table)
  test(`${name} do what the collector did`, async (t) => {
    const known: Readonly<Record<string, string>> = JSON.parse(await readFile(RECORDED, 'utf8'))
    for (const pair of pairs) t.equal(shortHash(ours(pair)), known[titleOf(pair)], titleOf(pair))
    t.ok(pairs.length > 0)
  })

test('the collector does what it did, and this processor the same', withOtelcol, async (t) => {
  const recorded: Record<string, string> = {}
  for (const [, pairs] of table) {
    const theirs = await throughOtelcol(t.testdir({}), pairs)
    for (const [i, pair] of pairs.entries()) {
      t.equal(firstDifference(ours(pair), theirs[i]!), '', titleOf(pair))
      recorded[titleOf(pair)] = shortHash(theirs[i]!)
    }
  }
  if (process.env.TAP_SNAPSHOT === '1') await writeFile(RECORDED, `${JSON.stringify(recorded, null, 2)}\n`)
  t.same(recorded, JSON.parse(await readFile(RECORDED, 'utf8')))
})

const shortHash = (text: string): string => hash('sha256', text).slice(0, 16)
const titleOf = ({ type, signal, name }: Pair): string => `${type}, ${signal}: ${name}`

function ours({ signal, type, config }: Pair): string {
  const factory = type === 'attributes' ? attributes : resource
  const create = factory.create[signal] as (config: unknown, settings: unknown) => ItemProcessor
  const { visitor } = create(v.parse(factory.config as v.GenericSchema, config), testSettings())
  return readable(signal, Buffer.concat(attributeInput[signal].rewrite([visitor as never], context).chunks))
}

/** One pipeline for each pair, all fed with the same request. */
async function throughOtelcol(directory: string, pairs: readonly Pair[]): Promise<string[]> {
  const entries = <T>(make: (pair: Pair, i: number) => readonly [string, T]): Record<string, T> =>
    Object.fromEntries(pairs.map(make))
  const collector = await startOtelcol(directory, {
    processors: entries(({ type, config }, i) => [`${type}/${i}`, config]),
    exporters: entries((_, i) => [`file/${i}`, { path: join(directory, `${i}`), format: 'proto' }]),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: entries(({ signal, type }, i) => [
        `${signal}/${i}`,
        { receivers: ['otlp'], processors: [`${type}/${i}`], exporters: [`file/${i}`] },
      ]),
    },
  })
  for (const signal of new Set(pairs.map((pair) => pair.signal))) await collector.send(attributeInput[signal], headers)
  await collector.stop()
  return Promise.all(
    pairs.map(async ({ signal }, i) => readable(signal, (await readFile(join(directory, `${i}`))).subarray(4))),
  )
}

/** Where two texts part, with some of what stands before and behind: a message is too large to look at. */
function firstDifference(found: string, wanted: string): string {
  if (found === wanted) return ''
  let at = 0
  while (found[at] === wanted[at]) at++
  const near = (text: string): string => text.slice(Math.max(0, at - 150), at + 80)
  return `ours …${near(found)}…, theirs …${near(wanted)}…`
}

/** As JSON, without what is only spelled differently: a default and nothing, the order of keys (their `delete` mixes it). */
const readable = (signal: Signal, bytes: Uint8Array): string => JSON.stringify(tidy(decodedSparse(signal, bytes)))

function tidy(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((entry) => tidy(entry, name))
    return name === 'attributes' || name === 'kvlistValue' ? list.toSorted(byKey) : list
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, tidy(inner, key === 'values' ? name : key)] as const,
  )
  return Object.fromEntries(entries.filter(([key, inner]) => !isDefault(key, inner)))
}

const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
const byKey = (a: unknown, b: unknown): number => (keyIn(a) < keyIn(b) ? -1 : 1)
const keyIn = (entry: unknown): string => (isObject(entry) ? String(entry.key) : '')

const OPTIONAL = /^(resource|scope|status|version|severityText|count|positive|negative)$/
const isDefault = (key: string, value: unknown): boolean =>
  OPTIONAL.test(key) ? ['{}', '""', '"0"'].includes(JSON.stringify(value)) : Array.isArray(value) && value.length === 0

const invalid: readonly (readonly [name: string, config: object])[] = [
  ['no actions', {}],
  ['an empty list', { actions: [] }],
  ['an unknown action', { actions: [{ key: 'a', action: 'replace' }] }],
  ['no key', { actions: [{ action: 'insert', value: 1 }] }],
  ['no value', { actions: [{ key: 'a', action: 'insert' }] }],
  ['two values', { actions: [{ key: 'a', action: 'upsert', value: 1, from_attribute: 'b' }] }],
  ['value and context', { actions: [{ key: 'a', action: 'upsert', from_context: 'x', from_attribute: 'b' }] }],
  ['a pattern for insert', { actions: [{ key: 'a', action: 'insert', value: 1, pattern: 'x' }] }],
  ['a type for update', { actions: [{ key: 'a', action: 'update', value: 1, converted_type: 'int' }] }],
  ['a value for delete', { actions: [{ key: 'a', action: 'delete', value: 1 }] }],
  ['delete of nothing', { actions: [{ action: 'delete' }] }],
  ['hash of nothing', { actions: [{ action: 'hash' }] }],
  ['a bad pattern', { actions: [{ action: 'delete', pattern: '(' }] }],
  ['lookahead', { actions: [{ action: 'delete', pattern: 'a(?=b)' }] }],
  ['extract without a pattern', { actions: [{ key: 'a', action: 'extract' }] }],
  ['extract without groups', { actions: [{ key: 'a', action: 'extract', pattern: 'x' }] }],
  ['extract with a nameless group', { actions: [{ key: 'a', action: 'extract', pattern: '(?P<n>x)(y)' }] }],
  ['extract with a value', { actions: [{ key: 'a', action: 'extract', pattern: '(?P<n>x)', value: 1 }] }],
  ['convert without a type', { actions: [{ key: 'a', action: 'convert' }] }],
  ['convert to a strange type', { actions: [{ key: 'a', action: 'convert', converted_type: 'map' }] }],
  ['convert with a pattern', { actions: [{ key: 'a', action: 'convert', converted_type: 'int', pattern: 'x' }] }],
  ...[
    ['no match_type', { services: ['a'] }],
    ['a strange match_type', { match_type: 'expr', services: ['a'] }],
    ['nothing to match', { match_type: 'strict' }],
    ['a bad pattern to match', { match_type: 'regexp', span_names: ['['] }],
    ['a kind that is none', { match_type: 'strict', span_kinds: ['server'] }],
    ['an attribute pattern that is no text', { match_type: 'regexp', attributes: [{ key: 'a', value: 1 }] }],
    ['an attribute without a key', { match_type: 'strict', attributes: [{ value: 1 }] }],
    ['log bodies for spans', { match_type: 'strict', services: ['a'], log_bodies: ['b'] }],
    ['metric names for spans', { match_type: 'strict', services: ['a'], metric_names: ['b'] }],
  ].map(([name, include]) => [`${name}`, { include, actions: [{ key: 'a', value: 1, action: 'insert' }] }] as const),
]

test('a config that the collector refuses is refused here', async (t) => {
  const directory = t.testdir({})
  for (const [name, config] of invalid) {
    t.throws(() => attributes.create.traces!(v.parse(attributes.config, config), testSettings(), async () => {}), name)
    if (withOtelcol.skip) continue
    const complaint = await otelcolComplaint(directory, {
      receivers: { otlp: { protocols: { http: null } } },
      processors: { attributes: config },
      exporters: { nop: null },
      service: { pipelines: { traces: { receivers: ['otlp'], processors: ['attributes'], exporters: ['nop'] } } },
    })
    t.ok(complaint, `the collector refuses ${name}`)
  }
})
