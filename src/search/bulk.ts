// Sends bulk requests and settles each document by what the answer says about it: taken, to be tried again alone, refused for
// good. A refused one never holds up the others.
import { PermanentError, RetryableError, type Sender, type Settings, TooLargeError } from '../contract/index.ts'
import type { Context } from '../data/index.ts'
import { Burst, type Drop, type Outgoing } from '../delivery/index.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { parseRetryAfter } from '../net/status.ts'
import { type Fate, type IsRetryable, lossReasonOf, type Refusal, readBulkAnswer, refusalOf } from './answer.ts'
import type { SearchClient } from './client.ts'
import type { DeadLetters } from './dead-letters.ts'
import { type BulkRequest, documentAt, documentsOf, outgoingOf, requestOf } from './request.ts'

export interface BulkOptions {
  /** Which answers to requests, and to documents, are worth another try. */
  readonly retryable: { readonly request: IsRetryable; readonly document: IsRetryable }
  /** How often a document is tried again; undefined: until delivery gives up. */
  readonly maxRetries: number | undefined
  /** Sees what is refused: action line and document. */
  readonly onRefused?: (refusal: Refusal, document: Buffer) => void
}

export class BulkSender {
  readonly #options: BulkOptions
  readonly #settings: Settings
  readonly #refused: Burst
  readonly #client: SearchClient
  readonly #deadLetters: DeadLetters | undefined

  constructor(options: BulkOptions, client: SearchClient, deadLetters: DeadLetters | undefined, settings: Settings) {
    this.#options = options
    this.#client = client
    this.#deadLetters = deadLetters
    this.#settings = settings
    const { clock, log } = settings
    const message = deadLetters === undefined ? 'documents refused' : 'documents refused: put to the dead letters'
    this.#refused = new Burst(clock, log.error.bind(log), message, {})
  }

  /** As `Delivery.send`. */
  async send(outgoing: Outgoing<BulkRequest>, context: Context, drop: Drop): Promise<void> {
    const { request } = outgoing
    const { abort } = context
    const fates = await this.#post(outgoing, abort, context)
    const settlement = new Settlement(request)
    for (let position = 0; position < documentsOf(request); position++)
      settlement.set(position, this.#judge(request, position, fates?.[position] ?? TAKEN))
    if (settlement.refusals.size > 0) await this.#bury(request, settlement, abort, context)
    const rest = settlement.settle(drop)
    if (rest.length === 0) return
    const { status, reason } = settlement.again!
    throw new RetryableError(`${rest.length} documents to be sent again: ${status} ${reason}`, {
      reason: `document_${status}`,
      remaining: requestOf(request, rest, settlement.weights, settlement.losses),
    })
  }

  /** Says what has not been said. */
  end(): void {
    this.#refused.end()
  }

  /** By document; undefined when all were taken. */
  async #post(
    outgoing: Outgoing<BulkRequest>,
    abort: AbortSignal,
    sender: Sender,
  ): Promise<readonly Fate[] | undefined> {
    const { request } = outgoing
    let reply: HttpReply
    try {
      reply = await this.#client.bulk(request.body, abort, sender)
    } catch (error) {
      throw error instanceof RetryableError ? this.#again(outgoing, error) : error
    }
    const { status, body } = reply
    if (status < 200 || status > 299) return this.#failed(outgoing, reply)
    const fates = readBulkAnswer(body, documentsOf(request), this.#options.retryable.document)
    if (typeof fates === 'string') throw this.#again(outgoing, new RetryableError(fates, { reason: 'bad_response' }))
    return fates
  }

  /** The request was refused as a whole. */
  #failed(outgoing: Outgoing<BulkRequest>, { status, body, retryAfter }: HttpReply): readonly Fate[] {
    const refusal = refusalOf(status, body)
    const message = `HTTP ${status}: ${refusal.reason}`
    const reason = `http_${status}`
    if (this.#options.retryable.request(status, refusal.type)) {
      const waitMs = parseRetryAfter(retryAfter, this.#settings.clock.now())
      throw this.#again(outgoing, new RetryableError(message, { reason, ...(waitMs !== undefined && { waitMs }) }))
    }
    if (status !== 400 && status !== 413) throw new PermanentError(message, { reason })
    // One document may be why (too large, or with an id that is none): halves find out which.
    const { request } = outgoing
    if (outgoing.items > 1 && request.weights.filter((weight) => weight > 0).length > 1)
      throw new TooLargeError(message, { reason: status === 413 ? 'too_large' : reason })
    return request.weights.map(() => (status === 413 ? { ...refusal, type: 'too_large' } : refusal))
  }

  #again(outgoing: Outgoing<BulkRequest>, error: RetryableError): Error {
    const { request } = outgoing
    const { maxRetries } = this.#options
    if (maxRetries !== undefined && request.attempts >= maxRetries)
      return new PermanentError(`${error.message}, after ${maxRetries} retries`, { reason: error.reason, cause: error })
    const remaining = outgoingOf({ ...request, attempts: request.attempts + 1, isUncertain: true })
    const { message, reason, waitMs } = error
    return new RetryableError(message, { reason, remaining, cause: error, ...(waitMs !== undefined && { waitMs }) })
  }

