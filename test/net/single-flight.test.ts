import { test } from 'tap'
import { SingleFlight } from '../../src/net/single-flight.ts'
import { FakeClock } from '../../src/testing/index.ts'

test("one request at a time; a failure is everybody's for a second", async (t) => {
  const clock = new FakeClock()
  let asked = 0
  let answer: Promise<string> = Promise.resolve('a')
  const flight = new SingleFlight(clock, () => {
    asked++
    return answer
  })
  t.same(await Promise.all([flight.get(), flight.get(), flight.get()]), ['a', 'a', 'a'])
  t.equal(asked, 1)
  answer = Promise.reject(new Error('down'))
  await Promise.all([flight.get(), flight.get()].map((one) => t.rejects(one, { message: 'down' })))
  await t.rejects(flight.get(), { message: 'down' })
  t.equal(asked, 2)
  await clock.advance(1000)
  answer = Promise.resolve('b')
  t.equal(await flight.get(), 'b')
  t.equal(await flight.get(), 'b')
  t.equal(asked, 4, 'what is found is for the others to keep')
})
