// Plans of components made in the test, and an agent that runs them.

import { section } from '../../src/config/schema.ts'
import {
  type BatchProcessor,
  type Component,
  type Consume,
  type Consumers,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
  type Exporter,
  type Factory,
  type ItemProcessor,
  type Settings,
} from '../../src/contract/index.ts'
import type { Signal } from '../../src/data/index.ts'
import { Accounts } from '../../src/observe/accounts.ts'
import { HealthRegistry } from '../../src/observe/health.ts'
import type { ItemLedger } from '../../src/observe/ledger.ts'
import { Agent } from '../../src/pipeline/agent.ts'
import type { Plan, PlannedComponent, PlannedPipeline } from '../../src/pipeline/plan.ts'
import { SIGNALS, Sink, type TestSettings, testSettings } from '../../src/testing/index.ts'

const description = { summary: 'For tests.', stability: 'stable', config: section({}) } as const

/** A receiver whose `next` the test calls. */
export class TestReceiver {
  next: Consumers = {}
  readonly component: Component
  constructor(component: Component = {}) {
    this.component = component
  }
  get factory(): Factory {
    return defineReceiver({
      ...description,
      type: 'test',
      signals: SIGNALS,
      create: (_config, _settings, next) => {
        this.next = next
        return this.component
      },
    })
  }
}

/** An exporter that keeps what it gets and books it as delivered. */
export class TestExporter {
  readonly sink = new Sink<never>()
  readonly life: Component
  constructor(life: Component = {}) {
    this.life = life
  }
  get factory(): Factory {
    return defineExporter({
      ...description,
      type: 'test',
      signals: SIGNALS,
      create: (_config, settings): Exporter => {
        const consume =
          (signal: Signal): Consume =>
          async (batch, context) => {
            await (this.sink as unknown as Sink).consume(batch, context)
            settings.ledger(signal).out(batch.items)
          }
        return {
          ...this.life,
          consumers: {
            traces: consume('traces') as never,
            metrics: consume('metrics') as never,
            logs: consume('logs') as never,
          },
        }
      },
    })
  }
}

export const itemProcessor = (make: () => ItemProcessor<'traces'>): Factory =>
  defineProcessor({ ...description, type: 'test', create: { traces: make } })

export const batchProcessor = (
  make: (next: Consume<'traces'>, settings: Settings) => BatchProcessor<'traces'>,
): Factory =>
  defineProcessor({
    ...description,
    type: 'test',
    create: { traces: (_config, settings, next) => make(next, settings) },
  })

export const extension = (component: Component): Factory =>
  defineExtension({ ...description, type: 'test', create: () => component })

export const passingConnector = (routes: readonly (readonly [Signal, Signal])[]): Factory =>
  defineConnector({
    ...description,
    type: 'test',
    routes,
    create: (_config, _settings, next) => ({ consumers: next }),
  })

export const planned = (kind: PlannedComponent['kind'], id: string, factory: Factory): PlannedComponent => ({
  kind,
  id,
  factory,
  config: {},
})

export const pipeline = (
  id: string,
  receivers: readonly string[],
  processors: readonly string[],
  exporters: readonly string[],
): PlannedPipeline => ({ id, signal: id.split('/')[0] as Signal, receivers, processors, exporters })

export interface TestAgent {
  readonly agent: Agent
  readonly settings: TestSettings
  readonly accounts: Accounts
  readonly health: HealthRegistry
  ledger(kind: PlannedComponent['kind'], id: string, pipeline?: string, signal?: Signal): ItemLedger
  /** What conservation says must still be somewhere, by node; empty when everything has gone through. */
  held(): Record<string, number>
}

export function testAgent(
  components: readonly PlannedComponent[],
  pipelines: readonly PlannedPipeline[],
  extensions: readonly string[] = [],
  payloadLimitBytes?: number,
): TestAgent {
  const plan: Plan = { components, pipelines, extensions }
  const settings = testSettings()
  const accounts = new Accounts()
  const health = new HealthRegistry(settings.clock)
  const agent = new Agent(plan, {
    accounts,
    health,
    memory: settings.memory,
    payloadLimitBytes,
    settingsOf: (kind, id, pipeline) => ({
      ...settings,
      id,
      pipeline,
      ledger: (signal) => accounts.ledger({ kind, id, pipeline, signal }),
    }),
  })
  return {
    agent,
    settings,
    accounts,
    health,
    ledger: (kind, id, pipeline, signal = 'traces') => accounts.ledger({ kind, id, pipeline, signal }),
    held: () =>
      Object.fromEntries(
        [...accounts.all()]
          .filter(({ ledger }) => ledger.held !== 0)
          .map(({ kind, id, pipeline, ledger }) => [`${kind} ${id}${pipeline ? ` in ${pipeline}` : ''}`, ledger.held]),
      ),
  }
}
