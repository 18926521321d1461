// Sends log events to CloudWatch Logs. Groups and streams are made when AWS says that they are not there.
import { type Clock, messageOf, PermanentError, RetryableError, reasonOf, type Settings } from '../../contract/index.ts'
import type { Context } from '../../data/index.ts'
import { Burst, type Drop, type Outgoing } from '../../delivery/index.ts'
import { jsonLiteral } from '../../wire/json.ts'
import { type AwsApi, type AwsCall, AwsError } from '../api.ts'
import type { AwsClient } from '../client.ts'
import type { AwsConfig } from '../config.ts'
import { deliveryError } from '../refusal.ts'
import { itemsOfPart, itemsOfParts, type LogEventsPart, type PutLogEvents } from './events.ts'
import { MAX_AGE_MS } from './limits.ts'
import type { LogGroupConfig } from './settings.ts'
import { LogStreams, type LogStreamsOptions } from './streams.ts'

export const LOGS_API: AwsApi = {
  signingName: 'logs',
  endpointPrefix: 'logs',
  endpointVariable: 'CLOUDWATCH_LOGS',
  protocol: { type: 'json', version: '1.1', targetPrefix: 'Logs_20140328' },
}

/** Of `AwsClient`, what is needed here. */
export interface LogsCaller {
  call(call: AwsCall, abort: AbortSignal): Promise<unknown>
}

/** Of `AwsClient`, what exporters that write to log groups need. */
export type LogsClient = LogsCaller & Pick<AwsClient, 'start' | 'close'>

export interface LogsSinkOptions extends LogStreamsOptions {
  /** How many streams are written to at the same time. */
  readonly concurrency: number
}

/** As the settings of an exporter say. */
export const sinkOptions = (
  config: LogGroupConfig & Pick<AwsConfig, 'num_workers'>,
  { clock, log }: Settings,
): LogsSinkOptions => ({
  clock,
  log,
  concurrency: Math.max(1, config.num_workers),
  retentionDays: config.log_retention,
  tags: config.tags,
  kmsKeyId: config.kms_key_id,
  logGroupClass: config.log_group_class,
})

export class LogsSink {
  readonly #caller: LogsCaller
  readonly #streams: LogStreams
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #lost: Burst

  constructor(caller: LogsCaller, options: LogsSinkOptions) {
    const { clock, log } = options
    this.#caller = caller
    this.#streams = new LogStreams(caller, options)
    this.#clock = clock
    this.#concurrency = options.concurrency
    this.#lost = new Burst(clock, log.error.bind(log), 'data lost: CloudWatch Logs did not take log events', {})
  }

  /**
   * As `Delivery.send` has it. Events that AWS refuses, or that have become too old meanwhile, are dropped one by one with
   * their reason, while the others count as sent; a stream that fails holds up no other. What may be taken later comes back
   * as `RetryableError.remaining`. When nothing at all will ever be taken, rejects with a `PermanentError`.
   */
  async send({ request, items }: Outgoing<PutLogEvents>, { abort }: Context, drop: Drop): Promise<void> {
    const round = new Round()
    const lanes = lanesOf(request.parts)
    const work = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) await this.#sendLane(lane, round, abort)
    }
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, lanes.length) }, work))
    const [only] = round.losses
    if (only !== undefined && round.losses.length === 1 && only.items === items)
      throw new PermanentError(only.message, { reason: only.reason })
    for (const loss of round.losses) {
      drop(loss.items, loss.reason)
      this.#lost.add(loss.items, loss.reason, loss.message)
    }
    if (round.failure !== undefined) throw round.retryable(round.failure)
  }

  /** Says what is not said yet. */
  close(): void {
    this.#lost.end()
  }

  /** The requests of one stream, one after the other; after a failure the rest waits with it. */
  async #sendLane(parts: readonly LogEventsPart[], round: Round, abort: AbortSignal): Promise<void> {
    for (const [i, part] of parts.entries()) {
      const left = await this.#sendPart(part, round, abort)
      if (left.length === 0) continue
      round.left.push(...left, ...parts.slice(i + 1))
      return
    }
  }

  /** Returns what may be taken later. */
  async #sendPart(whole: LogEventsPart, round: Round, abort: AbortSignal): Promise<readonly LogEventsPart[]> {
    const part = this.#withoutTooOld(whole, round)
    const count = part.items.length
    if (count === 0) return []
    if (abort.aborted) {
      round.fail(abort.reason)
      return [part]
    }
    try {
      bookRejected(part, await this.#put(part, abort), round)
      return []
    } catch (error) {
      if (!(error instanceof AwsError)) {
        round.fail(error)
        return [part]
      }
      // An answer of former times, when requests carried a sequence token: these events are there.
      if (error.code === 'DataAlreadyAcceptedException') return []
      if (error.refusal === 'too_large' && count > 1) return this.#sendHalves(part, Math.ceil(count / 2), round, abort)
      const known = deliveryError(error)
      if (known instanceof PermanentError) {
        round.lose(itemsOfPart(part), known.reason, explain(error, part))
        return []
      }
      round.fail(known, explain(error, part))
      return [part]
    }
  }

  async #sendHalves(
    part: LogEventsPart,
    middle: number,
    round: Round,
    abort: AbortSignal,
  ): Promise<readonly LogEventsPart[]> {
    const second = eventsOf(part, middle, part.items.length)
    const left = await this.#sendPart(eventsOf(part, 0, middle), round, abort)
    return left.length > 0 ? [...left, second] : this.#sendPart(second, round, abort)
  }

  /** Events wait in a queue, and grow old there. */
  #withoutTooOld(part: LogEventsPart, round: Round): LogEventsPart {
    const oldestMs = this.#clock.now() - MAX_AGE_MS
    const count = part.items.length
    let from = 0
    while (from < count && part.timesMs[from]! < oldestMs) from++
    if (from === 0) return part
    round.lose(itemsOfPart(part, 0, from), 'too_old', 'log events became older than 14 days before they could be sent')
    return eventsOf(part, from, count)
  }

  async #put(part: LogEventsPart, abort: AbortSignal): Promise<unknown> {
    await this.#streams.amend(part.group, abort)
    const call = putCall(part)
    try {
      return await this.#caller.call(call, abort)
    } catch (error) {
      if (!(error instanceof AwsError && error.refusal === 'missing')) throw error
      await this.#streams.create(part.group, part.stream, abort)
      return await this.#caller.call(call, abort).catch(notThereYet)
    }
  }
}

