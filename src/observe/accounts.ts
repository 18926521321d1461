// Every ledger of the agent, for the meters, the health endpoints and tests.
import type { ComponentKind } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import { ItemLedger } from './ledger.ts'

/** Whose items an account counts. */
export interface AccountOf {
  readonly kind: ComponentKind
  readonly id: string
  /** The pipeline of a processor; undefined for what several pipelines share. */
  readonly pipeline?: string | undefined
  readonly signal: Signal
  /** How items came in, for receivers: `grpc`, `http`. */
  readonly transport?: string | undefined
}

export interface Account {
  readonly kind: ComponentKind
  readonly id: string
  readonly pipeline: string | undefined
  readonly signal: Signal
  readonly transport: string | undefined
  readonly ledger: ItemLedger
}

export class Accounts {
  readonly #accounts = new Map<string, Account>()

  /** The same key gives the same ledger. */
  ledger(of: AccountOf): ItemLedger {
    const { kind, id, pipeline, signal, transport } = of
    const key = JSON.stringify([kind, id, pipeline ?? null, signal, transport ?? null])
    let account = this.#accounts.get(key)
    if (account === undefined) {
      account = { kind, id, pipeline, signal, transport, ledger: new ItemLedger() }
      this.#accounts.set(key, account)
    }
    return account.ledger
  }

  all(): Iterable<Account> {
    return this.#accounts.values()
  }
}
