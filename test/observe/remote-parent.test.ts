import { test } from 'tap'
import { type Propagator, remoteParent } from '../../src/observe/remote-parent.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const found = (propagators: Propagator[], headers: Record<string, string>) =>
  remoteParent(propagators, new Map(Object.entries(headers).map(([name, value]) => [name, [value]])))

test('a traceparent header names the parent, in versions to come as well', async (t) => {
  const parent = { traceId: TRACE, spanId: SPAN, isSampled: true }
  t.same(found(['tracecontext'], { traceparent: `00-${TRACE}-${SPAN}-01` }), parent)
  t.same(found(['tracecontext'], { traceparent: `00-${TRACE}-${SPAN}-00` }), { ...parent, isSampled: false })
  t.same(found(['tracecontext'], { traceparent: `01-${TRACE}-${SPAN}-03-more` }), parent)
})

test('B3 headers name the parent, in one or in several', async (t) => {
  const parent = { traceId: TRACE, spanId: SPAN, isSampled: true }
  t.same(found(['b3'], { b3: `${TRACE}-${SPAN}-1` }), parent)
  t.same(found(['b3'], { b3: `${TRACE.toUpperCase()}-${SPAN}` }), parent)
  t.same(found(['b3'], { b3: `${TRACE}-${SPAN}-0-05e3ac9a4f6e3b90` }), { ...parent, isSampled: false })
  t.same(found(['b3'], { b3: `${SPAN}-${SPAN}-d` }), { ...parent, traceId: '0'.repeat(16) + SPAN })
  t.same(found(['b3'], { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '0' }), {
    ...parent,
    isSampled: false,
  })
})

test('what names nobody is no parent', async (t) => {
  for (const traceparent of [
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01x`,
  ])
    t.equal(found(['tracecontext'], { traceparent }), undefined, traceparent)
  for (const b3 of ['0', 'x', `${TRACE}-${SPAN.slice(1)}`]) t.equal(found(['b3'], { b3 }), undefined, b3)
  t.equal(found(['b3'], { 'x-b3-traceid': TRACE }), undefined)
  t.equal(remoteParent(['b3'], undefined), undefined)
})

test('the first propagator that finds something wins, and without one nothing is looked at', async (t) => {
  const headers = { traceparent: `00-${TRACE}-${SPAN}-01`, b3: `${'a'.repeat(32)}-${SPAN}-1` }
  t.equal(found(['b3', 'tracecontext'], headers)?.traceId, 'a'.repeat(32))
  t.equal(found(['tracecontext', 'b3'], headers)?.traceId, TRACE)
  t.equal(found([], headers), undefined)
})
