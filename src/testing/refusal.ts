// What a processor or a connector makes of a refusal: whoever sends must learn what to do with the batch.
import assert from 'node:assert/strict'
import { isRetryable, messageOf, PermanentError, RetryableError, SIGNALS } from '../contract/index.ts'
import type { Driven } from './drive.ts'
import { assertSettled } from './settled.ts'
import { numbered } from './telemetry.ts'

/** Longer than anything waits that hands on by time. */
const A_WHILE_MS = 300_000

export async function handsBack({ make }: { make(): readonly Driven[] }): Promise<void> {
  for (const one of make()) {
    await one.start()
    for (const signal of SIGNALS) {
      if (one.consumers[signal] === undefined) continue
      await one.give(numbered(signal, 10)) // whatever it drops for reasons of its own is known from now on
      await refused(one, signal, new RetryableError('not now'))
      await refused(one, signal, new PermanentError('never'))
      await one.give(numbered(signal, 10)).catch((error: unknown) => {
        throw new Error(`${signal}: takes nothing any more after a refusal: ${messageOf(error)}`, { cause: error })
      })
    }
    await one.stop()
    assertSettled(one)
  }
}

async function refused(one: Driven, signal: (typeof SIGNALS)[number], refusal: Error): Promise<void> {
  const ledger = one.settings.ledger(signal)
  const known = new Set(ledger.droppedByReason.keys())
  for (const each of SIGNALS) one.sinks[each].refuseWith = refusal
  const answer = await one.give(numbered(signal, 10)).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const news = [...ledger.droppedByReason.keys()].filter((reason) => !known.has(reason))
  for (const each of SIGNALS) one.sinks[each].refuseWith = undefined
  if (answer === undefined) {
    if (isRetryable(refusal))
      assert.deepEqual(
        news,
        [],
        `${signal}: what next refuses for now is acknowledged, and lost: reject with the refusal`,
      )
    return
  }
  if (isRetryable(refusal))
    assert(
      isRetryable(answer.error),
      `${signal}: next may take it later (RetryableError), but the answer is a PermanentError (${messageOf(answer.error)}): it ` +
        'would be lost. Pass the refusal on',
    )
  else
    assert(
      !isRetryable(answer.error),
      `${signal}: next will never take it (PermanentError), but the answer is retryable (${messageOf(answer.error)}): it would ` +
        'come again and again. Pass the refusal on',
    )
  const before = itemsOut(one)
  await one.settings.clock.advance(A_WHILE_MS)
  assert.equal(
    itemsOut(one),
    before,
    `${signal}: what was handed back came out later all the same: there will be two of it`,
  )
}

const itemsOut = ({ sinks }: Driven): number => SIGNALS.reduce((sum, signal) => sum + sinks[signal].items, 0)
