// Any component, created and booked as the graph does, between a source and destinations that the test holds.
import { checkSchema, formatProblems } from '../config/index.ts'
import {
  type Component,
  type Consume,
  type Consumers,
  type Factory,
  type ItemProcessor,
  messageOf,
  PermanentError,
  type Settings,
  SIGNALS,
} from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'
import type { ItemLedger } from '../observe/ledger.ts'
import { type TestHost, type TestSettings, testHost, testSettings } from './settings.ts'
import { Sink, testContext } from './sink.ts'

/** A component under test, with everything round it. */
export interface Driven {
  readonly component: Component
  readonly settings: TestSettings
  readonly host: TestHost
  /** Of what a batch can be given to: books what the graph books. */
  readonly consumers: Consumers
  /** What came out at the other end, of receivers, processors and connectors. */
  readonly sinks: { readonly [S in Signal]: Sink<S> }
  /** The source: resolves when the component has acknowledged the batch, rejects when it has handed it back. */
  give(batch: Batch, context?: Context): Promise<void>
  /** The accounts of all signals. */
  ledgers(): ItemLedger[]
  start(): Promise<void>
  stop(abort?: AbortSignal): Promise<void>
}

/** How a component is started other than by default. */
export interface StartOptions {
  /** Which one of a processor's; the first that it knows unless it says otherwise. */
  readonly signal?: Signal
  /** With extensions, or an `admit` that refuses. */
  readonly host?: TestHost
  /** What it is given besides a clock, memory and ledgers of the test's: `id`, `meter`, `spans`. */
  readonly settings?: Parameters<typeof testSettings>[0]
}

/**
 * Reads the settings as the agent does, creates the component and starts it. `config` is what stands below its name in YAML.
 *
 *     const one = await startComponent(errorhook, { url })
 *     await one.give(logs('no stock'))
 *     await one.stop()
 */
export async function startComponent(factory: Factory, config: unknown, of: StartOptions = {}): Promise<Driven> {
  assertFactory(factory)
  const all = drive(factory, readConfig(factory, config), of)
  const one = of.signal === undefined ? all[0] : all.find(({ consumers }) => consumers[of.signal!] !== undefined)
  if (one === undefined) throw new Error(`${factory.kind} ${factory.type} takes no ${of.signal ?? 'signal at all'}`)
  await one.start()
  return one
}

/** An `import` of something that is not there is undefined for who strips types and checks none. */
export function assertFactory(value: Factory | undefined): asserts value is Factory {
  if (value?.kind !== undefined) return
  throw new Error(
    'this is no factory: it must be what defineReceiver, defineProcessor, defineExporter, defineConnector or defineExtension ' +
      'returns. Does the file of the component export it, as "export default"?',
  )
}

/** The settings as the agent would read them; throws with everything that is wrong. */
export function readConfig(factory: Factory, config: unknown): unknown {
  const checked = checkSchema(factory.config, config)
  if (checked.problems === undefined) return checked.config
  throw new Error(`the config of ${factory.kind} ${factory.type} is refused:\n${formatProblems(checked.problems)}`)
}

/**
 * One instance, not started; of a processor one for each signal, but for those that it refuses with an error that is a misfit.
 * `config` is what the schema made of the YAML.
 */
export function drive(
  factory: Factory,
  config: unknown,
  {
    isMisfit = () => false,
    ...of
  }: Omit<StartOptions, 'signal'> & { readonly isMisfit?: (error: unknown) => boolean } = {},
): Driven[] {
  if (factory.kind === 'processor')
    return SIGNALS.flatMap((signal) => {
      const create = factory.create[signal] as
        | ((config: unknown, settings: Settings, next: Consume) => ItemProcessor & { consume?: Consume })
        | undefined
      if (create === undefined) return []
      try {
        return [
          driven(factory, of, (settings, next) => {
            const processor = create(config, settings, next[signal] as Consume)
            const consume = processor.consume ?? visiting(processor, settings, next[signal] as Consume)
            return { component: processor, consumers: { [signal]: consume } }
          }),
        ]
      } catch (error) {
        if (isMisfit(error)) return []
        throw error
      }
    })
  return [driven(factory, of, (settings, next) => created(factory, config, settings, next))]
}

/** As the graph runs a visitor: one pass, drops booked under its reason. */
function visiting({ visitor, dropReason = 'filtered' }: ItemProcessor, settings: Settings, next: Consume): Consume {
  return async (batch, context) => {
    const dropped = [0]
    let left: Batch
    try {
      left = batch.rewrite([visitor], context, dropped)
    } catch (error) {
      throw new PermanentError(messageOf(error), { cause: error, reason: 'processor_error' })
    }
    if (left.items > 0) await next(left, context)
    settings.ledger(batch.signal).dropped(dropped[0]!, dropReason)
  }
}

interface Created {
  readonly component: Component
  readonly consumers?: Consumers | undefined
}

function created(
  factory: Exclude<Factory, { kind: 'processor' }>,
  config: unknown,
  settings: Settings,
  next: Consumers,
): Created {
  switch (factory.kind) {
    case 'receiver':
      return { component: factory.create(config, settings, next) }
    case 'extension':
      return { component: factory.create(config, settings) }
    case 'exporter': {
      const exporter = factory.create(config, settings)
      return { component: exporter, consumers: exporter.consumers }
    }
    case 'connector': {
      const connector = factory.create(config, settings, next, () => undefined)
      return { component: connector, consumers: connector.consumers }
    }
  }
}

function driven(factory: Factory, of: StartOptions, create: (settings: Settings, next: Consumers) => Created): Driven {
  const settings = testSettings({ id: factory.type, ...of.settings })
  const host = of.host ?? testHost()
  const sinks = { traces: new Sink<'traces'>(), metrics: new Sink<'metrics'>(), logs: new Sink<'logs'>() }
  // As the graph: what a receiver hands on was made by it, and what is not taken of that is refused.
  const isReceiver = factory.kind === 'receiver'
  const leaving =
    <S extends Signal>(signal: S): Consume<S> =>
    async (batch, context) => {
      const ledger = settings.ledger(signal)
      if (isReceiver) ledger.created(batch.items)
      try {
        await (sinks[signal].consume as Consume)(batch as never, context)
      } catch (error) {
        if (isReceiver) ledger.refused(batch.items)
        throw error
      }
      ledger.out(batch.items)
    }
  const { component, consumers } = create(settings, {
    traces: leaving('traces'),
    metrics: leaving('metrics'),
    logs: leaving('logs'),
  })
  const entered: Consumers = Object.fromEntries(
    SIGNALS.flatMap((signal) => {
      const consume = consumers?.[signal] as Consume | undefined
      return consume === undefined ? [] : [[signal, entering(consume, settings)]]
    }),
  )
  return {
    component,
    settings,
    host,
    sinks,
    consumers: entered,
    give: async (batch, context = testContext()) => {
      const consume = entered[batch.signal] as Consume | undefined
      if (consume === undefined) throw new Error(`${factory.kind} ${factory.type} takes no ${batch.signal}`)
      await consume(batch, context)
    },
    ledgers: () => SIGNALS.map((signal) => settings.ledger(signal)),
    start: async () => component.start?.(host),
    stop: async (abort = new AbortController().signal) => component.stop?.(abort),
  }
}

/** What the graph books in front of a component. */
const entering =
  (consume: Consume, settings: Settings): Consume =>
  async (batch, context) => {
    const ledger = settings.ledger(batch.signal)
    ledger.entered(batch.items)
    try {
      await consume(batch, context)
    } catch (error) {
      ledger.refused(batch.items)
      throw error
    }
  }
