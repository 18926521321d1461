// When a component is done with what it was given, and whether its account says so.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNALS } from '../contract/index.ts'
import { settle } from './clock.ts'
import type { Driven } from './drive.ts'
import { openResources } from './resources.ts'

/** Where something is under way that may yet bring the accounts in order. */
const SETTLE_MS = 10_000

/** What the disk and sockets are at ends when they do; not waited for where nothing is at anything, or for long. */
export async function settled(one: Driven, idle: readonly string[]): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS
  const isSettled = (): boolean => one.settings.memory.heldBytes === 0 && one.ledgers().every(({ held }) => held === 0)
  do await settle()
  while (!isSettled() && openResources().join() !== idle.join() && performance.now() < untilMs)
}

export function assertSettled(one: Driven): void {
  for (const signal of SIGNALS)
    assert.equal(
      one.settings.ledger(signal).held,
      0,
      `${signal}: entered + created = out + dropped + merged + refused, but ${accountOf(one, signal)}`,
    )
  assert.equal(one.settings.memory.heldBytes, 0, 'memory.hold without memory.release')
}

export function accountOf(one: Driven, signal: (typeof SIGNALS)[number]): string {
  const { enteredItems, createdItems, outItems, droppedItems, mergedItems, refusedItems } = one.settings.ledger(signal)
  return `${enteredItems} entered, ${createdItems} created; ${outItems} out, ${droppedItems} dropped, ${mergedItems} merged, ${refusedItems} refused`
}

/** In which something is handed on that waits for nothing outside. */
const TURNS = 100

/** Whether that becomes true, while something is under way that was not when it was `idle`. */
export async function becomes(isTrue: () => boolean, idle: readonly string[]): Promise<boolean> {
  for (let turn = 0; turn < TURNS && !isTrue(); turn++) await settle()
  const untilMs = performance.now() + SETTLE_MS
  while (!isTrue() && openResources().join() !== idle.join() && performance.now() < untilMs) await sleep(1)
  return isTrue()
}