/** What has just been made may take a moment to be seen everywhere. */
function notThereYet(error: unknown): never {
  if (!(error instanceof AwsError && error.refusal === 'missing')) throw error
  throw new RetryableError(error.message, { reason: 'resource_not_found', cause: error })
}

/** What one call of `send` came to. */
class Round {
  readonly left: LogEventsPart[] = []
  readonly losses: { items: number; readonly reason: string; readonly message: string }[] = []
  failure: { readonly message: string; readonly reason: string; readonly cause: unknown } | undefined
  waitMs: number | undefined

  lose(items: number, reason: string, message: string): void {
    const known = this.losses.find((loss) => loss.reason === reason)
    if (known === undefined) this.losses.push({ items, reason, message })
    else known.items += items
  }

  fail(error: unknown, message: string = messageOf(error)): void {
    if (error instanceof RetryableError && error.waitMs !== undefined)
      this.waitMs = Math.max(this.waitMs ?? 0, error.waitMs)
    this.failure ??= { message, reason: reasonOf(error), cause: error }
  }

  retryable({ message, reason, cause }: NonNullable<Round['failure']>): RetryableError<Outgoing<PutLogEvents>> {
    const { left, waitMs } = this
    const remaining = { request: { parts: left }, items: itemsOfParts(left) }
    return new RetryableError(message, { remaining, reason, cause, ...(waitMs === undefined ? {} : { waitMs }) })
  }
}

const explain = (error: AwsError, { group, stream }: LogEventsPart): string =>
  `log group ${group}, stream ${stream}: ${error.code}: ${error.message}`

/** By stream; the requests of each in their order. */
function lanesOf(parts: readonly LogEventsPart[]): LogEventsPart[][] {
  const lanes: LogEventsPart[][] = []
  for (const part of parts) {
    const lane = lanes.at(-1)
    const last = lane?.at(-1)
    if (last?.group === part.group && last.stream === part.stream) lane?.push(part)
    else lanes.push([part])
  }
  return lanes
}

/** Some of a request's events; nothing is copied but numbers. */
function eventsOf(part: LogEventsPart, from: number, to: number): LogEventsPart {
  return {
    ...part,
    timesMs: part.timesMs.slice(from, to),
    starts: part.starts.slice(from, to + 1),
    items: part.items.slice(from, to),
  }
}

function putCall({ group, stream, json, starts }: LogEventsPart): AwsCall {
  const head = Buffer.from(
    `{"logGroupName":${JSON.stringify(group)},"logStreamName":${JSON.stringify(stream)},"logEvents":[`,
  )
  const events = json.subarray(starts[0]!, starts.at(-1)! - 1)
  const chunks = [head, events, END]
  return {
    operation: 'PutLogEvents',
    chunks,
    sizeBytes: head.length + events.length + END.length,
    headers: EMF_HEADER,
  }
}

const END = jsonLiteral(']}')
/** Metrics in events are looked for, as the collector's exporters ask. */
const EMF_HEADER = { 'x-amzn-logs-format': 'json/emf' }

/**
 * rejectedLogEventsInfo = { tooOldLogEventEndIndex, expiredLogEventEndIndex, tooNewLogEventStartIndex }, positions in the
 * request; the ends are the first that is not rejected. What is too old is expired, too: it counts once.
 */
function bookRejected(part: LogEventsPart, answer: unknown, round: Round): void {
  const info = isRecord(answer) ? answer.rejectedLogEventsInfo : undefined
  if (!isRecord(info)) return
  const count = part.items.length
  const tooOldEnd = indexOf(info.tooOldLogEventEndIndex, 0, count)
  const expiredEnd = Math.max(tooOldEnd, indexOf(info.expiredLogEventEndIndex, 0, count))
  const tooNewStart = Math.max(expiredEnd, indexOf(info.tooNewLogEventStartIndex, count, count))
  const lose = (from: number, to: number, reason: string, what: string): void => {
    const { group, stream } = part
    if (to > from) round.lose(itemsOfPart(part, from, to), reason, `log group ${group}, stream ${stream}: ${what}`)
  }
  lose(0, tooOldEnd, 'too_old', 'log events are older than 14 days')
  lose(tooOldEnd, expiredEnd, 'expired', 'log events are older than the retention of their log group')
  lose(tooNewStart, count, 'too_new', 'log events are more than 2 hours ahead')
}

const indexOf = (value: unknown, byDefault: number, count: number): number =>
  typeof value === 'number' && Number.isInteger(value) ? Math.min(count, Math.max(0, value)) : byDefault

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
