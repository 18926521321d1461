// A destination under the test's control, batches to send to it, and an exporter around it.
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import type { Consume, Exporter } from '../../src/contract/index.ts'
import { type Attributes, type Batch, type Context, decodeOtlp, type Signal } from '../../src/data/index.ts'
import {
  type Delivery,
  type DeliveryDefaults,
  type Drop,
  deliver,
  deliverySettings,
  type Outgoing,
} from '../../src/delivery/index.ts'
import {
  settle,
  type TestHost,
  type TestSettings,
  testContext,
  testHost,
  testSettings,
} from '../../src/testing/index.ts'
import { encoded } from '../data/random.ts'

/** A batch of items that are told apart by their ids. */
export function batchOf<S extends Signal>(signal: S, ids: readonly string[]): Batch<S> {
  const attributes = (id: string) => [{ key: 'id', value: { stringValue: id } }]
  const items = ids.map((id) => ({ attributes: attributes(id) }))
  const message = {
    traces: { resourceSpans: [{ scopeSpans: [{ spans: items }] }] },
    logs: { resourceLogs: [{ scopeLogs: [{ logRecords: items }] }] },
    metrics: { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: items } }] }] }] },
  }[signal]
  return decodeOtlp(signal, encoded(signal, message))
}

export function idsOf(...batches: readonly Batch[]): string[] {
  const ids: string[] = []
  const read = ({ attributes }: { readonly attributes: Attributes }): void =>
    void ids.push(String(attributes.get('id')))
  for (const batch of batches) batch.visit({ onSpan: read, onLog: read, onPoint: read })
  return ids
}

export const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i))

export type Answer = (outgoing: Outgoing<Batch>, context: Context, drop: Drop) => Promise<void>

/** Requests are batches; what arrives is kept. */
export class Destination {
  readonly tried: Batch[] = []
  readonly arrived: Batch[] = []
  readonly contexts: Context[] = []
  /** The answers to the next attempts, in order; then `otherwise`. */
  readonly answers: Answer[] = []
  otherwise: Answer = async () => {}

  readonly send: Answer = async (outgoing, context, drop) => {
    this.tried.push(outgoing.request)
    this.contexts.push(context)
    await (this.answers.shift() ?? this.otherwise)(outgoing, context, drop)
    this.arrived.push(outgoing.request)
  }
  get items(): number {
    return this.arrived.reduce((sum, { items }) => sum + items, 0)
  }
}

export const whole = (batch: Batch): Outgoing<Batch>[] => [{ request: batch, items: batch.items }]

/** What a test opens when it likes. */
export interface Gate {
  readonly promise: Promise<void>
  open(): void
}
export function gate(): Gate {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open: () => open() }
}

export interface Rig {
  readonly exporter: Exporter
  readonly destination: Destination
  readonly settings: TestSettings
  readonly host: TestHost
  /** As the graph does it: entered before, refused when it is handed back. */
  offer(batch: Batch, context?: Context): Promise<void>
  advance(ms: number): Promise<void>
}

/** An exporter of all signals, started unless it is to be otherwise. Waits are not randomized unless the config says so. */
export async function rig(
  config: { sending_queue?: object; retry_on_failure?: object; timeout?: string } = {},
  of: {
    delivery?: Partial<Delivery<Signal, Batch>>
    defaults?: DeliveryDefaults
    settings?: TestSettings
    isStarted?: boolean
  } = {},
): Promise<Rig> {
  const destination = new Destination()
  const settings = of.settings ?? testSettings()
  const host = testHost()
  const parsed = v.parse(section(deliverySettings(of.defaults)), {
    ...config,
    retry_on_failure: { randomization_factor: 0, ...config.retry_on_failure },
  })
  const delivery: Delivery<Signal, Batch> = { encode: whole, send: destination.send, ...of.delivery }
  const exporter = deliver<Batch>({ traces: delivery, metrics: delivery, logs: delivery }, parsed, settings)
  if (of.isStarted !== false) await exporter.start?.(host)
  return {
    exporter,
    destination,
    settings,
    host,
    async offer(batch, context = testContext()) {
      const ledger = settings.ledger(batch.signal)
      ledger.entered(batch.items)
      try {
        await (exporter.consumers[batch.signal] as Consume)(batch, context)
      } catch (error) {
        ledger.refused(batch.items)
        throw error
      }
    },
    async advance(ms) {
      await settings.clock.advance(ms)
      await settle()
    },
  }
}
