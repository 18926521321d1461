// What the agent measures of itself, under the collector's names, and beside them the accounts as they are. Everything is
// read from plain numbers when somebody looks.
import { getHeapStatistics } from 'node:v8'
import type { Attributes, Meter, ObservableResult } from '@opentelemetry/api'
import { type ComponentKind, type PayloadMemory, SIGNALS } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { Account, Accounts } from './accounts.ts'

/** How the collector calls the items of a signal. */
const ITEMS: Readonly<Record<Signal, { readonly plural: string; readonly text: string; readonly unit: string }>> = {
  traces: { plural: 'spans', text: 'spans', unit: '{span}' },
  metrics: { plural: 'metric_points', text: 'metric points', unit: '{datapoint}' },
  logs: { plural: 'log_records', text: 'log records', unit: '{record}' },
}

export function measureItself(meter: Meter, accounts: Accounts, memory: PayloadMemory): void {
  for (const signal of SIGNALS) measureSignal(meter, accounts, signal)
  measureProcessors(meter, accounts)
  measureAccounts(meter, accounts)
  measureProcess(meter, memory)
}

function measureSignal(meter: Meter, accounts: Accounts, signal: Signal): void {
  const { plural, text, unit } = ITEMS[signal]
  const count = (name: string, description: string, kind: ComponentKind, read: (account: Account) => number): void => {
    const observed = sums(accounts, (account) =>
      account.kind === kind && account.signal === signal ? [[attributesOf(account), read(account)]] : [],
    )
    meter.createObservableCounter(`${name}_${plural}`, { description, unit }).addCallback(observed)
  }
  count(
    'otelcol_receiver_accepted',
    `Number of ${text} that the pipelines took`,
    'receiver',
    ({ ledger }) => ledger.outItems,
  )
  count(
    'otelcol_receiver_refused',
    `Number of ${text} that the pipelines did not take`,
    'receiver',
    ({ ledger }) => ledger.refusedItems,
  )
  count(
    'otelcol_receiver_failed',
    `Number of ${text} that the receiver itself lost`,
    'receiver',
    ({ ledger }) => ledger.droppedItems,
  )
  count('otelcol_exporter_sent', `Number of ${text} delivered`, 'exporter', ({ ledger }) => ledger.outItems)
}

const attributesOf = ({ kind, id, transport }: Account): Attributes => ({
  [kind]: id,
  ...(transport !== undefined && { transport }),
})

function measureProcessors(meter: Meter, accounts: Accounts): void {
  const count = (name: string, description: string, read: (account: Account) => number): void => {
    const observed = sums(accounts, (account) =>
      account.kind === 'processor' ? [[{ processor: account.id, otel_signal: account.signal }, read(account)]] : [],
    )
    meter.createObservableCounter(name, { description, unit: '{items}' }).addCallback(observed)
  }
  count(
    'otelcol_processor_incoming_items',
    'Number of items that entered the processor',
    ({ ledger }) => ledger.enteredItems,
  )
  count('otelcol_processor_outgoing_items', 'Number of items that left the processor', ({ ledger }) => ledger.outItems)
}

/** The accounts: entered + created = out + dropped + merged + refused + in flight, for each component. */
function measureAccounts(meter: Meter, accounts: Accounts): void {
  const place = ({ kind, id, pipeline, signal }: Account): Attributes => ({
    kind,
    component: id,
    ...(pipeline !== undefined && { pipeline }),
    signal,
  })
  meter
    .createObservableCounter('sluice_items_total', {
      description: 'Items by what became of them; entered and created = out, dropped, merged, refused and in flight',
      unit: '{items}',
    })
    .addCallback(
      sums(accounts, (account) => {
        const { ledger } = account
        const outcomes: [Attributes, number][] = []
        const add = (outcome: string, items: number, isAlways = false): void => {
          if (items > 0 || isAlways) outcomes.push([{ ...place(account), outcome }, items])
        }
        add('entered', ledger.enteredItems)
        add('created', ledger.createdItems)
        add('out', ledger.outItems, true)
        add('merged', ledger.mergedItems)
        add('refused', ledger.refusedItems, true)
        for (const [reason, items] of ledger.droppedByReason)
          outcomes.push([{ ...place(account), outcome: 'dropped', reason }, items])
        return outcomes
      }),
    )
  meter
    .createObservableUpDownCounter('sluice_items_in_flight', {
      description: 'Items that are in the component now',
      unit: '{items}',
    })
    .addCallback(sums(accounts, (account) => [[place(account), account.ledger.held]]))
}

/** Accounts that look the same from outside (a processor in two pipelines, two transports) are added up. */
function sums(accounts: Accounts, read: (account: Account) => readonly [Attributes, number][]) {
  return (result: ObservableResult): void => {
    const totals = new Map<string, { readonly attributes: Attributes; total: number }>()
    for (const account of accounts.all()) {
      for (const [attributes, value] of read(account)) {
        const key = JSON.stringify(attributes)
        const known = totals.get(key)
        if (known === undefined) totals.set(key, { attributes, total: value })
        else known.total += value
      }
    }
    for (const { attributes, total } of totals.values()) result.observe(total, attributes)
  }
}

function measureProcess(meter: Meter, memory: PayloadMemory): void {
  const count = (name: string, description: string, unit: string, read: () => number): void =>
    meter.createObservableCounter(name, { description, unit }).addCallback((result) => result.observe(read()))
  const gauge = (name: string, description: string, unit: string, read: () => number): void =>
    meter.createObservableGauge(name, { description, unit }).addCallback((result) => result.observe(read()))
  count('otelcol_process_uptime', 'Uptime of the process', 's', () => process.uptime())
  count('otelcol_process_cpu_seconds', 'CPU time of the process, user and system', 's', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('otelcol_process_memory_rss', 'Physical memory of the process', 'By', () => process.memoryUsage.rss())
  gauge('otelcol_process_runtime_heap_alloc_bytes', 'Bytes of objects on the JavaScript heap', 'By', () => {
    return getHeapStatistics().used_heap_size
  })
  count(
    'otelcol_process_runtime_total_alloc_bytes',
    'Bytes ever allocated on the JavaScript heap',
    'By',
    allocatedBytes,
  )
  gauge(
    'otelcol_process_runtime_total_sys_memory_bytes',
    'Bytes that the runtime has of the operating system',
    'By',
    () => {
      const { total_heap_size, external_memory, malloced_memory } = getHeapStatistics()
      return total_heap_size + external_memory + malloced_memory
    },
  )
  gauge('sluice_payload_held_bytes', 'Bytes of payload that the agent holds', 'By', () => memory.heldBytes)
}

/** V8 counts it since Node 25; before that there is nothing to tell. */
const allocatedBytes = (): number => {
  const statistics: { total_allocated_bytes?: number } = getHeapStatistics()
  return statistics.total_allocated_bytes ?? 0
}
