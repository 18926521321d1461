import { test } from 'tap'
import * as v from 'valibot'
import { matchesGlob } from '../../src/match/glob.ts'
import { resourceAttributeFilter, resourceConversion } from '../../src/match/resource-attributes.ts'
import { seeded } from '../data/random.ts'

test('patterns match as in the collector', async (t) => {
  const table: [pattern: string, text: string, matches: boolean][] = [
    ['k8s.*', 'k8s.pod.name', true],
    ['k8s.*', 'k8s', false],
    ['k8s.*', 'k8s.', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['?', 'a', true],
    ['?', '', false],
    ['*.name', 'a.name.name', true],
    ['*a*b*c', 'xxaxxbxxbc', true],
    ['*a*b*c', 'xxaxxcxxb', false],
    ['a.b', 'axb', false],
    ['[a]', 'a', false],
    ['[a]', '[a]', true],
    ['a?c*', 'abcdef', true],
  ]
  for (const [pattern, text, matches] of table) t.equal(matchesGlob(pattern, text), matches, `${pattern} ~ ${text}`)
  let cases = 0
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seeded(seed)
    const draw = (from: string): string => Array.from({ length: random(8) }, () => from[random(from.length)]).join('')
    const pattern = draw('ab*?')
    const text = draw('ab')
    const model = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text)
    if (matchesGlob(pattern, text) !== model) t.fail(`${pattern} ~ ${text} is not ${model}`)
    cases++
  }
  t.ok(cases > 0)
})

test('a pattern made to be slow is not', async (t) => {
  t.notOk(matchesGlob(`${'*a'.repeat(500)}b`, 'a'.repeat(2000)))
})

test('which resource attributes become labels is said in the old way or in the new one', async (t) => {
  const keys = ['host.name', 'service.name', 'service.namespace', 'service.instance.id']
  const chosen = (input: object): string[] => keys.filter(resourceAttributeFilter(v.parse(resourceConversion, input)))
  t.same(chosen({}), [])
  t.same(chosen({ enabled: true }), keys)
  t.same(chosen({ enabled: true, exclude_service_attributes: true }), ['host.name'])
  t.same(chosen({ exclude_service_attributes: true }), [])
  t.same(chosen({ included: ['service.*'] }), keys.slice(1))
  t.same(chosen({ included: ['service.*'], excluded: ['*.name'] }), ['service.namespace', 'service.instance.id'])
  t.same(chosen({ excluded: ['service.*'] }), ['host.name'])
  t.throws(() => chosen({ enabled: true, included: ['a'] }), /has both ways at once/)
})
