// What crosses the edges of a node is booked here, and what a node throws stays with the node.
import {
  type Consume,
  type Ledger,
  type Logger,
  messageOf,
  PermanentError,
  RetryableError,
  type Settings,
  ShutdownError,
} from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import { share } from '../data/sole.ts'
import type { ItemLedger } from '../observe/ledger.ts'

/**
 * In front of a node: what enters it, and what it hands back. A consumer that throws at once rejects like any other. `log` is
 * the node's: what it throws by mistake stands there, whoever is told besides. A node that only `passesOn` does not keep the batch.
 */
export function entering<S extends Signal>(
  consume: Consume<S>,
  ledger: Ledger,
  log: Logger,
  passesOn = false,
): Consume<S> {
  return async (batch, context) => {
    const { items } = batch
    if (!passesOn) share(batch)
    ledger.entered(items)
    try {
      await consume(batch, context)
    } catch (error) {
      ledger.refused(items)
      if (!context.abort.aborted) tellFault(error, log)
      throw error
    }
  }
}

const told = new WeakSet<Error>()

/**
 * What is none of the contract's failures was thrown by mistake. Told once, by the component that is nearest to it: those in
 * front of it only pass it on.
 */
export function tellFault(error: unknown, log: Logger): void {
  if (isFailure(error) || (error instanceof Error && told.has(error))) return
  if (error instanceof Error) told.add(error)
  log.error('component failed at a batch', { error })
}

/** A refusal that was meant, or the end of who waited. */
const isFailure = (error: unknown): boolean =>
  error instanceof PermanentError ||
  error instanceof RetryableError ||
  error instanceof ShutdownError ||
  (error instanceof Error && error.name === 'AbortError')

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
