// `sluice run`: from a config to a running agent, until a signal ends it.
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { messageOf } from '../contract/index.ts'
import { limitNodeConnections } from '../net/node-connections.ts'
import { containerMemory } from '../observe/container-memory.ts'
import { type OwnTelemetry, startOwnTelemetry } from '../observe/index.ts'
import type { RootLogger } from '../observe/log.ts'
import { RecentSpans } from '../observe/recent-spans.ts'
import { watchStandstill } from '../observe/standstill.ts'
import { type Plan, PlanError } from '../pipeline/plan.ts'
import { type Assembled, assemble } from './assemble.ts'
import { banner, listeners, type Ready } from './banner.ts'
import { createAgent, createSurroundings, type Surroundings } from './build.ts'
import { collectSooner } from './collecting.ts'
import { complain } from './complain.ts'
import { endFields, endText, startCodeOf } from './end-code.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { leave } from './leave.ts'
import { updateFor } from './node-release.ts'
import { openDoors, sayOpenDoors } from './open-doors.ts'
import { culprit, type Plugin } from './plugins.ts'
import type { ConfigOptions } from './program.ts'
import { watchSources } from './watch-sources.ts'

/** In milliseconds. */
export interface RunTimes {
  /** From the signal to the end, at most. */
  readonly shutdownMs: number
  /** Between looks at the sources of the config; 0 is never. */
  readonly refreshMs: number
}

/** Resolves when the agent has stopped. */
export async function run(
  options: ConfigOptions,
  pluginApi: URL,
  { shutdownMs, refreshMs }: RunTimes,
): Promise<ExitCode> {
  // A report of a crash is meant for others: it does not have the environment.
  if (process.report !== undefined) process.report.excludeEnv = true
  const signals = new StopSignals()
  let assembled: Assembled
  try {
    assembled = await assemble(options, pluginApi)
  } catch (error) {
    return complain(error)
  }
  const { redaction } = assembled
  const surroundings = createSurroundings(redaction)
  let own: OwnTelemetry
  try {
    own = await startOwnTelemetry(assembled.telemetry, {
      ...surroundings,
      redaction,
      limitConnections: limitNodeConnections,
    })
  } catch (error) {
    process.stderr.write(endText(startCodeOf(error), `sluice did not start: ${redaction.text(messageOf(error))}`))
    return EXIT.failed
  }
  const { log } = own
  guard(log, assembled.plugins, pluginApi)
  sayMemory(log)
  const standstill = watchStandstill({ clock: surroundings.clock, log })
  surroundings.health.setDelay(() => standstill.delay())
  // Components' timers do not hold the process, and not every agent has a socket: until it has stopped, this does.
  const alive = setInterval(() => {}, 2 ** 30)
  for (const { message, path, code } of assembled.warnings) log.warn(message, { path: path.join('::'), code })
  const meter = own.metrics.meter('config')
  const unwatch = watchSources(assembled.loaded, refreshMs, { log, meter, ...surroundings })
  const update = updateFor(process.versions.node)
  if (update !== undefined)
    log.warn('this Node lacks security fixes: update it, or run dist/main.js with a newer one', {
      node: process.versions.node,
      fixed_in: update,
    })
  try {
    return await live(assembled, surroundings, own, { signals, shutdownMs })
  } catch (error) {
    if (error instanceof PlanError) return complain(error, assembled)
    log.error('sluice did not start', endFields(startCodeOf(error), error))
    return EXIT.failed
  } finally {
    unwatch()
    standstill.stop()
    await own.stop()
    clearInterval(alive)
  }
}

