import { test } from 'tap'
import { Waiters } from '../../src/delivery/waiters.ts'

const open = new AbortController().signal

test('who waits is let in in order, and nobody overtakes the first', async (t) => {
  const waiters = new Waiters<number>()
  const came = [3, 1, 1].map((size) => waiters.wait(size, open))
  const taken: number[] = []
  let room = 2
  const admit = (): void =>
    waiters.admit(
      (size) => size <= room,
      (size) => {
        taken.push(size)
        room -= size
      },
    )
  admit()
  t.same(taken, [], 'the first needs more')
  room = 4
  admit()
  await Promise.all(came.slice(0, 2))
  t.same(taken, [3, 1])
  t.equal(waiters.size, 1)
  t.ok(waiters.some((size) => size === 1))
  t.notOk(waiters.some((size) => size === 3))
  waiters.refuse(new Error('closed'))
  await t.rejects(came[2]!, { message: 'closed' })
  t.equal(waiters.size, 0)
})

test('who is gone is not let in', async (t) => {
  const waiters = new Waiters<string>()
  const sender = new AbortController()
  const gone = waiters.wait('gone', sender.signal)
  const stays = waiters.wait('stays', open)
  sender.abort(new Error('left'))
  await t.rejects(gone, { message: 'left' })
  await t.rejects(waiters.wait('late', sender.signal), { message: 'left' })
  const taken: string[] = []
  waiters.admit(
    () => true,
    (entry) => taken.push(entry),
  )
  await stays
  t.same(taken, ['stays'])
})
