import { test } from 'tap'
import { isSameText } from '../../src/net/same-text.ts'
import { watchComparisons } from '../kit/comparisons.ts'

test('texts are compared in a time that says nothing about them: whole digests, whatever is different', async (t) => {
  const compared = watchComparisons(t)
  t.ok(isSameText('secret', 'secret'))
  t.notOk(isSameText('s', 'secret'))
  t.notOk(isSameText('secret, and more', 'secret'))
  t.notOk(isSameText('', 'secret'))
  t.same(compared, Array(4).fill([32, 32]))
})
