// The suite finds what is broken: each of these components breaks one promise.
import { createServer, type Server } from 'node:net'
import { test } from 'tap'
import { flag, section, setting, text } from '../../src/config/index.ts'
import {
  type Consumers,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  type Factory,
  type Settings,
} from '../../src/contract/index.ts'
import type { Batch } from '../../src/data/index.ts'
import { contract, startComponent } from '../../src/testing/index.ts'

const described = { type: 'mine', summary: 'Is under test.', stability: 'alpha', config: section({}) } as const
const extension = (of: Partial<Parameters<typeof defineExtension>[0]>): Factory =>
  defineExtension({ ...described, create: () => ({}), ...of })
const exporter = (consume: (batch: Batch, settings: Settings) => Promise<void>): Factory =>
  defineExporter({
    ...described,
    signals: ['logs'],
    create: (_config, settings) => ({ consumers: { logs: (batch) => consume(batch, settings) } }),
  })
const connector = (consume: (batch: Batch, settings: Settings, next: Consumers) => Promise<void>): Factory =>
  defineConnector({
    ...described,
    routes: [['logs', 'traces']],
    create: (_config, settings, next) => ({ consumers: { logs: (batch) => consume(batch, settings, next) } }),
  })
const delivered = async ({ items }: Batch, { ledger }: Settings): Promise<void> => ledger('logs').out(items)

/** Titles, without the name, of the promises that are broken, with what is said about them. */
async function broken(factory: Factory, config: object = {}): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { title, check } of contract(factory, config))
    await check().catch((error: Error) => {
      found[title.replace(`${factory.kind} ${factory.type} `, '')] = error.message
    })
  return found
}

test('a component that keeps its promises passes', async (t) => {
  t.same(await broken(extension({})), {})
  t.same(await broken(exporter(delivered)), {})
  const visitor = { onSpan: ({ name }: { readonly name: string }) => name !== 'span-3' }
  t.same(await broken(defineProcessor({ ...described, create: { traces: () => ({ visitor }) } })), {})
})

test('what is no factory is told as such', async (t) => {
  const missing = {} as { default: Factory }
  t.throws(() => contract(missing.default), { message: /no factory: it must be .* as "export default"\?/ })
  await t.rejects(startComponent(missing.default, {}), { message: /no factory/ })
})

test('names, summaries and sentences are for people', async (t) => {
  const { 'is described': ofName } = await broken(extension({ type: 'my-extension' }))
  t.match(ofName, /type is snake_case/)
  const { 'is described': ofSummary } = await broken(extension({ summary: 'is under test' }))
  t.match(ofSummary, /summary is a sentence/)
  const silent = section({ on: setting(flag, true, ''), inner: setting(section({ a: text }), { a: '' }, 'Some.') })
  const { 'has a sentence for every setting': ofSetting } = await broken(extension({ config: silent }))
  t.match(ofSetting, /'on',\n.*'inner\.a'/)
})

test('a config that is wrong is refused, and one that is right is taken', async (t) => {
  const { v } = await import('../../src/plugin.ts')
  const loose = v.looseObject({})
  const { 'refuses a config that is wrong': ofLoose } = await broken(extension({ config: loose }))
  t.match(ofLoose, /a setting that does not exist must be refused/)
  const throwing = section({
    name: setting(
      v.pipe(
        text,
        v.check((value) => value.at(0)!.length > 0),
      ),
      'x',
      'A name.',
    ),
  })
  const { 'refuses a config that is wrong': ofThrowing } = await broken(extension({ config: throwing }))
  t.match(ofThrowing, /name: "" is a mistake of a user/)
  const all = await broken(extension({}), { no_such: 1 })
  t.match(all['refuses a config that is wrong'], /the config of extension mine is refused:\nno_such: /)
})

test('I/O in create, and what is left open, are found', async (t) => {
  const servers: Server[] = []
  const open = (): void => void servers.push(createServer().listen(0, '127.0.0.1'))
  t.teardown(() => {
    for (const server of servers) server.close()
  })
  const eager = extension({
    create: () => {
      open()
      return {}
    },
  })
  t.match((await broken(eager))['is made at once and without touching anything'], /I\/O belongs into start/)
  const leaking = extension({ create: () => ({ start: async () => open() }) })
  const left = await broken(leaking)
  t.same(Object.keys(left), ['can be stopped before it starts, and any number of times'])
  t.match(left['can be stopped before it starts, and any number of times'], /something is still open after stop/)
  const ticking = extension({ create: (_, { clock }) => ({ start: async () => void clock.after(1, () => {}) }) })
  t.match(Object.values(await broken(ticking)).join(), /timers are left after stop/)
})

test('a stop that is not safe before start, or twice, is found', async (t) => {
  const once = extension({
    create: () => {
      let stops = 0
      return {
        async stop() {
          if (stops++ > 0) throw new Error('stopped already')
        },
      }
    },
  })
  t.match((await broken(once))['can be stopped before it starts, and any number of times'], /stopped already/)
})

test('items that are lost without a word are found', async (t) => {
  const found = await broken(exporter(async () => {}))
  t.match(found['accounts for every item, before and after its stop'], /logs: entered .* but 251 entered, .* 0 out/)
  const twice = exporter(async (batch, settings) => {
    await delivered(batch, settings)
    await delivered(batch, settings)
  })
  t.ok('accounts for every item, before and after its stop' in (await broken(twice)))
  const refusing = exporter(async () => {
    throw new Error('no route')
  })
  t.match(Object.values(await broken(refusing)).join(), /1 logs were refused: no route/)
  const holding = exporter(async (batch, settings) => {
    settings.memory.hold(batch)
    await delivered(batch, settings)
  })
  t.match(Object.values(await broken(holding)).join(), /memory\.hold without memory\.release/)
})

test('what is acknowledged after the stop is not lost', async (t) => {
  const closed = defineExporter({
    ...described,
    signals: ['logs'],
    create: (_config, { ledger }) => {
      let isStopped = false
      return {
        consumers: {
          async logs({ items }) {
            if (isStopped) ledger('logs').dropped(items, 'stopped')
            else ledger('logs').out(items)
          },
        },
        async stop() {
          isStopped = true
        },
      }
    },
  })
  const found = await broken(closed)
  t.match(found['accounts for every item, before and after its stop'], /acknowledged after the stop, and lost/)
})

test('what a connector makes of a batch that is refused is found', async (t) => {
  const forgetful = connector(async (batch, { ledger }, next) => {
    const { spans } = await import('../../src/testing/index.ts')
    ledger('traces').created(1)
    await next.traces?.(spans('one'), { abort: new AbortController().signal, metadata: new Map() })
    ledger('logs').merged(batch.items)
  })
  const found = await broken(forgetful)
  t.match(found['accounts for every item when what comes next refuses'], /traces: .*1 created; 0 out/)
})

test('signals that are only said are found', async (t) => {
  const silent = defineExporter({ ...described, signals: ['logs', 'traces'], create: () => ({ consumers: {} }) })
  t.match((await broken(silent))['knows the signals that it says, and no others'], /consumers differ/)
})
