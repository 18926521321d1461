// The same config and the same requests through a processor here and through the collector's. Where the collector is not at
// hand, what it made of each case is known by a hash (TAP_SNAPSHOT=1 with SLUICE_OTELCOL writes them anew).
import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'tap'
import * as v from 'valibot'
import type { BatchProcessor, Consume, Factory, ItemProcessor, Settings } from '../../src/contract/index.ts'
import type { Batch, Context, Signal } from '../../src/data/index.ts'
import { testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../data/random.ts'
import { otelcolComplaint, otelcolHas, startOtelcol } from '../servers/otelcol.ts'

export interface Comparison {
  /** What is special about it; no two cases of a file have the same. */
  readonly name: string
  readonly signal: Signal
  readonly config: object
  /** Sent one after the other, those of the signal; the very same list for many cases saves starting the collector for each. */
  readonly requests: readonly Batch[]
  /** Data points come in any order. */
  readonly isUnordered?: boolean
  /** Batches come in any order, and that long after the last request. */
  readonly afterMs?: number
}

export interface Compared {
  readonly factory: Extract<Factory, { kind: 'processor' }>
  /** The collector's name for it. */
  readonly type: string
  /** The file with the hashes. */
  readonly recorded: string
}

/** Two tests: against what the collector did, and against what it does. */
export function compare(of: Compared, cases: readonly Comparison[]): void {
  test(`${of.type} does what the collector did`, async (t) => {
    const known: unknown = existsSync(of.recorded) ? JSON.parse(readFileSync(of.recorded, 'utf8')) : {}
    const found: Record<string, string> = {}
    for (const one of cases) found[one.name] = shortHash(await ours(of, one))
    if (process.env.TAP_SNAPSHOT !== '1') t.same(found, known)
    t.ok(cases.length > 0)
  })

  test(`${of.type}: the collector does what it did, and this processor the same`, otelcolHas(of.type), async (t) => {
    const recorded: Record<string, string> = {}
    for (const group of Map.groupBy(cases, ({ requests }) => requests).values()) {
      const theirs = await throughOtelcol(t.testdir({}), of.type, group)
      for (const [i, one] of group.entries()) {
        t.equal(firstDifference(await ours(of, one), theirs[i]!), '', one.name)
        recorded[one.name] = shortHash(theirs[i]!)
      }
    }
    if (process.env.TAP_SNAPSHOT === '1') writeFileSync(of.recorded, `${JSON.stringify(recorded, null, 2)}\n`)
    t.same(recorded, JSON.parse(readFileSync(of.recorded, 'utf8')))
  })
}

export interface Refused {
  readonly name: string
  readonly config: object
  readonly signal: Signal
  /** What it is told here. */
  readonly message: RegExp
}

/** What the collector refuses is refused here, with words of our own. */
export function compareRefusals({ factory, type }: Omit<Compared, 'recorded'>, cases: readonly Refused[]): void {
  test(`${type}: a config that the collector refuses is refused here`, async (t) => {
    const { skip } = otelcolHas(type)
    for (const { name, config, signal, message } of cases) {
      t.throws(() => created({ factory }, { signal, config }, testSettings(), async () => {}), message, name)
      if (skip) continue
      const complaint = await otelcolComplaint(t.testdir({}), {
        receivers: { otlp: { protocols: { http: null } } },
        processors: { [type]: escaped(config) },
        exporters: { nop: null },
        service: { pipelines: { [signal]: { receivers: ['otlp'], processors: [type], exporters: ['nop'] } } },
      })
      t.ok(complaint, `the collector refuses ${name}`)
    }
    t.ok(cases.length > 0)
  })
}

function created(
  { factory }: Pick<Compared, 'factory'>,
  { signal, config }: Pick<Comparison, 'signal' | 'config'>,
  settings: Settings,
  next: Consume,
): ItemProcessor | BatchProcessor {
  const create = factory.create[signal] as (
    config: unknown,
    settings: Settings,
    next: Consume,
  ) => ItemProcessor | BatchProcessor
  return create(v.parse(factory.config as v.GenericSchema, config), settings, next)
}

const shortHash = (text: string): string => hash('sha256', text).slice(0, 16)
const context: Context = testContext()

async function ours(of: Compared, { signal, config, requests, ...how }: Comparison): Promise<string> {
  const out: Batch[] = []
  const take: Consume = async (batch) => {
    if (batch.items > 0) out.push(batch)
  }
  const processor = created(of, { signal, config }, testSettings(), take)
  await processor.start?.(testHost())
  for (const request of requests) {
    if (request.signal !== signal) continue
    if ('visitor' in processor) await take(request.rewrite([processor.visitor as never], context), context)
    else await processor.consume(request, context)
  }
  await processor.stop?.(AbortSignal.timeout(1000))
  return readable(
    signal,
    out.map(({ chunks }) => Buffer.concat(chunks)),
    how,
  )
}

/** One pipeline for each case, all fed with the same requests. */
async function throughOtelcol(directory: string, type: string, cases: readonly Comparison[]): Promise<string[]> {
  const entries = <T>(make: (one: Comparison, i: number) => readonly [string, T]): Record<string, T> =>
    Object.fromEntries(cases.map(make))
  const collector = await startOtelcol(directory, {
    processors: entries(({ config }, i) => [`${type}/${i}`, escaped(config)]),
    exporters: entries((_, i) => [`file/${i}`, { path: join(directory, `${i}`), format: 'proto' }]),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: entries(({ signal }, i) => [
        `${signal}/${i}`,
        { receivers: ['otlp'], processors: [`${type}/${i}`], exporters: [`file/${i}`] },
      ]),
    },
  })
  for (const request of cases[0]!.requests) await collector.send(request)
  await delay(Math.max(...cases.map(({ afterMs = 0 }) => afterMs)))
  await collector.stop()
  return Promise.all(
    cases.map(async ({ signal, ...how }, i) =>
      readable(signal, messagesIn(await readFile(join(directory, `${i}`))), how),
    ),
  )
}

