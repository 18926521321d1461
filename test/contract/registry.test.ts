// What every component promises, whatever it does: the suite that plugins have, and what holds for our own besides.
import { existsSync } from 'node:fs'
import { test } from 'tap'
import { type ContractScene, contract, drive, SIGNALS, testContext } from '../../src/testing/index.ts'
import { items } from '../kit/otlp.ts'
import { parse, registry, surroundings, surroundingsOf } from './driven.ts'
import { receive } from './receiving.ts'

for (const { kind, type, factory, minimal } of await registry()) {
  const come = kind === 'receiver' ? receive[type] : undefined
  const config = async (scene: ContractScene) => minimal(await surroundingsOf(scene))
  if (kind === 'receiver' && come === undefined)
    throw new Error(`receiver ${type}: test/contract/receiving.ts does not say how something comes in`)
  for (const { title, check } of contract(factory, config, come === undefined ? {} : { receive: come }))
    test(title, check)

  test(`${kind} ${type} is called as its folder, and of its kind`, async (t) => {
    t.equal(factory.type, type)
    t.equal(factory.kind, kind)
    t.ok(existsSync(`src/${kind}s/${type}/README.md`))
  })

  if (factory.kind === 'processor')
    test(`${kind} ${type} works item by item or batch by batch, and leaves alone what does not concern it`, async (t) => {
      for (const { component } of drive(factory, parse(factory, minimal(await surroundings(t))))) {
        t.not('visitor' in component, 'consume' in component, 'either a visitor or a consumer')
        if (!('visitor' in component)) continue
        for (const signal of SIGNALS) {
          const batch = items[signal](20)
          t.equal(batch.rewrite([component.visitor as never], testContext()), batch, 'the very same batch comes back')
        }
      }
    })
}
