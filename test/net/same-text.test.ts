import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'tap'
import { isSameText } from '../../src/net/same-text.ts'

test('texts are compared in a time that says nothing about them: whole digests, whatever is different', async (t) => {
  const { timingSafeEqual } = crypto
  const compared: number[] = []
  crypto.timingSafeEqual = (a, b) => {
    compared.push(a.byteLength, b.byteLength)
    return timingSafeEqual(a, b)
  }
  syncBuiltinESMExports()
  t.teardown(() => {
    crypto.timingSafeEqual = timingSafeEqual
    syncBuiltinESMExports()
  })
  t.ok(isSameText('secret', 'secret'))
  t.notOk(isSameText('s', 'secret'))
  t.notOk(isSameText('secret, and more', 'secret'))
  t.notOk(isSameText('', 'secret'))
  t.same(compared, Array(8).fill(32))
})
