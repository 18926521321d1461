import { test } from 'tap'
import { RecentSpans } from '../../src/observe/recent-spans.ts'
import { FakeClock } from '../../src/testing/index.ts'

test('what is kept is bounded: five of each latency, five errors, two hundred names', async (t) => {
  const spans = new RecentSpans(new FakeClock())
  for (let n = 0; n < 20; n++) {
    spans.begin('one', { kind: 'client', attributes: { n } })({})
    spans.begin('one', { kind: 'client', attributes: { n } })({}, 'x'.repeat(10_000))
  }
  const [one] = spans.names()
  t.same(
    one!.samples[0]!.map(({ attributes }) => attributes.n),
    [19, 18, 17, 16, 15],
  )
  t.same([one!.counts[0], one!.errorCount, one!.errors.length], [20, 20, 5])
  t.equal(one!.errors[0]!.error!.length, 500)
  for (let n = 0; n < 1000; n++) spans.begin(`name ${n}`, { kind: 'client', attributes: {} })({})
  t.equal(spans.names().length, 201)
  t.equal(spans.names().at(-1)!.counts[0], 1000 - 199)
})

test('spans go on to who sends them', async (t) => {
  const seen: unknown[] = []
  const spans = new RecentSpans(new FakeClock(), {
    begin: (name, of) => {
      seen.push(name, of.kind)
      return (more, error) => void seen.push(more, error)
    },
  })
  spans.begin('one', { kind: 'server', attributes: {} })({ items: 1 }, 'why')
  t.same(seen, ['one', 'server', { items: 1 }, 'why'])
})
