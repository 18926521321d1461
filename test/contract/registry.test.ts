// What every component promises, whatever it does.
import { existsSync } from 'node:fs'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { checkSchema } from '../../src/config/check.ts'
import { type Shape, shapeOf } from '../../src/config/shape.ts'
import { poisonViews } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { items } from '../kit/otlp.ts'
import { until } from '../kit/until.ts'
import { drive, give, openResources, parse, registry, resources, SIGNALS, surroundings } from './driven.ts'

const entries = await registry()
const titleOf = ({ kind, type }: { kind: string; type: string }): string => `${kind} ${type}`
poisonViews(true)

for (const entry of entries) {
  const { kind, type, factory } = entry
  const title = titleOf(entry)

  test(`${title} is called as its folder, described, and of its kind`, async (t) => {
    t.equal(factory.type, type)
    t.equal(factory.kind, kind)
    t.match(factory.summary, /^[A-Z`].*[^.]\.$/s)
    t.ok(existsSync(`src/${kind}s/${type}/README.md`))
  })

  test(`${title}: every setting has a sentence, and none is made up`, async (t) => {
    for (const path of withoutSentence(shapeOf(factory.config))) t.fail(`${path} has no sentence`)
    const minimal = entry.minimal(await surroundings(t))
    t.ok(v.safeParse(factory.config as v.GenericSchema, minimal).success)
    const wrong = v.safeParse(factory.config as v.GenericSchema, { ...minimal, no_such_setting: 1 })
    t.ok(wrong.issues?.some((issue) => v.getDotPath(issue) === 'no_such_setting'))
    // `debug:` and `debug: {}` are the same
    if (Object.keys(minimal).length === 0) t.ok('config' in checkSchema(factory.config, null))
  })

  test(`${title} is made at once and without touching anything`, async (t) => {
    const config = parse(factory, entry.minimal(await surroundings(t)))
    const before = await resources()
    for (const { component, settings } of drive(factory, config)) {
      t.equal(settings.clock.pending, 0)
      t.notOk('then' in component)
      t.same(openResources(), before)
    }
  })

  test(`${title} can be stopped before it starts, and any number of times`, async (t) => {
    const around = await surroundings(t)
    const before = await resources()
    for (const one of drive(factory, parse(factory, entry.minimal(around)))) {
      await one.stop()
      await one.stop()
    }
    for (const one of drive(factory, parse(factory, entry.minimal(around)))) {
      await one.start()
      await Promise.all([one.stop(), one.stop()])
      await one.stop()
      await resources()
      t.equal(one.settings.clock.pending, 0, 'no timers are left')
      t.equal(one.settings.memory.heldBytes, 0)
    }
    t.same(await resources(), before, 'nothing stays open')
  })

  test(`${title} stops when it is told not to wait`, async (t) => {
    const around = await surroundings(t)
    for (const one of drive(factory, parse(factory, entry.minimal(around)))) {
      await one.start()
      for (const signal of SIGNALS)
        if (one.consumers[signal]) void give(one.consumers, items[signal](3)).catch(() => {})
      await one.stop(AbortSignal.abort())
      // What the disk is at ends when the disk does.
      await until(() => one.settings.memory.heldBytes === 0)
      for (const ledger of one.ledgers()) t.equal(ledger.held, 0)
    }
  })

  if (kind === 'exporter' || kind === 'connector' || kind === 'processor')
    test(`${title} accounts for every item, before and after its stop`, async (t) => {
      const around = await surroundings(t)
      for (const one of drive(factory, parse(factory, entry.minimal(around)))) {
        await one.start()
        for (const signal of SIGNALS) {
          if (one.consumers[signal] === undefined) continue
          for (const count of [1, 0, 250])
            await give(one.consumers, count === 0 ? items[signal](0).select([]) : items[signal](count))
        }
        await one.stop()
        for (const signal of SIGNALS) {
          const ledger = one.settings.ledger(signal)
          t.equal(ledger.held, 0, `${signal}: entered = out + dropped + merged + refused`)
          t.equal(ledger.enteredItems, one.consumers[signal] ? 251 : 0)
          const { outItems, droppedItems, mergedItems, enteredItems, createdItems } = ledger
          t.equal(
            outItems + droppedItems + mergedItems,
            enteredItems + createdItems,
            `${signal}: delivered, dropped or merged`,
          )
        }
        t.equal(one.settings.memory.heldBytes, 0)
        await refusesAfterStop(t, one)
      }
    })

  if (factory.kind === 'exporter')
    test(`${title} takes the signals that it says, and no others`, async (t) => {
      const [one] = drive(factory, parse(factory, entry.minimal(await surroundings(t))))
      t.same(Object.keys(one!.consumers).toSorted(), [...factory.signals].toSorted())
    })

  if (factory.kind === 'receiver')
    test(`${title} says where it listens, and hands nothing on by itself`, async (t) => {
      const [one] = drive(factory, parse(factory, entry.minimal(await surroundings(t))))
      await one!.start()
      // Those that ask others listen nowhere.
      if ('endpoints' in one!.component) t.ok((one!.component.endpoints as string[]).length > 0)
      await one!.stop()
      for (const signal of SIGNALS) t.equal(one!.sinks[signal].batches.length, 0)
    })

  if (factory.kind === 'connector')
    test(`${title} takes what its routes say`, async (t) => {
      const [one] = drive(factory, parse(factory, entry.minimal(await surroundings(t))))
      t.same(Object.keys(one!.consumers).toSorted(), [...new Set(factory.routes.map(([from]) => from))].toSorted())
    })

  if (factory.kind === 'processor')
    test(`${title} works item by item or batch by batch, and leaves alone what does not concern it`, async (t) => {
      const around = await surroundings(t)
      for (const one of drive(factory, parse(factory, entry.minimal(around)))) {
        const [signal] = SIGNALS.filter((each) => one.consumers[each])
        t.not(one.visitor === undefined, signal === undefined, 'either a visitor or a consumer')
        if (one.visitor === undefined) continue
        for (const each of SIGNALS) {
          const batch = items[each](20)
          t.equal(batch.rewrite([one.visitor as never], testContext()), batch, 'the very same batch comes back')
        }
      }
    })
}

/** Rejected, or handed on: never lost without a word. */
async function refusesAfterStop(t: Test, one: ReturnType<typeof drive>[number]): Promise<void> {
  for (const signal of SIGNALS) {
    if (one.consumers[signal] === undefined) continue
    const handedOn = one.sinks[signal].items
    const isRefused = await give(one.consumers, items[signal](4)).then(
      () => false,
      () => true,
    )
    t.ok(isRefused || one.sinks[signal].items === handedOn + 4, `${signal}: refused after the stop`)
    t.equal(one.settings.ledger(signal).held, 0)
  }
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
