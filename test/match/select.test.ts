import { test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import type { Resource, Scope } from '../../src/data/index.ts'
import { matchSettings } from '../../src/match/config.ts'
import { plainDecimal } from '../../src/match/decimal.ts'
import { selectLogs, selectMetrics, selectSpans } from '../../src/match/select.ts'
import { matchTexts } from '../../src/match/texts.ts'
import { attributeInput } from '../kit/attributes.ts'
import { usedHeapBytes } from '../kit/heap.ts'

const schema = section(matchSettings)
const parse = (include: object): v.InferOutput<typeof schema> => v.parse(schema, { include })

test('metrics are selected by name and by resource', async (t) => {
  const names = (include: object): string[] => {
    const selects = selectMetrics(parse(include))!
    const found: string[] = []
    attributeInput.metrics.visit({
      onMetric(metric, scope: Scope, resource: Resource) {
        if (selects(metric, scope, resource)) found.push(`${metric.name} ${resource.attributes.get('host.name')}`)
      },
    })
    return [...new Set(found)]
  }
  t.same(names({ match_type: 'strict', metric_names: ['latency'] }), [
    'latency host-1',
    'latency host-2',
    'latency undefined',
  ])
  t.same(
    names({ match_type: 'strict', metric_names: ['latency'], resources: [{ key: 'host.name', value: 'host-2' }] }),
    ['latency host-2'],
  )
  t.equal(names({ match_type: 'regexp', resources: [{ key: 'host.name', value: '1$' }] }).length, 5)
})

test('what is not for a signal, or is nothing at all, is refused with what there is', async (t) => {
  const strict = { match_type: 'strict' }
  t.throws(() => selectSpans(parse({ ...strict, log_bodies: ['x'] })), {
    message:
      'include.log_bodies: is not for spans, which have services, span_names, span_kinds, attributes, resources, libraries',
  })
  t.throws(() => selectLogs(parse({ ...strict, services: ['x'] })), {
    message: /^include\.services: is not for log records/,
  })
  t.throws(() => selectMetrics(parse({ ...strict, attributes: [{ key: 'a' }] })), { message: /is not for metrics/ })
  t.throws(() => selectLogs(parse(strict)), { message: /^include: must have one of log_bodies/ })
  t.doesNotThrow(() => selectLogs(parse({ ...strict, log_severity_number: null, log_bodies: ['x'] })))
})

test('errors stand at the pattern that is wrong', async (t) => {
  const issues = (include: object): string[] =>
    (v.safeParse(schema, { include }).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
  t.match(issues({ match_type: 'regexp', span_names: ['a', '('] }), [/^include\.span_names\.1: missing closing \)/])
  t.same(issues({ match_type: 'regexp', attributes: [{ key: 'a', value: 1 }] }), [
    'include.attributes.0.value: must be a text, since match_type is regexp',
  ])
  t.match(issues({ match_type: 'regexp', libraries: [{ name: 'a', version: '(?<=x)y' }] }), [
    /^include\.libraries\.0\.version: lookahead and lookbehind/,
  ])
  t.match(issues({ match_type: 'strict', span_kinds: ['server'] }), [
    /^include\.span_kinds\.0: must be one of SPAN_KIND_INTERNAL/,
  ])
  t.match(issues({ services: ['a'] }), [/^include\.match_type: /])
})

test('answers are remembered up to a number of texts', async (t) => {
  const rules = { match_type: 'regexp', regexp: { cacheenabled: true, cachemaxnumentries: 2 } } as const
  const matches = matchTexts(['^a'], rules)
  for (const text of ['a', 'b', 'a', 'c', 'b', 'a', 'ab', 'a']) t.equal(matches(text), text.startsWith('a'), text)
})

test('megabytes of text are answered and not remembered', async (t) => {
  const matches = matchTexts(['^a'], { match_type: 'regexp', regexp: { cacheenabled: true, cachemaxnumentries: 0 } })
  const before = await usedHeapBytes()
  const texts = 200
  for (let i = 0; i < texts; i++) t.equal(matches(`${i % 2 ? 'a' : 'b'}${i}`.padEnd(1024 * 1024, '.')), i % 2 === 1)
  t.ok((await usedHeapBytes()) - before < (texts / 2) * 1024 * 1024)
  t.ok(matches('a'))
})

test('a number in full has no exponent', async (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [1.5, '1.5'],
    [1e21, '1000000000000000000000'],
    [-1.25e22, '-12500000000000000000000'],
    [1e-7, '0.0000001'],
    [1.5e-9, '0.0000000015'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ]
  for (const [value, text] of cases) t.equal(plainDecimal(value), text)
})
