// One invocation, one delivery: the function answers when everything that came of its event has arrived, or says what has not.
import { join } from 'node:path'
import type { Component, Receiver } from '../contract/index.ts'
import type { Accounts } from '../observe/accounts.ts'
import { startOwnTelemetry } from '../observe/index.ts'
import type { Agent } from '../pipeline/agent.ts'
import { assemble } from './assemble.ts'
import { createAgent, createSurroundings } from './build.ts'

/** What Lambda hands over beside the event, as far as it is read. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number
}
export type LambdaHandler = (event: unknown, context?: LambdaContext) => Promise<void>

/** Kept back of the function's time, to say what has not arrived. */
const RESERVE_MS = 1000
const DEFAULT_MS = 15 * 60_000
const LOOK_MS = 5

/**
 * The agent starts with the first event, and lives on with the function. An invocation resolves when no item of the agent is
 * on the way any more. It rejects when no receiver takes the event, when an exporter has given something up meanwhile, or
 * when the function's time is nearly over; Lambda then does what the function is configured to do: try again, or keep the event.
 */
export function createHandler(pluginApi: URL, environment: NodeJS.ProcessEnv = process.env): LambdaHandler {
  let running: Promise<Running> | undefined
  return async (event, context) => {
    running ??= start(pluginApi, configsOf(environment)).catch((error: unknown) => {
      // The next invocation tries again: what was missing may be there.
      running = undefined
      throw error
    })
    const { agent, accounts } = await running
    const endsAt = performance.now() + (context?.getRemainingTimeInMillis() ?? DEFAULT_MS) - RESERVE_MS
    const before = lossesOf(accounts)
    await give(agent, event)
    while (agent.itemsOnTheWay > 0) {
      if (performance.now() >= endsAt)
        throw new Error(`the function's time is nearly over, and ${agent.itemsOnTheWay} items have not arrived`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    const lost = difference(before, lossesOf(accounts))
    if (lost.length > 0) throw new Error(`not everything has arrived: ${lost.join(', ')}`)
  }
}

interface Running {
  readonly agent: Agent
  readonly accounts: Accounts
}

const configsOf = (environment: NodeJS.ProcessEnv): string[] =>
  environment.SLUICE_CONFIG?.split(',').filter((name) => name !== '') ?? [
    join(environment.LAMBDA_TASK_ROOT ?? '.', 'sluice.yaml'),
  ]

async function start(pluginApi: URL, config: readonly string[]): Promise<Running> {
  const { plan, telemetry, warnings, redaction } = await assemble({ config, set: [], plugin: [] }, pluginApi)
  const surroundings = createSurroundings(redaction)
  const { log, metrics, spans } = await startOwnTelemetry(telemetry, { ...surroundings, redaction })
  for (const { message, path, code } of warnings) log.warn(message, { path: path.join('::'), code })
  const agent = createAgent(plan, surroundings, {
    log: (fields) => log.child(fields),
    meter: (name) => metrics.meter(name),
    spans,
  })
  await agent.start()
  return { agent, accounts: surroundings.accounts }
}

/** To the first receiver that knows it. */
async function give(agent: Agent, event: unknown): Promise<void> {
  const receivers = agent.nodes.filter(({ kind }) => kind === 'receiver')
  for (const { component } of receivers) if (await asReceiver(component).invoke?.(event)) return
  const keys = typeof event === 'object' && event !== null ? Object.keys(event).slice(0, 5).join(', ') : typeof event
  throw new Error(
    `no receiver takes this event (it has ${keys || 'no keys'}); there are ${receivers.map(({ id }) => id).join(', ')}`,
  )
}

const asReceiver = (component: Component): Receiver => component

type Losses = ReadonlyMap<string, number>

/** By exporter and reason. What a processor drops is meant to be dropped. */
function lossesOf(accounts: Accounts): Losses {
  const losses = new Map<string, number>()
  for (const { kind, id, ledger } of accounts.all()) {
    if (kind !== 'exporter') continue
    for (const [reason, items] of ledger.droppedByReason) {
      const key = `${id} (${reason})`
      losses.set(key, (losses.get(key) ?? 0) + items)
    }
  }
  return losses
}

const difference = (before: Losses, after: Losses): string[] =>
  [...after]
    .map(([key, items]) => [key, items - (before.get(key) ?? 0)] as const)
    .filter(([, items]) => items > 0)
    .map(([key, items]) => `${items} items lost by ${key}`)
