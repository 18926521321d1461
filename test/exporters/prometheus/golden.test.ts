import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import * as v from 'valibot'
import prometheus from '../../../src/exporters/prometheus/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { batchOfJson, cases } from './cases.ts'

/** `UPDATE=1` writes what is expected anew: look at the difference before you commit it. */
const isUpdate = process.env.UPDATE === '1'

const accepts = { text: 'text/plain', openmetrics: 'application/openmetrics-text; version=1.0.0' }

for (const { name, config, requests, expected, pathOf } of cases)
  test(`case ${name}`, async (t) => {
    const settings = testSettings()
    const parsed = v.parse(prometheus.config, { endpoint: '127.0.0.1:0', enable_open_metrics: true, ...config })
    const exporter = prometheus.create(parsed, settings)
    await exporter.start!(testHost())
    t.teardown(() => exporter.stop!(AbortSignal.abort()))
    let points = 0
    for (const request of requests) {
      const batch = batchOfJson(request)
      settings.ledger('metrics').entered(batch.items)
      points += batch.items
      await exporter.consumers.metrics!(batch, testContext())
    }
    for (const [format, accept] of Object.entries(accepts)) {
      const response = await fetch(exporter.endpoints![0]!, { headers: { accept: `${accept}; escaping=allow-utf-8` } })
      const text = await response.text()
      const file = `${format}.txt`
      if (isUpdate) writeFileSync(pathOf(file), text)
      else t.equal(text, expected(file), format)
    }
    const { outItems, droppedItems, droppedByReason, held } = settings.ledger('metrics')
    t.equal(held, 0, 'every point is shown or dropped')
    t.equal(outItems + droppedItems, points)
    const dropped = `${JSON.stringify(Object.fromEntries(droppedByReason), null, 2)}\n`
    if (isUpdate && droppedItems > 0) writeFileSync(pathOf('dropped.json'), dropped)
    else if (!isUpdate) t.equal(dropped, expected('dropped.json') ?? '{}\n', 'what is dropped')
  })
