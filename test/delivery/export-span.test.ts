import { test } from 'tap'
import { PermanentError, RetryableError, type SpanAttributes, type Spans } from '../../src/contract/index.ts'
import { beginExportSpan } from '../../src/delivery/export-span.ts'
import type { Outcome } from '../../src/delivery/sender.ts'
import { items } from '../kit/otlp.ts'

const outcome = (of: Partial<Outcome>): Outcome => ({
  booked: 0,
  lost: [],
  left: 0,
  leftReason: '',
  leftError: undefined,
  ...of,
})

test('the span of an export says what was sent, what was not, and why', async (t) => {
  const ended: [string, SpanAttributes, string | undefined][] = []
  const spans: Spans = { begin: (name) => (more, error) => void ended.push([name, more, error]) }
  const batch = items.traces(10)
  const refused = new PermanentError('who are you?', { reason: 'http_401' })
  for (const each of [
    outcome({ booked: 10 }),
    outcome({ booked: 6, left: 4, leftError: new RetryableError('no answer') }),
    outcome({ lost: [{ items: 10, reason: 'http_401', error: refused }] }),
  ])
    beginExportSpan({ spans, id: 'otlp/eu' }, 'traces', batch)!(each)
  t.same(ended, [
    ['exporter/otlp/eu/traces', { 'items.sent': 10, 'items.failed': 0 }, undefined],
    ['exporter/otlp/eu/traces', { 'items.sent': 6, 'items.failed': 4 }, 'no answer'],
    ['exporter/otlp/eu/traces', { 'items.sent': 0, 'items.failed': 10 }, 'who are you?'],
  ])
})

test('without spans there is nothing to end', async (t) => {
  t.equal(beginExportSpan({ id: 'otlp' }, 'traces', items.traces(1)), undefined)
})
