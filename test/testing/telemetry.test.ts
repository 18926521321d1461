import { test } from 'tap'
import { section, setting, text } from '../../src/config/index.ts'
import { defineExporter, defineProcessor } from '../../src/contract/index.ts'
import { decodeOtlp, encodeOtlpJson, type Signal } from '../../src/data/index.ts'
import { HttpDestination, logs, numbered, points, SIGNALS, spans, startComponent } from '../../src/testing/index.ts'
import { until } from '../kit/until.ts'

const json = (batch: ReturnType<typeof numbered<Signal>>) => JSON.parse(encodeOtlpJson(batch).toString())

test('spans are what is said of them, and whole without a word', async (t) => {
  const eu = { 'service.name': 'pay', region: 'eu' }
  const batch = spans(
    'GET /cart',
    { name: 'pay', resource: eu, statusCode: 2, attributes: { retries: 3 } },
    { resource: eu },
  )
  const { resourceSpans } = json(batch)
  t.equal(resourceSpans.length, 2, 'neighbours with equal resources share one')
  t.match(resourceSpans[0].scopeSpans[0].spans, [{ name: 'GET /cart', kind: 2, spanId: '0000000000000001' }])
  t.match(resourceSpans[1].scopeSpans[0].spans, [
    { name: 'pay', status: { code: 2 }, attributes: [{ key: 'retries', value: { intValue: '3' } }] },
    { name: 'span-2' },
  ])
})

test('log records and points are what is said of them', async (t) => {
  const [record] = json(logs({ body: 'no stock', severityNumber: 17 })).resourceLogs[0].scopeLogs[0].logRecords
  t.match(record, { body: { stringValue: 'no stock' }, severityNumber: 17 })
  const { metrics } = json(points(1, { name: 'orders', type: 'delta', unit: '{order}', value: 2 })).resourceMetrics[0]
    .scopeMetrics[0]
  t.match(metrics, [
    { name: 'value', gauge: { dataPoints: [{ asDouble: 1 }] } },
    {
      name: 'orders',
      unit: '{order}',
      sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ asDouble: 2 }] },
    },
  ])
})

test('numbered items pass the gate, as many as are wanted', async (t) => {
  let items = 0
  for (const signal of SIGNALS)
    for (const count of [0, 1, 250]) {
      const batch = numbered(signal, count)
      t.equal(batch.items, count)
      t.equal(decodeOtlp(signal, Buffer.concat(batch.chunks)).items, count)
      items += count
    }
  t.equal(items, 753)
})

test('a component is started with settings as they stand in YAML, or the mistake is told', async (t) => {
  const marking = defineProcessor({
    type: 'marking',
    summary: 'Marks.',
    stability: 'alpha',
    config: section({ team: setting(text, 'shop', 'Whose.') }),
    create: { logs: ({ team }) => ({ visitor: { onLog: ({ attributes }) => attributes.set('team', team) } }) },
  })
  const one = await startComponent(marking, { team: 7 })
  await one.give(logs('a'))
  t.equal(one.sinks.logs.items, 1)
  one.sinks.logs.batches[0]!.visit({
    onLog: ({ attributes }) => t.equal(attributes.get('team'), '7', 'text, as YAML says'),
  })
  await t.rejects(one.give(spans('a')), { message: 'processor marking takes no traces' })
  await t.rejects(startComponent(marking, {}, { signal: 'metrics' }), { message: 'processor marking takes no metrics' })
  await t.rejects(startComponent(marking, { tem: 'x' }), { message: /config of processor marking is refused:\ntem: / })
})

test('a visitor that throws refuses the batch', async (t) => {
  const failing = defineProcessor({
    type: 'failing',
    summary: 'Fails.',
    stability: 'alpha',
    config: section({}),
    create: {
      traces: () => ({
        visitor: {
          onSpan() {
            throw new Error('not today')
          },
        },
      }),
    },
  })
  const one = await startComponent(failing, null)
  await t.rejects(one.give(spans('a', 'b')), { message: 'not today', reason: 'processor_error' })
  t.equal(one.settings.ledger('traces').refusedItems, 2)
})

test('a destination keeps what arrives and answers as it is told', async (t) => {
  const destination = await HttpDestination.start()
  t.teardown(() => destination.stop())
  const posting = defineExporter({
    type: 'posting',
    summary: 'Posts.',
    stability: 'alpha',
    signals: ['logs'],
    config: section({ url: setting(text, '', 'Where to.') }),
    create: ({ url }) => ({
      consumers: {
        async logs({ items }) {
          const { ok, status } = await fetch(url, { method: 'POST', body: `${items}` })
          if (!ok) throw new Error(`answered ${status}`)
        },
      },
    }),
  })
  const one = await startComponent(posting, { url: destination.url })
  destination.answers.push({ status: 503, body: 'later' })
  await t.rejects(one.give(logs('a', 'b')), { message: 'answered 503' })
  await one.give(logs('a', 'b'))
  t.same(destination.bodies, ['2', '2'])
  t.match(destination.requests[1], { method: 'POST', path: '/' })
  destination.answers.push('hang')
  const hanging = fetch(destination.url, { signal: AbortSignal.timeout(30_000) })
  await until(() => destination.requests.length >= 3)
  await destination.stop()
  await t.rejects(hanging)
})
