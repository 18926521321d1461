import { test } from 'tap'
import * as v from 'valibot'
import forward from '../../../src/connectors/forward/index.ts'
import { RetryableError } from '../../../src/contract/index.ts'
import { Sink, testContext, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'

test('forward hands on the very batch, of each signal that some pipeline takes', async (t) => {
  const traces = new Sink<'traces'>()
  const logs = new Sink<'logs'>()
  const next = { traces: traces.consume, logs: logs.consume }
  const { consumers } = forward.create(v.parse(forward.config, {}), testSettings(), next, () => undefined)
  const batch = items.traces(2)
  const context = testContext()

  await consumers.traces!(batch, context)
  await consumers.logs!(items.logs(1), context)
  t.equal(traces.batches[0], batch)
  t.equal(traces.contexts[0], context)
  t.equal(logs.items, 1)
  t.equal(consumers.metrics, undefined)
})

test('a refusal behind it reaches the sender', async (t) => {
  const sink = new Sink<'traces'>()
  sink.refuse()
  const { consumers } = forward.create({}, testSettings(), { traces: sink.consume }, () => undefined)
  await t.rejects(consumers.traces!(items.traces(1), testContext()), RetryableError)
})
