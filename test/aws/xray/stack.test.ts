import { test } from 'tap'
import { type Frame, parseStack, stackIsExact, stackText } from '../../../src/aws/xray/stack.ts'

test('a stack reads like one of Java, and is read back', async (t) => {
  const frames: Frame[] = [
    { path: '/app/src/saga.js', line: 42, label: 'OrderSaga.createOrder' },
    { path: 'node:internal/timers', line: 617, label: 'process.processTimers' },
    { path: 'native' },
    { label: 'anonymous', line: 0 },
    {},
  ]
  const text = stackText('Error', 'no stock', frames)
  t.equal(
    text,
    'Error: no stock\n\tat OrderSaga.createOrder(/app/src/saga.js:42)\n\tat process.processTimers(node:internal/timers:617)' +
      '\n\tat (native)\n\tat anonymous(:0)\n\tat ()',
  )
  t.strictSame(parseStack(text, 'Error', 'no stock'), frames)
  t.ok(stackIsExact('Error', 'no stock', frames))
})

test('a message that looks like frames is no frame', async (t) => {
  const message = 'several\n\tat lines(1:2)\n\tat of(text)'
  const frames = [{ path: 'a.js', line: 1 }]
  t.strictSame(parseStack(stackText('', message, frames), '', message), frames)
  t.strictSame(parseStack(stackText('', message, []), '', message), [])
})

test('frames that punctuation hides are told apart from exact ones', async (t) => {
  for (const frame of [
    { path: 'a:12' },
    { path: 'a(b' },
    { path: '' },
    { label: 'a\nb' },
    { label: '' },
    { line: 1.5 },
  ])
    t.notOk(stackIsExact('E', 'm', [frame]), JSON.stringify(frame))
  for (const frame of [
    { path: 'a:12', line: 3 },
    { label: 'f(x) => (y)', path: 'C:\\x.js', line: -1 },
    { path: 'a)b' },
  ])
    t.ok(stackIsExact('E', 'm', [frame]), JSON.stringify(frame))
})

test('another text has no frames', async (t) => {
  t.strictSame(parseStack('whatever', 'E', 'm'), [])
  t.equal(parseStack('E: m\n  File "x.py", line 3, in f', 'E', 'm'), undefined)
  t.strictSame(parseStack('E: other\n\tat f(a:1)', 'E', 'm'), [{ path: 'a', line: 1, label: 'f' }])
})
