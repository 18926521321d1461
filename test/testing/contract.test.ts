// The suite finds what is broken: each of these components breaks one promise.
import { createServer, type Server } from 'node:net'
import { test } from 'tap'
import { flag, section, setting, text } from '../../src/config/index.ts'
import {
  type Consume,
  type Consumers,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
  type Factory,
  type Host,
  PermanentError,
  RetryableError,
  type Settings,
} from '../../src/contract/index.ts'
import type { Batch, Context } from '../../src/data/index.ts'
import { type ContractOptions, contract, type Driven, logs, startComponent } from '../../src/testing/index.ts'

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
async function broken(
  factory: Factory,
  config: object = {},
  options: ContractOptions = {},
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { title, check } of contract(factory, config, options))
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
  const words = () => 'words'
  const coded = section({ name: setting(v.string(`must be ${words}`), '', 'A name.') })
  const deep = section({ list: setting(v.array(coded), [], 'Some.') })
  const { 'refuses a config that is wrong': ofCode } = await broken(extension({ config: deep }))
  t.match(ofCode, /list\.0\.name: \[\] is told in code and not in words: must be \(\) => 'words'/)
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

/** Of log records, with `consume`. */
const processor = (
  consume: (batch: Batch<'logs'>, next: Consume<'logs'>, settings: Settings, context: Context) => Promise<void>,
): Factory =>
  defineProcessor({
    ...described,
    create: {
      logs: (_config, settings, next) => ({ consume: (batch, context) => consume(batch, next, settings, context) }),
    },
  })
const HANDS_BACK = 'hands back what comes next refuses, or keeps it, and never both'

test('a refusal that becomes something else on its way to the sender is found', async (t) => {
  t.same(await broken(processor((batch, next, _settings, context) => next(batch, context))), {})
  const final = processor((batch, next, _settings, context) =>
    next(batch, context).catch((error: Error) => {
      throw new PermanentError(`mine: ${error.message}`)
    }),
  )
  t.match(
    (await broken(final))[HANDS_BACK],
    /logs: next may take it later \(RetryableError\), but the answer is a PermanentError \(mine: not now\).*Pass the refusal on/,
  )
  const endless = processor((batch, next, _settings, context) =>
    next(batch, context).catch((error: Error) => {
      throw new RetryableError(error.message)
    }),
  )
  t.match(
    (await broken(endless))[HANDS_BACK],
    /logs: next will never take it .*retryable \(never\): it would come again/,
  )
})

test('what is acknowledged and lost because of a refusal is found, and so is what is handed back and kept', async (t) => {
  const losing = processor((batch, next, { ledger }, context) =>
    next(batch, context).catch(() => ledger('logs').dropped(batch.items, 'refused_by_next')),
  )
  t.match(
    (await broken(losing))[HANDS_BACK],
    /logs: what next refuses for now is acknowledged, and lost: reject with the refusal[\s\S]*refused_by_next/,
  )
  const keeping = processor((batch, next, { clock }, context) =>
    next(batch, context).catch((error: Error) => {
      clock.after(1000, () => void next(batch, context))
      throw error
    }),
  )
  t.match(
    (await broken(keeping))[HANDS_BACK],
    /logs: what was handed back came out later all the same: there will be two/,
  )
  let isSulking = false
  const sulking = processor(async (batch, next, _settings, context) => {
    if (isSulking) throw new RetryableError('sulking')
    await next(batch, context).catch((error: Error) => {
      isSulking = error instanceof PermanentError
      throw error
    })
  })
  t.match((await broken(sulking))[HANDS_BACK], /logs: takes nothing any more after a refusal: sulking/)
})

/** Hands on a log record a second, with `handOn`. */
const receiver = (handOn: (next: Consume<'logs'>, settings: Settings, host: Host) => Promise<unknown>): Factory =>
  defineReceiver({
    ...described,
    signals: ['logs'],
    create(_config, settings, next) {
      let cancel = (): void => {}
      return {
        async start(host) {
          const tick = (): void => {
            cancel = settings.clock.after(1000, () => void handOn(next.logs!, settings, host).then(tick, () => {}))
          }
          tick()
        },
        async stop() {
          cancel()
        },
      }
    },
  })
const context: Context = { abort: new AbortController().signal, metadata: new Map() }
const receive = ({ settings }: Driven): Promise<void> => settings.clock.advance(1000)
const HANDS_ON = 'hands on what comes in, and leaves its account to the graph'
const LIVES_ON = 'lives on when what comes next refuses'

test('a receiver that books what is booked for it, forgets what it has admitted, or hands nothing on, is found', async (t) => {
  const good = receiver((next) => next(logs('one'), context).catch(() => {}))
  t.same(await broken(good, {}, { receive }), {})
  t.notOk(
    contract(good).some(({ title }) => title.includes(HANDS_ON)),
    'nothing comes in by itself',
  )

  const twice = receiver(async (next, { ledger }) => {
    await next(logs('one'), context).catch(() => {})
    ledger('logs').out(1)
  })
  t.match(
    (await broken(twice, {}, { receive }))[HANDS_ON],
    /logs: out is booked for a receiver, and it has booked it, too/,
  )
  const entering = receiver(async (next, { ledger }) => {
    ledger('logs').entered(1)
    await next(logs('one'), context).catch(() => {})
  })
  t.match((await broken(entering, {}, { receive }))[HANDS_ON], /logs: a receiver books no entered/)
  const admitting = receiver(async (next, _settings, host) => {
    host.admit('logs', 100)
    await next(logs('one'), context).catch(() => {})
  })
  t.match((await broken(admitting, {}, { receive }))[HANDS_ON], /host\.admit without release/)
})

test('a receiver that a refusal ends is found', async (t) => {
  const fragile = receiver((next) => next(logs('one'), context))
  const found = await broken(fragile, {}, { receive })
  t.same(Object.keys(found), [LIVES_ON])
  t.match(found[LIVES_ON], /nothing comes out any more after a refusal/)
})

test('signals that are only said are found', async (t) => {
  const silent = defineExporter({ ...described, signals: ['logs', 'traces'], create: () => ({ consumers: {} }) })
  t.match((await broken(silent))['knows the signals that it says, and no others'], /consumers differ/)
})
