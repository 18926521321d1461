// The agent's own log: one line an event, with the levels, encodings and places that `service::telemetry::logs` names.
// pino writes the lines.
import { type Logger as Pino, pino } from 'pino'
import type { TelemetrySettings } from '../config/index.ts'
import type { Clock, Logger } from '../contract/index.ts'
import { systemClock } from './clock.ts'
import { consoleLine } from './console.ts'
import { harmless, isDefect, presentable } from './line.ts'
import { type Output, openOutput } from './output.ts'
import { NO_REDACTION, type Redaction } from './redaction.ts'
import { Repetition } from './repetition.ts'
import type { OwnResource } from './resource.ts'

export type LogSettings = TelemetrySettings['logs']
export type Level = LogSettings['level']

/** A log and what hangs on it: lines of a child carry the child's fields. */
export interface RootLogger extends Logger {
  child(fields: object): Logger
  /** Writes what waits, and closes files. Lines after that are lost. */
  close(): Promise<void>
}

/** What a line says, for who wants it elsewhere as well. */
export interface LogLine {
  readonly level: Level
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface LogOptions {
  readonly clock?: Clock
  /** Attributes of the agent; lines of JSON carry them unless `disable_zap_resource`. */
  readonly resource?: OwnResource
  /** Hears each line that is written. */
  readonly onLine?: (line: LogLine) => void
  /** What no line may have in it. */
  readonly redaction?: Redaction
}

const MINUTE_MS = 60_000

/** Opens the outputs; throws when one of them cannot be opened. */
export function createLogger(settings: LogSettings, options: LogOptions = {}): RootLogger {
  const { clock = systemClock, redaction = NO_REDACTION } = options
  const errors = new FailureLine(settings.error_output_paths, clock)
  const outputs = settings.output_paths.map((path) =>
    openOutput(path, (message) => errors.write(redaction.text(message))),
  )
  const repetition = new Repetition(settings.sampling, clock)
  const root = pino(
    {
      level: settings.level,
      base: baseOf(settings, options),
      timestamp: () => `,"ts":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (json: string) => writeLine(outputs, settings.encoding, harmless(json)) },
  )
  const shared: Shared = { settings, repetition, onLine: options.onLine, redaction }
  return {
    ...loggerOf(root, '', {}, shared),
    child: (fields) => {
      const shown = presentable(fields, redaction)
      return loggerOf(root.child(shown), JSON.stringify(shown), shown, shared)
    },
    async close() {
      repetition.tellAll()
      await Promise.all([...outputs, errors].map((output) => output.close()))
    },
  }
}

function baseOf(settings: LogSettings, { resource, redaction }: LogOptions): Record<string, unknown> {
  const isResourceShown = settings.encoding === 'json' && !settings.disable_zap_resource && resource !== undefined
  return presentable(
    { ...(isResourceShown && { resource: resource.attributes }), ...settings.initial_fields },
    redaction,
  )
}

function writeLine(outputs: readonly Output[], encoding: LogSettings['encoding'], json: string): void {
  for (const output of outputs) output.write(encoding === 'json' ? json : consoleLine(json, output.hasColours))
}

interface Shared {
  readonly settings: LogSettings
  readonly repetition: Repetition
  readonly onLine: ((line: LogLine) => void) | undefined
  readonly redaction: Redaction
}

/** `owner` tells equal lines of different components apart. */
function loggerOf(log: Pino, owner: string, own: Readonly<Record<string, unknown>>, shared: Shared): Logger {
  const { repetition, onLine, redaction } = shared
  const write = (level: Level, said: string, fields: Record<string, unknown>): void => {
    const message = redaction.text(said)
    log[level](fields, message)
    onLine?.({ level, message, fields: { ...own, ...fields } })
  }
  const at = (level: Level) => {
    return (message: string, fields: object = {}): void => {
      if (!log.isLevelEnabled(level)) return
      const isComplaint = level === 'warn' || level === 'error'
      const tell = (untold: number): void =>
        write(level, 'lines were left out because they repeat', {
          message: redaction.text(message),
          suppressed: untold,
        })
      // What brings lines of its own says something new each time.
      const suppressed = 'lines' in fields ? 0 : repetition.admit(`${level} ${owner} ${message}`, isComplaint, tell)
      if (suppressed === undefined) return
      const shown = presentable(fields, redaction)
      if (suppressed > 0) shown.suppressed = suppressed
      addOrigin(shown, level, fields, shared)
      write(level, message, shown)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/**
 * The stack of an error that is a defect, which nobody can mend without; when developing also of any other, and the place
 * in the source that the line comes from.
 */
function addOrigin(
  shown: Record<string, unknown>,
  level: Level,
  fields: object,
  { settings, redaction }: Shared,
): void {
  const { development } = settings
  if (development && !settings.disable_caller) shown.caller = callerOf(new Error())
  if (settings.disable_stacktrace || !(level === 'error' || (development && level === 'warn'))) return
  const error = Object.values(fields).find((value) => (development ? value instanceof Error : isDefect(value)))
  if (error instanceof Error && error.stack !== undefined) shown.stacktrace = redaction.text(error.stack)
}

/** The first frame outside of this file. */
function callerOf({ stack = '' }: Error): string | undefined {
  const frames = stack.split('\n').slice(1)
  const frame = frames.find((line) => !line.includes(import.meta.filename))
  return /([^/\\()\s]+[/\\][^/\\()\s]+:\d+):\d+\)?$/.exec(frame ?? '')?.[1]
}

/** Where the log tells that it cannot be written: at most one line a minute, opened only then. */
class FailureLine {
  readonly #paths: readonly string[]
  readonly #clock: Clock
  #outputs: readonly Output[] | undefined
  #silentUntilMs = Number.NEGATIVE_INFINITY

  constructor(paths: readonly string[], clock: Clock) {
    this.#paths = paths
    this.#clock = clock
  }

  write(message: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#silentUntilMs) return
    this.#silentUntilMs = nowMs + MINUTE_MS
    this.#outputs ??= this.#paths.flatMap((path) => {
      try {
        return [openOutput(path, () => {})]
      } catch {
        return []
      }
    })
    const line = `${new Date(this.#clock.now()).toISOString()} ${message}\n`
    for (const output of this.#outputs) output.write(line)
  }

  async close(): Promise<void> {
    await Promise.all((this.#outputs ?? []).map((output) => output.close()))
  }
}
