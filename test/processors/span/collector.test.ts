import span from '../../../src/processors/span/index.ts'
import type { Plain } from '../../data/random.ts'
import { attributeInput } from '../../kit/attributes.ts'
import { type Comparison, compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
const names = [
  '/orders/42/items/7',
  '/orders//items/',
  'GET',
  '',
  '/a/b/c',
  'ünïcödé/42',
  '/orders/1/items/2/orders/3/items/4',
]
const named = batchOf('traces', {
  resourceSpans: [
    {
      resource: { attributes: [text('service.name', 'shop')] },
      scopeSpans: [
        {
          spans: names.map((name, i) => ({
            name,
            kind: i % 6,
            status: [{}, { code: 1 }, { code: 2, message: 'broken' }][i % 3],
            attributes: i === 2 ? [] : [text('verb', 'GET'), text('order', 'old')],
          })),
        },
      ],
    },
  ],
})
const requests = [named, attributeInput.traces]

const cases: Comparison[] = []
const each = (name: string, config: object): void => void cases.push({ name, signal: 'traces', config, requests })
const from = (...from_attributes: string[]): object => ({ from_attributes })
const to = (rules: string[], of: object = {}): object => ({ name: { to_attributes: { rules, ...of } } })

each('from one attribute', { name: from('http.route') })
each('from attributes of every kind', {
  name: { ...from('flag', 'count', 'large', 'ratio', 'small', 'list', 'map', 'bytes', 'empty'), separator: ' - ' },
})
each('from two', { name: from('verb', 'order') })
each('from one that is often missing', { name: { ...from('http.route', 'user.email'), separator: '::' } })
each('to attributes', to(['^/orders/(?P<order>[^/]*)/items/(?P<item>.*)$']))
each('in the middle', to(['/(?P<first>\\d+)/']))
each('any case', to(['(?i)^/ORDERS/(?P<order>\\d+)']))
each('one after the other', to(['^/orders/(?P<order>\\d+)', 'items/(?P<item>\\d+)', '(?P<all>.+)']))
each(
  'the first only',
  to(['^/orders/(?P<order>\\d+)', 'items/(?P<item>\\d+)', '(?P<all>.+)'], { break_after_match: true }),
)
each('with the name as it was', to(['^/orders/(?P<order>\\d+)', '(?P<all>.+)'], { keep_original_name: true }))
each('without names', to(['^/(orders)/(\\d*)']))
each('without groups', to(['^/orders']))
each('from and to', {
  name: { ...from('verb', 'order'), separator: '/', to_attributes: { rules: ['^(?P<method>[A-Z]+)/'] } },
})
for (const code of ['Ok', 'Error', 'Unset']) each(`status ${code}`, { status: { code } })
each('status with a description', { status: { code: 'Error', description: 'so it is' } })
each('all of it', { name: { ...from('verb'), to_attributes: { rules: ['(?P<v>G)'] } }, status: { code: 'Ok' } })
for (const side of ['include', 'exclude']) {
  const of = (name: string, properties: object): void =>
    each(`${side} ${name}`, { [side]: properties, status: { code: 'Error', description: 'd' } })
  of('services', { match_type: 'strict', services: ['shop', 'checkout'] })
  of('names', { match_type: 'regexp', span_names: ['^/orders', 'POST'] })
  of('kinds', { match_type: 'strict', span_kinds: ['SPAN_KIND_SERVER'] })
  of('attributes', { match_type: 'strict', attributes: [{ key: 'verb', value: 'GET' }] })
  of('resources', { match_type: 'strict', resources: [{ key: 'host.name' }] })
  of('libraries', { match_type: 'strict', libraries: [{ name: 'library' }] })
}

compare({ type: 'span', factory: span, recorded: 'test/processors/span/collector.json' }, cases)

const refused = (name: string, config: object, message: RegExp) => ({
  name,
  config,
  message,
  signal: 'traces' as const,
})
compareRefusals({ type: 'span', factory: span }, [
  refused('nothing', {}, /must have name::from_attributes, name::to_attributes::rules or status/),
  refused('no rules', to([]), /must have name::from_attributes/),
  refused('a bad pattern', to(['(']), /missing|unexpected/i),
  refused('a strange code', { status: { code: 'ok' } }, /must be one of Ok, Error, Unset/),
  refused(
    'a description of what is right',
    { status: { code: 'Ok', description: 'fine' } },
    /is for the code Error only/,
  ),
  refused(
    'nothing to match',
    { include: { match_type: 'strict' }, status: { code: 'Ok' } },
    /must have one of services/,
  ),
])
