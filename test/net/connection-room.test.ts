import { test } from 'tap'
import { makeConnectionRoom, type Sparable } from '../../src/net/connection-room.ts'

/** Which of them gives way: its place; undefined when none does. */
function gone(...rests: readonly Sparable['rest'][]): number | undefined {
  const gaveWay: number[] = []
  const found = makeConnectionRoom(rests.map((rest, place) => ({ rest, giveWay: () => void gaveWay.push(place) })))
  if (found !== (gaveWay.length === 1)) throw new Error(`said ${found}, and ${gaveWay.length} gave way`)
  return gaveWay[0]
}

test('the oldest that is idle gives way, before one that begins and one that has just come', async (t) => {
  t.equal(gone('silent', 'beginning', undefined, 'idle', 'idle'), 3)
  t.equal(gone('silent', undefined, 'beginning', 'beginning'), 2)
  t.equal(gone(undefined, 'silent', 'silent'), 1)
  t.equal(gone('idle'), 0)
})

test('many that say nothing are no newcomers: the oldest of them goes first', async (t) => {
  const silent = (count: number): 'silent'[] => Array<'silent'>(count).fill('silent')
  t.equal(gone('idle', ...silent(64)), 0)
  t.equal(gone('idle', ...silent(65)), 1)
})

test('none gives way when all are in use', async (t) => {
  t.equal(gone(undefined, undefined), undefined)
  t.equal(gone(), undefined)
})