/** The collector would take a dollar for the beginning of a variable. */
const escaped = (config: object): unknown => JSON.parse(JSON.stringify(config).replaceAll('$', '$$$$'))

/** Each behind its length in four bytes. */
function messagesIn(file: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < file.length; ) {
    const end = at + 4 + file.readUInt32BE(at)
    messages.push(file.subarray(at + 4, end))
    at = end
  }
  return messages
}

/** Where two texts part, with some of what stands before and behind: a message is too large to look at. */
function firstDifference(found: string, wanted: string): string {
  if (found === wanted) return ''
  let at = 0
  while (found[at] === wanted[at]) at++
  const near = (text: string): string => text.slice(Math.max(0, at - 250), at + 120)
  return `ours …${near(found)}…, theirs …${near(wanted)}…`
}

/** As JSON, without what is only spelled differently: a default and nothing, the order of attributes, parents without items. */
function readable(
  signal: Signal,
  messages: readonly Buffer[],
  { isUnordered = false, afterMs = 0 }: Pick<Comparison, 'isUnordered' | 'afterMs'>,
): string {
  const tidied = messages.map((bytes) => tidy(decodedSparse(signal, bytes)) as Plain).filter(hasSomething)
  return JSON.stringify(afterMs > 0 ? tidied.toSorted(byText) : tidied, (key, value: unknown) =>
    isUnordered && key === 'dataPoints' && Array.isArray(value) ? value.toSorted(byText) : value,
  )
}

const byText = (a: unknown, b: unknown): number => (textOf(a) < textOf(b) ? -1 : 1)
/** Keys in an order that depends on nothing else. */
const textOf = (value: unknown): string => JSON.stringify(isObject(value) ? Object.entries(value).toSorted() : value)

function tidy(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((entry) => tidy(entry, name))
    if (PARENTS.test(name)) return list.filter((entry) => Object.keys(entry as Plain).some((key) => INSIDE.test(key)))
    if (name === 'metrics') return list.filter((entry) => Object.values(entry as Plain).some(hasPoints))
    return name === 'attributes' || name === 'kvlistValue' ? list.toSorted(byKey) : list
  }
  if (!isObject(value)) return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, tidy(inner, key === 'values' ? name : key)] as const,
  )
  return Object.fromEntries(entries.filter(([key, inner]) => !isDefault(key, inner)))
}

const hasSomething = (message: Plain): boolean => Object.keys(message).length > 0
const hasPoints = (data: unknown): boolean => isObject(data) && 'dataPoints' in data
const PARENTS = /^(resource|scope)(Spans|Logs|Metrics)$/
const INSIDE = /^(scope(Spans|Logs|Metrics)|spans|logRecords|metrics)$/
const isObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
const byKey = (a: unknown, b: unknown): number => (keyIn(a) < keyIn(b) ? -1 : 1)
const keyIn = (entry: unknown): string => (isObject(entry) ? String(entry.key) : '')

/** Whose being there says something, whatever the value. */
const SAYS = /Value$|^as(Int|Double)$|^(sum|min|max)$/
const isDefault = (key: string, value: unknown): boolean =>
  !SAYS.test(key) && ['0', '""', '"0"', 'false', '[]', '{}'].includes(JSON.stringify(value) ?? '')
