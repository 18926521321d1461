import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { escapeMetricName } from '../../src/exporters/prometheus/escape.ts'
import { createNaming, type NamedType, type TranslationStrategy } from '../../src/prometheus/names.ts'

const recorded = <Row>(name: string): Row[] =>
  JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), 'utf8'))

test('metrics are named as the collector names them, whatever strategy, unit and type', async (t) => {
  type Row = [TranslationStrategy, string, string, NamedType, string | null]
  const rows = recorded<Row>('names')
  for (const [strategy, name, unit, type, expected] of rows)
    t.equal(
      createNaming(strategy, '').metric(name, unit, type) ?? null,
      expected,
      `${strategy} "${name}" "${unit}" ${type}`,
    )
  t.ok(rows.length > 300)
})

test('labels are named as the collector names them', async (t) => {
  const rows = recorded<[boolean, string, string | null]>('labels')
  for (const [allowsUtf8, key, expected] of rows) {
    const naming = createNaming(allowsUtf8 ? 'NoTranslation' : 'UnderscoreEscapingWithSuffixes', '')
    t.equal(naming.label(key) ?? null, expected, `"${key}", UTF-8 ${allowsUtf8}`)
  }
  t.ok(rows.length > 40)
})

test('names are escaped as Prometheus escapes them', async (t) => {
  const rows = recorded<[string, string, string, string]>('escapes')
  for (const [name, underscores, dots, values] of rows) {
    t.equal(escapeMetricName(name, 'allow-utf-8'), name)
    t.equal(escapeMetricName(name, 'underscores'), underscores)
    t.equal(escapeMetricName(name, 'dots'), dots)
    t.equal(escapeMetricName(name, 'values'), values)
  }
  t.ok(rows.length > 10)
})

test('a namespace stands in front, escaped when names are', async (t) => {
  const named = (strategy: TranslationStrategy): (string | undefined)[] => {
    const naming = createNaming(strategy, 'my-space')
    return [naming.metric('a.b', 's', 'counter'), naming.targetInfo]
  }
  t.same(named('UnderscoreEscapingWithSuffixes'), ['my_space_a_b_seconds_total', 'my_space_target_info'])
  t.same(named('UnderscoreEscapingWithoutSuffixes'), ['my_space_a_b', 'my_space_target_info'])
  t.same(named('NoUTF8EscapingWithSuffixes'), ['my-space_a.b_seconds_total', 'my-space_target_info'])
  t.same(named('NoTranslation'), ['my-space_a.b', 'my-space_target_info'])
  t.equal(createNaming('UnderscoreEscapingWithSuffixes', '9').metric('x', '', 'gauge'), '_9_x')
})
