// What crosses the edges of a node is booked here, and what a node throws stays with the node.
import { type Consume, type Ledger, messageOf, type Settings } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { ItemLedger } from '../observe/ledger.ts'

/** In front of a node: what enters it, and what it hands back. A consumer that throws at once rejects like any other. */
export function entering<S extends Signal>(consume: Consume<S>, ledger: Ledger): Consume<S> {
  return async (batch, context) => {
    const { items } = batch
    ledger.entered(items)
    try {
      await consume(batch, context)
    } catch (error) {
      ledger.refused(items)
      throw error
    }
  }
}

/** Behind a node that may keep and change what it got: what has left it for good. */
export function leaving<S extends Signal>(next: Consume<S>, ledger: ItemLedger): Consume<S> {
  return async (batch, context) => {
    const { items } = batch
    if (items === 0) return
    ledger.offeredItems += items
    try {
      await next(batch, context)
      ledger.out(items)
    } finally {
      ledger.offeredItems -= items
    }
  }
}

/** Behind a receiver: accepted or refused, by transport; as a span of the agent's own, when those are wanted. */
export function receiving<S extends Signal>(
  next: Consume<S>,
  ledgerOf: (transport: string | undefined) => ItemLedger,
  { spans, id }: Pick<Settings, 'id' | 'spans'>,
): Consume<S> {
  let lastTransport: string | undefined
  let last: ItemLedger | undefined
  return async (batch, context) => {
    const { items } = batch
    if (items === 0) return
    if (last === undefined || context.transport !== lastTransport) {
      lastTransport = context.transport
      last = ledgerOf(lastTransport)
    }
    const ledger = last
    ledger.created(items)
    ledger.offeredItems += items
    const endSpan = spans?.begin(`receiver/${id}/${batch.signal}`, {
      kind: 'server',
      attributes: { receiver: id, data_type: batch.signal, transport: context.transport ?? '' },
      metadata: context.metadata,
    })
    try {
      await next(batch, context)
      ledger.out(items)
      endSpan?.({ 'items.accepted': items, 'items.refused': 0 })
    } catch (error) {
      ledger.refused(items)
      endSpan?.({ 'items.accepted': 0, 'items.refused': items }, messageOf(error))
      throw error
    } finally {
      ledger.offeredItems -= items
    }
  }
}
