// Item processors that stand side by side in a pipeline, as one pass over the bytes.
import {
  type Consume,
  type ItemProcessor,
  type Ledger,
  type Logger,
  messageOf,
  PermanentError,
} from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'
import { giveBackReplaced } from '../data/sole.ts'
import { tellFault } from './edges.ts'

export interface FusedMember<S extends Signal = Signal> {
  /** For errors: `processor attributes/env`. */
  readonly name: string
  readonly processor: ItemProcessor<S>
  readonly ledger: Ledger
  readonly log: Logger
}

/**
 * Counters stay exact for each member. They are booked when the answer is known: items of a refused batch come again, so
 * what a member dropped of it has not been dropped.
 */
export function fused<S extends Signal>(members: readonly FusedMember<S>[], next: Consume<S>): Consume<S> {
  const visitors = members.map(({ processor }) => processor.visitor)
  const keepNothing = members.every(({ processor }) => processor.keepsNothing === true)
  return async (batch, context) => {
    const dropped = members.map(() => 0)
    const left = rewrite(members, visitors, batch, context, dropped)
    try {
      if (left.items > 0) await next(left, context)
    } catch (error) {
      book(members, batch.items, dropped, true)
      throw error
    }
    book(members, batch.items, dropped, false)
    if (keepNothing) giveBackReplaced(batch, left)
  }
}

function rewrite<S extends Signal>(
  members: readonly FusedMember<S>[],
  visitors: readonly ItemProcessor<S>['visitor'][],
  batch: Batch<S>,
  context: Context,
  dropped: number[],
): Batch<S> {
  try {
    return batch.rewrite(visitors, context, dropped)
  } catch (error) {
    members[0]!.ledger.entered(batch.items)
    members[0]!.ledger.refused(batch.items)
    tellFault(error, members[0]!.log)
    const names = members.map(({ name }) => name).join(', ')
    throw new PermanentError(`${names}: ${messageOf(error)}`, { cause: error, reason: 'processor_error' })
  }
}

function book(members: readonly FusedMember[], items: number, dropped: readonly number[], isRefused: boolean): void {
  let reached = items
  for (let i = 0; i < members.length; i++) {
    const { ledger, processor } = members[i]!
    ledger.entered(reached)
    if (isRefused) ledger.refused(reached)
    else {
      const gone = dropped[i]!
      if (gone > 0) ledger.dropped(gone, processor.dropReason ?? 'filtered')
      ledger.out(reached - gone)
    }
    reached -= dropped[i]!
  }
}
