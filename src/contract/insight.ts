// What the agent knows of itself while it runs, for pages that people look at.
import type { Signal } from '../data/index.ts'
import type { ComponentKind } from './component.ts'
import type { SpanAttributes } from './settings.ts'

export interface Insight {
  accounts(): Iterable<AccountView>
  /** What the instruments of that name observe now, of all components; nothing at a level that does not measure them. */
  measured(instrument: string): readonly Measurement[]
  /** Undefined unless an extension that runs declares `looksAtSpans`. */
  readonly spans: SpansView | undefined
}

/** The items of one node; `entered + created = out + dropped + merged + refused + held`. */
export interface AccountView {
  readonly kind: ComponentKind
  readonly id: string
  readonly pipeline: string | undefined
  readonly signal: Signal
  readonly transport: string | undefined
  readonly ledger: {
    readonly enteredItems: number
    readonly createdItems: number
    readonly outItems: number
    readonly droppedItems: number
    readonly mergedItems: number
    readonly refusedItems: number
    readonly held: number
    readonly droppedByReason: ReadonlyMap<string, number>
  }
}

export interface Measurement {
  /** Who measures: `exporter/otlp_http`. */
  readonly scope: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: number
}

/** The agent's own spans of late, by name; a few of each latency are kept. */
export interface SpansView {
  /** Upper bounds in milliseconds; there is one bucket more. */
  readonly boundsMs: readonly number[]
  names(): readonly SpansOfName[]
}

export interface SpansOfName {
  readonly name: string
  readonly running: number
  /** How many there were, by bucket. */
  readonly counts: readonly number[]
  /** The newest of each bucket. */
  readonly samples: readonly (readonly FinishedSpan[])[]
  readonly errorCount: number
  readonly errors: readonly FinishedSpan[]
}

export interface FinishedSpan {
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs: number
  readonly attributes: SpanAttributes
  readonly error: string | undefined
}
