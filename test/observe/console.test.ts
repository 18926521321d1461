import { test } from 'tap'
import { takesColours } from '../../src/observe/console.ts'

test('colours are for terminals, and for nobody who has said NO_COLOR', async (t) => {
  t.equal(takesColours(true, {}), true)
  t.equal(takesColours(false, {}), false)
  t.equal(takesColours(true, { NO_COLOR: '1' }), false)
  t.equal(takesColours(true, { NO_COLOR: '' }), true, 'an empty variable says nothing')
})
