// A plan and what components are given to live with, made into an agent that has not started.
import { randomUUID } from 'node:crypto'
import type { Meter } from '@opentelemetry/api'
import type { Insight, Logger, Settings, Spans } from '../contract/index.ts'
import { Accounts } from '../observe/accounts.ts'
import { systemClock } from '../observe/clock.ts'
import { containerMemory, payloadBytesOf } from '../observe/container-memory.ts'
import { HealthRegistry } from '../observe/health.ts'
import { HeldPayload } from '../observe/memory.ts'
import { Meters } from '../observe/meter.ts'
import { NO_REDACTION, type Redaction } from '../observe/redaction.ts'
import { Agent } from '../pipeline/agent.ts'
import type { Plan } from '../pipeline/plan.ts'
import { version } from './version.ts'

/** What the agent knows about itself, shared by its components, its meters and its health endpoints. */
export interface Surroundings {
  readonly accounts: Accounts
  readonly memory: HeldPayload
  readonly health: HealthRegistry
  readonly agent: Settings['agent']
  readonly clock: Settings['clock']
}

/** `redaction` is for what components say of themselves. */
export function createSurroundings(redaction: Redaction = NO_REDACTION): Surroundings {
  const accounts = new Accounts()
  return {
    accounts,
    memory: new HeldPayload(),
    health: new HealthRegistry(systemClock, accounts, redaction),
    agent: { name: 'sluice', version, instanceId: randomUUID() },
    clock: systemClock,
  }
}

/** Throws `PlanError`. */
export function createAgent(
  plan: Plan,
  { accounts, memory, health, agent, clock }: Surroundings,
  of: {
    log(fields: object): Logger
    meter(name: string): Meter
    readonly spans?: Spans | undefined
    readonly insight?: Omit<Insight, 'accounts'> | undefined
  },
): Agent {
  const container = containerMemory()
  return new Agent(plan, {
    accounts,
    memory,
    payloadLimitBytes: container && payloadBytesOf(container.limitBytes),
    health,
    insight: of.insight,
    settingsOf: (kind, id, pipeline) => ({
      id,
      pipeline,
      log: of.log({ [kind]: id, ...(pipeline === undefined ? {} : { pipeline }) }),
      meter: of.meter(`${kind}/${id}`),
      spans: of.spans,
      clock,
      memory,
      agent,
      ledger: (signal) => accounts.ledger({ kind, id, pipeline, signal }),
    }),
  })
}

/** Made and thrown away: what only shows when components are made. */
export function tryPlan(plan: Plan): void {
  const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }
  const unread = new Meters('none')
  createAgent(plan, createSurroundings(), { log: () => silent, meter: (name) => unread.meter(name) })
}
