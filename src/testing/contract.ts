// What every component promises, whatever it does: as checks for any test runner. The agent's own components pass the same.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkSchema, type Shape, shapeOf } from '../config/index.ts'
import { type Factory, messageOf, SIGNALS } from '../contract/index.ts'
import { Batch, poisonViews } from '../data/index.ts'
import { assertFactory, type Driven, drive, readConfig } from './drive.ts'
import { mistakesOf } from './mistakes.ts'
import { handsOn, survivesRefusal } from './receiving.ts'
import { handsBack } from './refusal.ts'
import { resources } from './resources.ts'
import { accountOf, assertSettled, settled } from './settled.ts'
import { numbered } from './telemetry.ts'

/** One promise. `check` rejects with what is broken; it needs nothing of the test runner. */
export interface ContractCheck {
  readonly title: string
  check(): Promise<void>
}

/** What a check brings for a config that needs something round it. */
export interface ContractScene {
  /** A folder of its own, gone after the check. */
  readonly directory: string
  /** Runs after the check, the last one first. */
  after(end: () => unknown): void
}

/** The least settings with which the component works, as they stand in YAML; or what makes them, once for each check. */
export type ContractConfig = object | ((scene: ContractScene) => object | Promise<object>)

/** Where a check waits for something that never comes. Real time: what hangs is not moved by a `FakeClock`. */
const LIMIT_MS = 20_000
/** What the suite cannot know by itself. */
export interface ContractOptions {
  /** Lets something come in at a receiver that has started, as its senders would; what they are answered does not matter. */
  readonly receive?: (one: Driven) => unknown
}

/**
 * The contract suite: named as its kind's, described, refuses bad configs, made without I/O, started and stopped in any
 * order and number, leaves nothing open, ends when it is told to, accounts for every item also when what comes next refuses.
 *
 *     for (const { title, check } of contract(errorhook, { url: 'http://127.0.0.1:9000/' })) test(title, check)
 *
 * Of a receiver more is looked at with `{ receive }`, which lets something come in.
 * An exporter needs a destination that answers (`HttpDestination`): time stands still, so a retry never comes.
 */
export function contract(
  factory: Factory,
  config: ContractConfig = {},
  { receive }: ContractOptions = {},
): readonly ContractCheck[] {
  assertFactory(factory)
  const promises: [title: string, promise: (rig: Rig) => Promise<void>][] = [
    ['is described', described],
    ['has a sentence for every setting', hasSentences],
    ['refuses a config that is wrong', refusesBadConfig],
    ['is made at once and without touching anything', isMadeAtOnce],
    ['can be stopped before it starts, and any number of times', stopsAnytime],
    ['stops when it is told not to wait', stopsAtOnce],
  ]
  if (factory.kind === 'exporter' || factory.kind === 'connector' || factory.kind === 'processor')
    promises.push(['accounts for every item, before and after its stop', accounts])
  if (factory.kind === 'connector' || factory.kind === 'processor')
    promises.push(
      ['accounts for every item when what comes next refuses', accountsForRefused],
      ['hands back what comes next refuses, or keeps it, and never both', handsBack],
    )
  if (factory.kind !== 'extension') promises.push(['knows the signals that it says, and no others', knowsSignals])
  if (factory.kind === 'receiver')
    promises.push(['says where it listens, and hands nothing on by itself', waitsForSenders])
  if (factory.kind === 'receiver' && receive !== undefined)
    promises.push(
      ['hands on what comes in, and leaves its account to the graph', ({ make }) => handsOn(make(), receive)],
      ['lives on when what comes next refuses', ({ make }) => survivesRefusal(make(), receive)],
    )
  return promises.map(([title, promise]) => ({
    title: `${factory.kind} ${factory.type} ${title}`,
    check: () => checked(factory, config, promise),
  }))
}

/** A component whose config is known, for one check. */
interface Rig {
  readonly factory: Factory
  /** As it stands in YAML. */
  readonly config: object
  make(): Driven[]
}

