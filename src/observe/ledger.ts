// The account of one node. Plain numbers: the meters read them when somebody scrapes.
import type { Ledger } from '../contract/index.ts'

/** Reasons are words of the code, or statuses; a plugin that makes them from data gets this many, and `other`. What is lost by the end has its own. */
const MAX_REASONS = 100

export class ItemLedger implements Ledger {
  enteredItems = 0
  createdItems = 0
  outItems = 0
  droppedItems = 0
  mergedItems = 0
  refusedItems = 0
  readonly droppedByReason = new Map<string, number>()
  /** Items offered to what comes next, which has not answered: they are in the accounts of both. */
  offeredItems = 0
  /** How many times something was dropped or refused. */
  failures = 0

  entered(items: number): void {
    this.enteredItems += items
  }
  created(items: number): void {
    this.createdItems += items
  }
  out(items: number): void {
    this.outItems += items
  }
  dropped(items: number, reason: string): void {
    if (items === 0) return
    this.failures++
    this.droppedItems += items
    const known = this.droppedByReason.get(reason)
    if (known !== undefined || this.droppedByReason.size < MAX_REASONS || reason === 'shutdown')
      this.droppedByReason.set(reason, (known ?? 0) + items)
    else this.droppedByReason.set('other', (this.droppedByReason.get('other') ?? 0) + items)
  }
  merged(items: number): void {
    this.mergedItems += items
  }
  refused(items: number): void {
    this.failures++
    this.refusedItems += items
  }
  get held(): number {
    const gone = this.outItems + this.droppedItems + this.mergedItems + this.refusedItems
    return this.enteredItems + this.createdItems - gone
  }
}
