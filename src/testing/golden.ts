// Golden cases: a folder each, with settings, what comes in, and what is expected to come out. Adding a case adds no code.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { type Factory, messageOf, SIGNALS } from '../contract/index.ts'
import { type Batch, decodeOtlpJson, encodeOtlpJson, type Signal } from '../data/index.ts'
import { difference } from './difference.ts'
import { type Driven, type StartOptions, startComponent } from './drive.ts'

/** A folder with `config.yaml`, `input.json` and `expected.json`. */
export interface GoldenCase {
  /** The folder's name. */
  readonly title: string
  /** `config.yaml`: what stands below the component's name; `{}` when there is none. */
  readonly config: object
  /** `input.json`: OTLP/JSON, a request or a list of them; none when there is no such file. */
  readonly input: readonly Batch[]
  /** Any other file in the folder. */
  read(name: string): string
  /**
   * Compares with `expected.json`. With `UPDATE=1` in the environment, or where there is no such file yet, it writes the file:
   * look at the difference before you commit it.
   */
  expect(found: unknown): void
}

/**
 * The cases in a folder, for any test runner:
 *
 *     for (const one of goldenCases(new URL('cases/', import.meta.url)))
 *       test(one.title, async () => one.expect(await outcome(factory, one)))
 */
export function goldenCases(folder: URL | string): readonly GoldenCase[] {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  if (!existsSync(path)) throw new Error(`there is no folder ${path} with golden cases`)
  const names = readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  if (names.length === 0) throw new Error(`${path} has no golden cases: a case is a folder in it`)
  return names.sort().map((name) => caseIn(join(path, name), name))
}

function caseIn(folder: string, title: string): GoldenCase {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const has = (name: string): boolean => existsSync(join(folder, name))
  return {
    title,
    config: has('config.yaml') ? (parse(read('config.yaml')) ?? {}) : {},
    input: has('input.json') ? batchesOf(read('input.json'), join(folder, 'input.json')) : [],
    read,
    expect: (found) => expectFile(join(folder, 'expected.json'), found),
  }
}

const NAMES: Readonly<Record<string, Signal>> = {
  resourceSpans: 'traces',
  resourceMetrics: 'metrics',
  resourceLogs: 'logs',
}

function batchesOf(text: string, file: string): Batch[] {
  try {
    const requests: unknown[] = [JSON.parse(text)].flat()
    return requests.map((request) => {
      const names = typeof request === 'object' && request !== null ? Object.keys(request) : []
      const signal = names.length === 1 ? NAMES[names[0]!] : undefined
      if (signal === undefined)
        throw new Error(
          `a request has one of ${Object.keys(NAMES).join(', ')}, this one has ${names.join(', ') || 'none'}`,
        )
      return decodeOtlpJson(signal, Buffer.from(JSON.stringify(request)))
    })
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
}

function expectFile(file: string, found: unknown): void {
  if (process.env.UPDATE === '1' || !existsSync(file)) return writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`)
  const [expected, came] = [JSON.parse(readFileSync(file, 'utf8')), JSON.parse(JSON.stringify(found))].map(ordered)
  if (!isDeepStrictEqual(expected, came))
    throw new GoldenError(file, difference(JSON.stringify(expected, null, 2), JSON.stringify(came, null, 2)))
}

/** In a difference only what means something is one: the order of keys does not. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  )
}

/** What came out is not what a golden case expects. */
export class GoldenError extends Error {
  override readonly name = 'GoldenError'
  /** Line by line: `-` expected, `+` found. */
  readonly difference: string

  constructor(file: string, difference: string) {
    super(`${file} is not what came out (- expected, + found; UPDATE=1 writes it anew):\n${difference}`)
    this.difference = difference
  }
}

/** What a component made of its input. */
export interface Outcome {
  /** OTLP/JSON, a request for each batch that came out. */
  readonly out: readonly unknown[]
  /** How many items there were, by signal, and what became of them. */
  readonly accounts: Readonly<Record<string, unknown>>
}

export interface OutcomeOptions extends Omit<StartOptions, 'signal'> {
  /** Between the last batch and the stop: move time, send something to a receiver. */
  readonly meanwhile?: (one: Driven) => Promise<void>
}

/** Starts the component with the case's settings, gives it the input, stops it, and tells what came out. */
export async function outcome(
  factory: Factory,
  { config, input }: Pick<GoldenCase, 'config' | 'input'>,
  { meanwhile, ...of }: OutcomeOptions = {},
): Promise<Outcome> {
  if (factory.kind === 'processor' && input.length === 0)
    throw new Error(
      `processor ${factory.type}: nothing comes in, so nothing is looked at: the case needs an input.json`,
    )
  const signals = factory.kind === 'processor' ? [...new Set(input.map(({ signal }) => signal))] : [undefined]
  const out: unknown[] = []
  const accounts: Record<string, unknown> = {}
  for (const signal of signals) {
    const one = await startComponent(factory, config, { ...of, ...(signal && { signal }) })
    for (const batch of input) if (signal === undefined || batch.signal === signal) await one.give(batch)
    await meanwhile?.(one)
    await one.stop()
    for (const each of SIGNALS) {
      for (const batch of one.sinks[each].batches) out.push(JSON.parse(encodeOtlpJson(batch as Batch).toString()))
      const account = accountOf(one, each)
      if (Object.keys(account).length > 0) accounts[each] = account
    }
  }
  return { out, accounts }
}

/** What is not zero. */
function accountOf(one: Driven, signal: Signal): Record<string, unknown> {
  const { enteredItems, createdItems, outItems, mergedItems, refusedItems, droppedByReason, held } =
    one.settings.ledger(signal)
  const numbers = {
    entered: enteredItems,
    created: createdItems,
    out: outItems,
    merged: mergedItems,
    refused: refusedItems,
  }
  return {
    ...Object.fromEntries(Object.entries({ ...numbers, held }).filter(([, items]) => items !== 0)),
    ...(droppedByReason.size > 0 && { dropped: Object.fromEntries([...droppedByReason].sort()) }),
  }
}