async function checked(factory: Factory, config: ContractConfig, promise: (rig: Rig) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-contract-'))
  const ends: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })]
  const after = (end: () => unknown): void => void ends.push(end)
  poisonViews(true)
  try {
    const plain = typeof config === 'function' ? await config({ directory, after }) : config
    const rig: Rig = {
      factory,
      config: plain,
      make: () => drive(factory, readConfig(factory, plain)),
    }
    await withinLimit(promise(rig))
  } finally {
    poisonViews(false)
    for (const end of ends.toReversed()) await end()
  }
}

async function withinLimit(promised: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Error(
          `does not end within ${LIMIT_MS / 1000} s. Time stands still here (FakeClock): does it wait for a retry, because its ` +
            'destination does not answer? Does its stop wait for something that nobody ends?',
        ),
      )
    }, LIMIT_MS).unref()
  })
  try {
    await Promise.race([promised, late])
  } finally {
    clearTimeout(timer)
  }
}

async function described({ factory: { type, summary } }: Rig): Promise<void> {
  assert.match(type, /^[a-z][0-9a-z_]{0,62}$/, 'type is snake_case: a letter, then letters, digits and _')
  assert.match(summary, /^[A-Z`].*[^.]\.$/s, 'summary is a sentence: a capital letter, a full stop')
}

async function hasSentences({ factory }: Rig): Promise<void> {
  const without = withoutSentence(shapeOf(factory.config))
  assert.deepEqual(without, [], 'these settings have no sentence: the last argument of setting, required and optional')
}

/** Paths of settings that the manual could say nothing about. */
function withoutSentence(shape: Shape, path = '', depth = 0): string[] {
  if (depth > 10) return []
  const below = (inner: Shape | undefined, at: string): string[] =>
    inner === undefined ? [] : withoutSentence(inner, at, depth + 1)
  return [
    ...[...shape.entries()].flatMap(([key, entry]) => {
      const at = path === '' ? key : `${path}.${key}`
      return [...(/^\S.*\S$/s.test(entry.about ?? '') ? [] : [at]), ...below(entry, at)]
    }),
    ...below(shape.of(), `${path}[]`),
    ...shape.options().flatMap((option) => below(option, path)),
  ]
}

async function refusesBadConfig({ factory, config }: Rig): Promise<void> {
  readConfig(factory, config)
  const problemsOf = (value: unknown) => checkSchema(factory.config, value).problems
  const unknown = problemsOf({ ...config, no_such_setting: 1 })
  assert(
    unknown?.some(({ path }) => path.join('.') === 'no_such_setting'),
    'a setting that does not exist must be refused: config is made with section({ … })',
  )
  for (const value of ['text', 42, true, ['list']])
    assert(problemsOf(value) !== undefined, `${JSON.stringify(value)} must be refused in place of settings`)
  for (const { path, written, settings } of mistakesOf(shapeOf(factory.config))) {
    const mistake = `${path}: ${JSON.stringify(written)}`
    let problems: readonly { readonly message: string }[] = []
    assert.doesNotThrow(
      () => (problems = problemsOf({ ...config, ...settings }) ?? []),
      `${mistake} is a mistake of a user: the schema may refuse it, but must not throw`,
    )
    for (const { message } of problems)
      assert(
        !/=>|\[object |\b(undefined|function)\b/.test(message),
        `${mistake} is told in code and not in words: ${message}`,
      )
  }
  // `debug:` and `debug: {}` are the same
  if (Object.keys(config).length === 0)
    assert.equal(problemsOf(null), undefined, 'no settings and empty ones are the same')
}

async function isMadeAtOnce({ make }: Rig): Promise<void> {
  const before = await resources()
  for (const { component, settings } of make()) {
    assert.equal(settings.clock.pending, 0, 'create set a timer: that belongs into start')
    assert(!('then' in component), 'create is not async')
    assert.deepEqual(await resources(), before, 'create opened something: I/O belongs into start')
  }
}

async function stopsAnytime({ make }: Rig): Promise<void> {
  const before = await resources()
  for (const one of make()) {
    await one.stop()
    await one.stop()
  }
  for (const one of make()) {
    await one.start()
    await Promise.all([one.stop(), one.stop()])
    await one.stop()
    await resources()
    assert.equal(one.settings.clock.pending, 0, 'timers are left after stop: call what clock.after returned')
    assert.equal(one.settings.memory.heldBytes, 0, 'memory.hold without memory.release')
  }
  assert.deepEqual(await resources(), before, 'something is still open after stop')
}

async function stopsAtOnce({ make }: Rig): Promise<void> {
  const before = await resources()
  for (const one of make()) {
    await one.start()
    for (const signal of SIGNALS) if (one.consumers[signal]) void one.give(numbered(signal, 3)).catch(() => {})
    await one.stop(AbortSignal.abort())
    await settled(one, before)
    assertSettled(one)
  }
}

async function accounts({ make }: Rig): Promise<void> {
  for (const one of make()) {
    await one.start()
    const taken = SIGNALS.filter((signal) => one.consumers[signal] !== undefined)
    for (const signal of taken)
      for (const batch of [numbered(signal, 1), Batch.empty(signal), numbered(signal, 250)])
        await one.give(batch).catch((error: unknown) => {
          throw new Error(`${batch.items} ${signal} were refused: ${messageOf(error)}`, { cause: error })
        })
    await one.stop()
    assertSettled(one)
    for (const signal of SIGNALS) {
      const { outItems, droppedItems, mergedItems, enteredItems, createdItems } = one.settings.ledger(signal)
      assert.equal(enteredItems, taken.includes(signal) ? 251 : 0)
      assert.equal(
        outItems + droppedItems + mergedItems,
        enteredItems + createdItems,
        `${signal}: out, dropped or merged`,
      )
    }
    for (const signal of taken) await refusesAfterStop(one, numbered(signal, 4))
  }
}

/** Rejected, handed on, or treated as ever: never lost for another reason than before. */
async function refusesAfterStop(one: Driven, batch: Batch): Promise<void> {
  const { droppedByReason } = one.settings.ledger(batch.signal)
  const known = new Set(droppedByReason.keys())
  const isRefused = await one.give(batch).then(
    () => false,
    () => true,
  )
  const news = [...droppedByReason.keys()].filter((reason) => !known.has(reason))
  if (!isRefused) assert.deepEqual(news, [], `${batch.signal}: acknowledged after the stop, and lost`)
  assertSettled(one)
}

async function accountsForRefused({ make }: Rig): Promise<void> {
  const before = await resources()
  for (const one of make()) {
    await one.start()
    for (const signal of SIGNALS) one.sinks[signal].refuse()
    for (const signal of SIGNALS) {
      if (one.consumers[signal] === undefined) continue
      await one.give(numbered(signal, 10)).catch(() => {})
      for (const each of SIGNALS)
        assert(one.settings.ledger(each).held >= 0, `${each}: more has left than has entered: ${accountOf(one, each)}`)
    }
    await one.stop(AbortSignal.abort())
    await settled(one, before)
    assertSettled(one)
  }
}

async function knowsSignals({ factory, make }: Rig): Promise<void> {
  const found = SIGNALS.filter((signal) => make().some(({ consumers }) => consumers[signal] !== undefined))
  const told = SIGNALS.filter((signal) => toldBy(factory).includes(signal))
  assert(told.length > 0, 'it is for no signal at all')
  if (factory.kind !== 'receiver') assert.deepEqual(found, told, 'signals (or routes) and consumers differ')
}

function toldBy(factory: Factory): readonly string[] {
  switch (factory.kind) {
    case 'receiver':
    case 'exporter':
      return factory.signals
    case 'processor':
      return Object.keys(factory.create)
    case 'connector':
      return factory.routes.map(([from]) => from)
    case 'extension':
      return []
  }
}

async function waitsForSenders({ make }: Rig): Promise<void> {
  for (const one of make()) {
    await one.start()
    // Those that ask others listen nowhere.
    if ('endpoints' in one.component)
      assert((one.component.endpoints as readonly string[]).length > 0, 'endpoints is empty once started')
    await one.stop()
    for (const signal of SIGNALS)
      assert.equal(one.sinks[signal].batches.length, 0, 'nobody sent anything, no time passed')
  }
}