async function live(
  assembled: Assembled,
  surroundings: Surroundings,
  { log, metrics, spans }: OwnTelemetry,
  { signals, shutdownMs }: { readonly signals: StopSignals; readonly shutdownMs: number },
): Promise<ExitCode> {
  const recent = looksAtSpans(assembled.plan) ? new RecentSpans(surroundings.clock, spans) : undefined
  const agent = createAgent(assembled.plan, surroundings, {
    log: (fields) => log.child(fields),
    meter: (name) => metrics.meter(name),
    spans: recent ?? spans,
    insight: { measured: (name) => metrics.measured(name), spans: recent },
  })
  let isStopping = false
  const stopped = signals.first.then((signal) => {
    isStopping = true
    log.info('stopping', { signal })
    return agent.stop(shutdownMs)
  })
  const started = agent.start().then(() => {
    collectSooner(surroundings.clock)
    if (isStopping) return
    sayOpenDoors(openDoors(assembled.plan, agent.nodes, assembled.telemetry), log)
    const { pipelines } = assembled.plan
    say(log, { nodes: agent.nodes, pipelines, ownMetrics: metrics.endpoints }, assembled)
  })
  try {
    await Promise.race([started, stopped])
  } catch (error) {
    // A start that a signal has ended is a stop like any other.
    if (!isStopping) {
      await agent.stop(shutdownMs)
      throw error
    }
  }
  const { lostItems, lostBy, isComplete } = await stopped
  if (lostItems > 0)
    log.error('stopped, items were lost', { items: lostItems, ...endFields('items_lost'), components: lostBy })
  else if (!isComplete) log.warn('stopped, some components did not end in time')
  else log.info('stopped')
  return lostItems > 0 ? EXIT.lost : EXIT.ok
}

const looksAtSpans = ({ components, extensions }: Plan): boolean =>
  components.some(
    ({ factory, id }) => factory.kind === 'extension' && factory.looksAtSpans === true && extensions.includes(id),
  )

/** People get a table; a machine that reads the log line by line gets a line. */
function say(log: RootLogger, ready: Ready, { telemetry, redaction }: Assembled): void {
  const { isTTY } = process.stderr
  if (!isTTY && telemetry.logs.encoding === 'json')
    log.info('sluice is ready', { endpoints: Object.fromEntries(listeners(ready)) })
  else if (isTTY || telemetry.logs.level !== 'error') process.stderr.write(redaction.text(banner(ready, isTTY)))
}

/** What it has to live with, for whoever asks later why it was killed, or why it refused. */
function sayMemory(log: RootLogger): void {
  const container = containerMemory()
  const heapMib = mib(getHeapStatistics().heap_size_limit)
  if (container === undefined) log.info('memory: no limit but the machine', { machineMib: mib(totalmem()), heapMib })
  else log.info('memory: limited', { limitMib: mib(container.limitBytes), from: container.source, heapMib })
}

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2)

/** The first SIGTERM or SIGINT stops; a second one ends the process at once. */
class StopSignals {
  readonly first: Promise<NodeJS.Signals>
  #resolve: (signal: NodeJS.Signals) => void = () => {}
  #count = 0
  readonly #listener = (signal: NodeJS.Signals): void => {
    this.#count++
    if (this.#count === 1) this.#resolve(signal)
    else leave(EXIT.killed)
  }

  constructor() {
    this.first = new Promise((resolve) => (this.#resolve = resolve))
    process.on('SIGTERM', this.#listener)
    process.on('SIGINT', this.#listener)
  }
}

/**
 * No path is meant to lead here. After an exception that nobody caught the state is unknown: the process ends, so that it is
 * started again. One that a plugin threw in a timer or listener of its own, and a promise that nobody looks at, have
 * interrupted nobody else: they are told, and that is all.
 */
function guard(log: RootLogger, plugins: readonly Plugin[], pluginApi: URL): void {
  const explain = (error: unknown) => {
    const plugin = culprit(error, plugins, pluginApi)
    return {
      ...(plugin && { plugin: plugin.specifier }),
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
  process.on('uncaughtException', (error) => {
    const fields = explain(error)
    if (fields.plugin !== undefined) {
      log.error('a plugin failed outside of any call', { ...fields, ...endFields('plugin_fault') })
      return
    }
    log.error('a fault in sluice itself, ending', { ...fields, ...endFields('internal_fault') })
    void log.close().finally(() => leave(EXIT.internal))
  })
  process.on('unhandledRejection', (error) => {
    log.error('a promise was rejected and nobody looked: a fault in a plugin or in sluice itself', explain(error))
  })
}
