import { test } from 'tap'
import * as v from 'valibot'
import type { ItemProcessor } from '../../../src/contract/index.ts'
import { type Batch, decodeOtlp } from '../../../src/data/index.ts'
import span from '../../../src/processors/span/index.ts'
import { testContext, testSettings } from '../../../src/testing/index.ts'
import { ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'

function processed(config: object, batch: Batch<'traces'>): Batch<'traces'> {
  const { visitor } = span.create.traces!(
    v.parse(span.config, config),
    testSettings(),
    async () => {},
  ) as ItemProcessor<'traces'>
  return batch.rewrite([visitor], testContext())
}
const spans = (...list: object[]) => batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: list }] }] })
function seen(batch: Batch<'traces'>): unknown[] {
  const list: unknown[] = []
  batch.visit({ onSpan: ({ name, attributes }) => void list.push([name, Object.fromEntries(attributes.toMap())]) })
  return list
}
const to = (...rules: string[]): object => ({ name: { to_attributes: { rules } } })

test('a group that takes no part sets nothing, one inside another does not come twice into the name', async (t) => {
  t.same(seen(processed(to('^/(?P<a>x)?(?P<b>y)'), spans({ name: '/yz' }))), [['/{b}z', { b: 'y' }]])
  t.same(seen(processed(to('(?P<all>(?P<first>\\w)\\w+)'), spans({ name: '-abc-' }))), [
    ['-{all}-', { all: 'abc', first: 'a' }],
  ])
})

test('a span that says it all already stays the very same bytes', async (t) => {
  const config = { name: { from_attributes: ['n'] }, status: { code: 'Error', description: 'd' } }
  const once = processed(config, spans({ attributes: [{ key: 'n', value: { intValue: '5' } }] }))
  t.equal(processed(config, once), once)
})

test('whatever comes, nothing is lost and all of it is well formed', async (t) => {
  const random = seeded(31)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const batch = decodeOtlp('traces', randomMessage('traces', random))
    const after = processed(
      {
        name: {
          from_attributes: ['env', 'k'],
          separator: '/',
          to_attributes: { rules: ['(?P<a>.)(?P<b>.*)', '(?i)(?P<c>P)'] },
        },
        status: { code: 'Ok' },
      },
      batch,
    )
    t.equal(decodeOtlp('traces', Buffer.concat(after.chunks)).items, batch.items)
    after.visit({ onSpan: ({ statusCode, statusMessage }) => t.same([statusCode, statusMessage], [1, '']) })
    cases++
  }
  t.ok(cases > 0)
})