  #judge(request: BulkRequest, position: number, fate: Fate): Fate {
    const { maxRetries } = this.#options
    if (fate.kind === 'again' && maxRetries !== undefined && request.attempts >= maxRetries)
      return { kind: 'refused', status: fate.status, type: 'retries_exhausted', reason: fate.reason }
    // It is there already: a request before has brought it, and its answer was lost. Time series have ids, too.
    if (fate.kind === 'refused' && fate.status === 409)
      return request.isUncertain || hasOwnId(documentAt(request, position)) ? TAKEN : fate
    return fate
  }

  async #bury(request: BulkRequest, settlement: Settlement, abort: AbortSignal, sender: Sender): Promise<void> {
    const refusals = [...settlement.refusals]
    for (const [, { type, status, reason }] of refusals)
      this.#refused.add(1, lossReasonOf(status, type), `${type}: ${reason}`)
    const { onRefused } = this.#options
    if (onRefused !== undefined)
      for (const [position, refusal] of refusals) onRefused(refusal, documentAt(request, position))
    if (this.#deadLetters === undefined) return
    const letters = refusals.map(([position, refusal]) => ({ refusal, document: documentAt(request, position) }))
    const kept = await this.#deadLetters.put(letters, abort, sender)
    for (const [i, [position]] of refusals.entries()) settlement.set(position, kept[i]!)
  }
}

const TAKEN: Fate = { kind: 'taken' }

const ACTIONS_WITH_ID = /^\{"create":\{[^\n]*"_id":/
const hasOwnId = (document: Buffer): boolean => {
  const end = document.indexOf(0x0a)
  return ACTIONS_WITH_ID.test(document.toString('utf8', 0, end + 1))
}

/** What became of each document of a request, and of the items that they are parts of. */
class Settlement {
  readonly #request: BulkRequest
  readonly #fates: Fate[] = []
  /** By position. */
  readonly refusals = new Map<number, Refusal>()
  /** Why there is something to be sent again. */
  again: { readonly status: number; readonly reason: string } | undefined
  /** Of what is to be sent again. */
  readonly weights: number[] = []
  readonly losses = new Map<number, string>()

  constructor(request: BulkRequest) {
    this.#request = request
  }

  set(position: number, fate: Fate): void {
    this.#fates[position] = fate
    if (fate.kind === 'refused') this.refusals.set(position, fate)
    else this.refusals.delete(position)
  }

  /** Positions of the documents that are to be sent again. An item is settled when none of its documents is left. */
  settle(drop: Drop): number[] {
    const { weights, losses } = this.#request
    const rest: number[] = []
    for (let first = 0; first < weights.length; ) {
      let end = first + 1
      while (end < weights.length && weights[end] === 0) end++
      let weight = weights[first]!
      let loss: string | undefined
      for (let position = first; position < end; position++) {
        const fate = this.#fates[position]!
        loss = losses.get(position) ?? (fate.kind === 'refused' ? lossReasonOf(fate.status, fate.type) : loss)
      }
      for (let position = first; position < end; position++) {
        const fate = this.#fates[position]!
        if (fate.kind !== 'again') continue
        this.again = fate
        if (loss !== undefined) this.losses.set(rest.length, loss)
        rest.push(position)
        this.weights.push(weight)
        weight = 0
      }
      // Nothing of the item is left, or the first that is left has its weight now, and its loss if there was one.
      if (weight > 0 && loss !== undefined) drop(weight, loss)
      first = end
    }
    return rest
  }
}
