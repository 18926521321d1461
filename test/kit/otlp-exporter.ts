// An exporter under test with its accounts: what the graph would book is booked, and what must hold at every moment is asked for.
import type { Test } from 'tap'
import * as v from 'valibot'
import type { Consume, Exporter, ExporterFactory } from '../../src/contract/index.ts'
import type { Batch, Context, Signal } from '../../src/data/index.ts'
import { type TestHost, type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { until } from './until.ts'

/** Waits of exactly a second, for ever: what a test expects can be told to the millisecond. */
export const steadyRetry = {
  initial_interval: '1s',
  max_interval: '1s',
  multiplier: 1,
  randomization_factor: 0,
  max_elapsed_time: 0,
}

export interface ExporterRig {
  readonly exporter: Exporter
  readonly settings: TestSettings
  readonly host: TestHost
  /** The delays of every timer so far. */
  readonly waits: readonly number[]
  /** Resolves and rejects as the exporter does. */
  send(batch: Batch, context?: Context): Promise<void>
  /** Moves the clock when the exporter has begun to wait that long, and not before. */
  passWait(ms: number): Promise<void>
  /** The account of a signal, checked against the payload that is really held. */
  account(signal: Signal): { readonly out: number; readonly held: number; readonly dropped: Record<string, number> }
  /** Nothing is held any more. */
  settled(signal: Signal): Promise<void>
}

/** `retry` is what the config says about retries, where it does not say so itself. */
export async function startExporter(
  t: Test,
  factory: ExporterFactory,
  config: object,
  retry: object = { retry_on_failure: steadyRetry },
  host: TestHost = testHost(),
): Promise<ExporterRig> {
  const settings = testSettings()
  const waits = recordWaits(settings)
  const exporter = factory.create(v.parse(factory.config, { ...retry, ...config }), settings)
  await exporter.start?.(host)
  t.teardown(() => exporter.stop?.(AbortSignal.abort()))
  let passed = 0
  return {
    exporter,
    settings,
    host,
    waits,
    async send(batch, context = testContext()) {
      const ledger = settings.ledger(batch.signal)
      ledger.entered(batch.items)
      const consume = exporter.consumers[batch.signal] as Consume
      await consume(batch, context).catch((error: unknown) => {
        ledger.refused(batch.items)
        throw error
      })
    },
    async passWait(ms) {
      await until(() => waits.indexOf(ms, passed) !== -1)
      passed = waits.indexOf(ms, passed) + 1
      await settings.clock.advance(ms)
    },
    account(signal) {
      const ledger = settings.ledger(signal)
      if ((ledger.held === 0) !== (settings.memory.heldBytes === 0))
        throw new Error(`${ledger.held} items held by the account, ${settings.memory.heldBytes} bytes in memory`)
      return { out: ledger.outItems, held: ledger.held, dropped: Object.fromEntries(ledger.droppedByReason) }
    },
    async settled(signal) {
      await until(() => settings.ledger(signal).held === 0 && settings.memory.heldBytes === 0)
    },
  }
}

function recordWaits({ clock }: TestSettings): number[] {
  const waits: number[] = []
  const after = clock.after.bind(clock)
  clock.after = (ms, run) => {
    waits.push(ms)
    return after(ms, run)
  }
  return waits
}
