// Point 5 of docs/security.md: one element as large as a request may be, through every processor and every exporter. It is delivered, or
// left out and counted with a reason; costs CPU by its size and no more; and what comes after it arrives.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { reasonOf } from '../../../src/contract/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { type Driven, drive, numbered } from '../../../src/testing/index.ts'
import { parse, registry, type Surroundings, surroundings, visit } from '../../contract/driven.ts'
import { giants } from './elements.ts'

const MIB = 1024 * 1024
/** One of a size, and one that much larger: what is linear takes that many times the CPU, what is quadratic 64 times. */
const TIMES = 8
const GENEROUS = 2.5
/** For the compiler, the collector and whoever else comes in between. */
const SLACK_MS = 400
const GOOD = 3
const TIMEOUT_MS = 110_000

/** What makes those look at elements that look at none by their minimal configs. */
const BUSY: Readonly<Record<string, object>> = {
  attributes: {
    actions: [
      { key: 'k1', action: 'hash' },
      { key: 'copy', from_attribute: 'v', action: 'insert' },
      { key: 'v', pattern: '^(?P<first>.)(?P<second>.)', action: 'extract' },
      { pattern: '^k.*5$', action: 'delete' },
    ],
  },
  resource: {
    attributes: [
      { key: 'k1', action: 'hash' },
      { key: 'v', pattern: '^(?P<first>.)(?P<second>.)', action: 'extract' },
      { pattern: '^k.*5$', action: 'delete' },
    ],
  },
  filter: {
    spans: {
      exclude: { match_type: 'regexp', span_names: ['^(n+)+x$'], attributes: [{ key: 'v', value: '(v+)+x$' }] },
    },
    logs: {
      exclude: { match_type: 'regexp', bodies: ['(b+)+x$'], record_attributes: [{ key: 'v', value: '(v+)+x$' }] },
    },
    metrics: { exclude: { match_type: 'regexp', metric_names: ['(n+)+x$'] } },
  },
  span: { name: { from_attributes: ['v'], to_attributes: { rules: ['^(?P<rest>v.*)$'] } } },
  metrics_transform: {
    transforms: [
      {
        include: '.*',
        match_type: 'regexp',
        action: 'update',
        operations: [{ action: 'aggregate_labels', label_set: ['k1'], aggregation_type: 'sum' }],
      },
    ],
  },
  delta_to_rate: { metrics: ['m', 's'] },
  metricsgeneration: { rules: [{ name: 'new', type: 'calculate', metric1: 'm', metric2: 's', operation: 'add' }] },
}

/** All that take the signal, each with every giant of it. */
export function survivesGiants(...[signal, where]: Parameters<typeof giants>): void {
  for (const giant of giants(signal, where))
    test(`security 5: ${giant.name}, through every processor and every exporter`, {
      timeout: TIMEOUT_MS,
    }, async (t) => {
      const around = await surroundings(t)
      const small = giant.of(Math.floor(giant.most / TIMES))
      const large = giant.of(giant.most)
      let driven = 0
      for (const { kind, type, factory, minimal } of await registry()) {
        if (kind !== 'processor' && kind !== 'exporter') continue
        const make = (): Driven | undefined =>
          drive(factory, parse(factory, BUSY[type] ?? minimal(around))).find(({ consumers }) => consumers[signal])
        if (make() === undefined) continue
        const { cpuMs } = await run(t, make()!, small)
        const cost = await run(t, make()!, large)
        const wrong = leftBy(around)
        // The stand-in for OTLP answers it, and takes it for a sender of OTLP that has lost its way.
        if (type !== 'prometheusremotewrite') t.strictSame(wrong, [], `${type}: what it sends is right`)
        const mostMs = TIMES * GENEROUS * cpuMs + SLACK_MS
        t.ok(cost.cpuMs <= mostMs, `${type}: ${cost.cpuMs} ms of CPU for ${TIMES} times what took ${cpuMs}`)
        const mostBytes = 16 * large.sizeBytes + 256 * MIB
        t.ok(cost.grownBytes <= mostBytes, `${type}: ${cost.grownBytes / MIB} MiB for ${large.sizeBytes / MIB}`)
        driven++
      }
      t.ok(driven > 15, `${driven} of them`)
    })
}

interface Cost {
  readonly cpuMs: number
  readonly grownBytes: number
}

/** A component's whole life: a giant, a good batch, a look at its page, the stop. */
async function run(t: Test, one: Driven, giant: Batch): Promise<Cost> {
  const grown = growth()
  const before = process.cpuUsage()
  const { id, memory } = one.settings
  await one.start()
  await one.give(giant).catch((error: unknown) => t.match(reasonOf(error), REASON, `${id}: ${error}`))
  await one.give(numbered(giant.signal, GOOD))
  await visit(one)
  await one.stop()
  const { user, system } = process.cpuUsage(before)
  const { held, droppedItems, refusedItems, droppedByReason } = one.settings.ledger(giant.signal)
  t.same([held, memory.heldBytes], [0, 0], `${id}: delivered, left out or refused: it adds up`)
  t.ok(droppedItems + refusedItems <= giant.items, `${id}: what comes after it is not lost`)
  t.strictSame(
    [...droppedByReason.keys()].filter((reason) => !REASON.test(reason)),
    [],
    `${id}: reasons that say something`,
  )
  return { cpuMs: (user + system) / 1000, grownBytes: grown() }
}
/** A word for it, and not just that something was wrong. */
const REASON = /^(?!(error|processor_error|retryable_error|permanent_error)$)[a-z][a-z0-9_]+$/

/** How much the process has grown at the most since; 0 where the system does not say. */
function growth(): () => number {
  const startBytes = process.memoryUsage.rss()
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    return () => 0
  }
  return () => Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024 - startBytes
}

/** What broke a protocol or a limit; what the stand-ins have kept besides is forgotten. */
function leftBy({ directory, http, grpc, aws, openSearch, elasticsearch }: Surroundings): string[] {
  rmSync(`${directory}/file.json`, { force: true })
  for (const { requests } of [http, aws, openSearch, elasticsearch]) requests.length = 0
  for (const { documents } of [openSearch, elasticsearch]) documents.length = 0
  grpc.calls.length = 0
  return [http, grpc, aws, openSearch, elasticsearch].flatMap((each) => each.violations.splice(0))
}
