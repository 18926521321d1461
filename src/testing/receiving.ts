// What a receiver does with what comes in: the graph books it behind the receiver, which books only what it drops before.
import assert from 'node:assert/strict'
import { SIGNALS } from '../contract/index.ts'
import type { Driven } from './drive.ts'
import { resources } from './resources.ts'
import { assertSettled, becomes } from './settled.ts'

type Receive = (one: Driven) => unknown

export async function handsOn(ones: readonly Driven[], receive: Receive): Promise<void> {
  for (const one of ones) {
    const idle = await resources()
    await one.start()
    await receive(one)
    assert(
      await becomes(() => count(one, 'outItems') > 0, idle),
      'nothing came out of what came in: does `receive` send what it takes?',
    )
    await stopped(one)
  }
}

export async function survivesRefusal(ones: readonly Driven[], receive: Receive): Promise<void> {
  for (const one of ones) {
    const idle = await resources()
    await one.start()
    for (const signal of SIGNALS) one.sinks[signal].refuse()
    await Promise.resolve(receive(one)).catch(() => {}) // its senders hear that they were refused
    assert(
      await becomes(() => count(one, 'refusedItems') > 0, idle),
      'nothing was handed on while what comes next refuses',
    )
    for (const signal of SIGNALS) one.sinks[signal].refuseWith = undefined
    await receive(one)
    assert(await becomes(() => count(one, 'outItems') > 0, idle), 'nothing comes out any more after a refusal')
    await stopped(one)
  }
}

async function stopped(one: Driven): Promise<void> {
  await one.stop()
  for (const signal of SIGNALS) {
    const { enteredItems, outItems } = one.settings.ledger(signal)
    assert.equal(enteredItems, 0, `${signal}: a receiver books no entered: what it hands on is booked for it`)
    assert.equal(
      outItems,
      one.sinks[signal].items,
      `${signal}: out is booked for a receiver, and it has booked it, too`,
    )
  }
  assertSettled(one)
  assert.equal(one.host.admittedBytes, 0, 'host.admit without release')
}

const count = (one: Driven, what: 'outItems' | 'refusedItems'): number =>
  one.ledgers().reduce((sum, ledger) => sum + ledger[what], 0)
