// Makes log groups and log streams that are not there. Nothing is remembered of those that are: AWS knows.
import { type Clock, type Logger, messageOf } from '../../contract/index.ts'
import { type AwsCall, AwsError } from '../api.ts'
import type { LogsCaller } from './sink.ts'

/** How groups are made that are not there; those that are stay as they are. */
export interface LogStreamsOptions {
  readonly clock: Clock
  readonly log: Logger
  /** In days, from AWS's list; 0: for ever. */
  readonly retentionDays: number
  readonly tags: Readonly<Record<string, string>>
  /** The ARN of the key that encrypts the group; empty: AWS's own. */
  readonly kmsKeyId: string
  /** Empty: AWS's default, STANDARD. */
  readonly logGroupClass: string
}

/** Groups that wait for their retention, and how long until it is tried again; more than so many are given up. */
const MAX_UNFINISHED = 1000
const RETENTION_WAIT_MS = 60_000

export class LogStreams {
  readonly #caller: LogsCaller
  readonly #options: LogStreamsOptions
  /** Being made: whoever wants the same waits for it. */
  readonly #making = new Map<string, Promise<void>>()
  /** Groups that were made and have no retention yet, and when it is tried again. */
  readonly #unfinished = new Map<string, number>()

  constructor(caller: LogsCaller, options: LogStreamsOptions) {
    this.#caller = caller
    this.#options = options
  }

  /** The stream, and its group if need be. Rejects with an `AwsError`. */
  create(group: string, stream: string, abort: AbortSignal): Promise<void> {
    return this.#once(`stream ${group} ${stream}`, async () => {
      try {
        await this.#createStream(group, stream, abort)
      } catch (error) {
        if (!isRefusal(error, 'missing')) throw error
        await this.#once(`group ${group}`, () => this.#createGroup(group, abort))
        await this.#createStream(group, stream, abort)
      }
    })
  }

  /** Gives a group what it could not be given when it was made. Never rejects: events matter more. */
  async amend(group: string, abort: AbortSignal): Promise<void> {
    const dueMs = this.#unfinished.get(group)
    if (dueMs === undefined || this.#options.clock.monotonicMs() < dueMs) return
    await this.#once(`retention ${group}`, () => this.#putRetention(group, abort))
  }

  async #once(what: string, make: () => Promise<void>): Promise<void> {
    let making = this.#making.get(what)
    if (making === undefined) {
      making = make().finally(() => this.#making.delete(what))
      this.#making.set(what, making)
    }
    await making
  }

  async #createStream(logGroupName: string, logStreamName: string, abort: AbortSignal): Promise<void> {
    await this.#call('CreateLogStream', { logGroupName, logStreamName }, abort).catch(ignoreExisting)
  }

  async #createGroup(logGroupName: string, abort: AbortSignal): Promise<void> {
    const { tags, kmsKeyId, logGroupClass, retentionDays, log } = this.#options
    const request = {
      logGroupName,
      ...(Object.keys(tags).length > 0 && { tags }),
      ...(kmsKeyId !== '' && { kmsKeyId }),
      ...(logGroupClass !== '' && { logGroupClass }),
    }
    try {
      await this.#call('CreateLogGroup', request, abort)
    } catch (error) {
      ignoreExisting(error)
      return
    }
    log.info('log group created', { group: logGroupName })
    if (retentionDays > 0) await this.#putRetention(logGroupName, abort)
  }

  async #putRetention(logGroupName: string, abort: AbortSignal): Promise<void> {
    const { retentionDays: retentionInDays, clock, log } = this.#options
    try {
      await this.#call('PutRetentionPolicy', { logGroupName, retentionInDays }, abort)
      this.#unfinished.delete(logGroupName)
    } catch (error) {
      if (this.#unfinished.size < MAX_UNFINISHED)
        this.#unfinished.set(logGroupName, clock.monotonicMs() + RETENTION_WAIT_MS)
      log.warn('log group has no retention yet', {
        group: logGroupName,
        days: retentionInDays,
        error: messageOf(error),
      })
    }
  }

  #call(operation: string, request: object, abort: AbortSignal): Promise<unknown> {
    const body = Buffer.from(JSON.stringify(request))
    const call: AwsCall = { operation, chunks: [body], sizeBytes: body.length }
    return this.#caller.call(call, abort)
  }
}

function ignoreExisting(error: unknown): void {
  if (!isRefusal(error, 'exists')) throw error
}

const isRefusal = (error: unknown, refusal: AwsError['refusal']): boolean =>
  error instanceof AwsError && error.refusal === refusal
