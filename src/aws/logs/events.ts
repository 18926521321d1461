// The log events of one batch, on their way to becoming PutLogEvents requests. A message is escaped into the request's JSON
// as it is added; requests are cut by AWS's rules in the end: each holds one stream's events in the order of their times.
//
// event = {"timestamp":<ms>,"message":"<text>"}
import type { Clock } from '../../contract/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { JsonWriter, jsonLiteral } from '../../wire/json.ts'
import { SHARED } from '../../wire/writer.ts'
import {
  EVENT_OVERHEAD_BYTES,
  MAX_AGE_MS,
  MAX_AHEAD_MS,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_EVENTS,
  MAX_SPAN_MS,
} from './limits.ts'
import { cleanGroupName, cleanStreamName } from './names.ts'

/** What `LogsSink` sends in one go: requests of several streams, and for each stream in the order of time. */
export interface PutLogEvents {
  readonly parts: readonly LogEventsPart[]
}

/** The events of one PutLogEvents request. Nothing of it changes. */
export interface LogEventsPart {
  readonly group: string
  readonly stream: string
  /** The events as JSON, a comma between each two. */
  readonly json: Buffer
  /** Of each event: milliseconds since the epoch, never falling. */
  readonly timesMs: readonly number[]
  /** Where each event begins in `json`, and behind the last one where the next would. */
  readonly starts: readonly number[]
  /** How many of the batch's items each event carries. */
  readonly items: readonly number[]
}

export interface LogEventsOptions {
  readonly clock: Clock
  /** A message was longer than AWS takes, by so many bytes, and has been cut. */
  readonly onTruncated: (excessBytes: number) => void
  /** A name that AWS does not take has been changed. */
  readonly onCleaned: (name: string) => void
}

/** Used for one batch after the other: `streamOf` and `add` as often as wanted, then `take`. */
export class LogEvents {
  readonly #options: LogEventsOptions
  readonly #json = new JsonWriter(SHARED)
  /** By group, then by stream: the position in `#names`. */
  readonly #streams = new Map<string, Map<string, number>>()
  #names: { readonly group: string; readonly stream: string }[] = []
  // asked for last: records of one stream come together
  #lastGroup: string | undefined
  #lastStream: string | undefined
  #lastKnown = -1
  // of each event
  #streamOf: number[] = []
  #times: number[] = []
  #sizes: number[] = []
  #items: number[] = []
  /** Where its comma stands in `#json`; one more, behind the last. */
  #starts: number[] = [0]

  constructor(options: LogEventsOptions) {
    this.#options = options
  }

  /** The stream to `add` to, until `take`. Names that AWS does not take are cleaned. */
  streamOf(group: string, stream: string): number {
    if (group === this.#lastGroup && stream === this.#lastStream) return this.#lastKnown
    const known = this.#find(group, stream)
    this.#lastGroup = group
    this.#lastStream = stream
    this.#lastKnown = known
    return known
  }

  #find(group: string, stream: string): number {
    let streams = this.#streams.get(group)
    if (streams === undefined) this.#streams.set(group, (streams = new Map()))
    let known = streams.get(stream)
    if (known === undefined) streams.set(stream, (known = this.#addStream(group, stream)))
    return known
  }

  #addStream(group: string, stream: string): number {
    const names = { group: cleanGroupName(group), stream: cleanStreamName(stream) }
    if (names.group !== group) this.#options.onCleaned(group)
    if (names.stream !== stream) this.#options.onCleaned(stream)
    return this.#names.push(names) - 1
  }

  /**
   * One event. The message is well-formed UTF-8 in [start, end), as JsonWriter writes it; it must not be empty. `items`: how
   * many of the batch's items it carries.
   */
  add(stream: number, timeMs: number, message: Buffer, start: number, end: number, items = 1): void {
    if (end - start > MAX_MESSAGE_BYTES) {
      const cut = truncated(message, start, end)
      this.#options.onTruncated(end - start - cut.length)
      message = cut
      start = 0
      end = cut.length
    }
    const json = this.#json
    this.#begin(timeMs)
    json.utf8(message, start, end)
    this.#end(stream, timeMs, end - start, items)
  }

  /**
   * The same, of what a nested JsonWriter has written: the cheapest, since nothing is escaped twice. Requests are cut as if
   * the backslashes that nesting takes were sent, too, and stay a little smaller than they might be.
   */
  addNested(stream: number, timeMs: number, message: Buffer, start: number, end: number, items = 1): void {
    if (end - start > MAX_MESSAGE_BYTES) {
      this.addText(stream, timeMs, unnested(message, start, end), items)
      return
    }
    const { out } = this.#json
    this.#begin(timeMs)
    out.byte(QUOTE)
    out.raw(message, start, end)
    out.byte(QUOTE)
    this.#end(stream, timeMs, end - start, items)
  }

  /** The same, of a text. */
  addText(stream: number, timeMs: number, text: string, items = 1): void {
    const message = text.isWellFormed() ? text : text.toWellFormed()
    const sizeBytes = Buffer.byteLength(message)
    if (sizeBytes > MAX_MESSAGE_BYTES) {
      const bytes = Buffer.from(message)
      this.add(stream, timeMs, bytes, 0, bytes.length, items)
      return
    }
    this.#begin(timeMs)
    this.#json.string(message)
    this.#end(stream, timeMs, sizeBytes, items)
  }

  #begin(timeMs: number): void {
    const json = this.#json
    json.out.raw(TIMESTAMP)
    json.number(timeMs)
    json.out.raw(MESSAGE)
  }

  #end(stream: number, timeMs: number, sizeBytes: number, items: number): void {
    this.#json.endObject()
    this.#streamOf.push(stream)
    this.#times.push(timeMs)
    this.#sizes.push(sizeBytes + EVENT_OVERHEAD_BYTES)
    this.#items.push(items)
    this.#starts.push(this.#json.out.length)
  }

  /** Everything that was added, as one outgoing, or none; begins anew. What is too old or too new is dropped, event by event. */
  take(drop: Drop): Outgoing<PutLogEvents>[] {
    const parts = this.#byStream().flatMap((positions, stream) => this.#cut(stream, positions, drop))
    this.clear()
    return parts.length === 0 ? [] : [{ request: { parts }, items: itemsOfParts(parts) }]
  }

  /** Begins anew, without what was added: for whoever could not finish. */
  clear(): void {
    this.#json.giveBack()
    this.#streams.clear()
    this.#lastGroup = undefined
    this.#names = []
    this.#streamOf = []
    this.#times = []
    this.#sizes = []
    this.#items = []
    this.#starts = [0]
  }

  /** Of each stream: its events in the order of their times, those of one time in the order in which they came. */
  #byStream(): number[][] {
    const times = this.#times
    const byStream: number[][] = this.#names.map(() => [])
    for (let i = 0; i < times.length; i++) byStream[this.#streamOf[i]!]!.push(i)
    for (const positions of byStream)
      if (positions.some((position, i) => i > 0 && times[positions[i - 1]!]! > times[position]!))
        positions.sort((a, b) => times[a]! - times[b]!)
    return byStream
  }

  #cut(stream: number, positions: readonly number[], drop: Drop): LogEventsPart[] {
    const now = this.#options.clock.now()
    const times = this.#times
    const parts: LogEventsPart[] = []
    let from = 0
    let to = positions.length
    while (from < to && times[positions[from]!]! < now - MAX_AGE_MS) drop(this.#items[positions[from++]!]!, 'too_old')
    while (from < to && times[positions[to - 1]!]! > now + MAX_AHEAD_MS) drop(this.#items[positions[--to]!]!, 'too_new')
    while (from < to) {
      const end = this.#fitting(positions, from, to)
      parts.push(this.#part(stream, positions.slice(from, end)))
      from = end
    }
    return parts
  }

  /** Where a request that begins with event `from` must end. */
  #fitting(positions: readonly number[], from: number, to: number): number {
    const newestMs = this.#times[positions[from]!]! + MAX_SPAN_MS
    const most = Math.min(to, from + MAX_REQUEST_EVENTS)
    let sizeBytes = 0
    let end = from
    for (; end < most; end++) {
      const position = positions[end]!
      sizeBytes += this.#sizes[position]!
      if (sizeBytes > MAX_REQUEST_BYTES || this.#times[position]! > newestMs) break
    }
    return end
  }

  #part(stream: number, positions: readonly number[]): LogEventsPart {
    const { bytes } = this.#json.out
    const starts = this.#starts
    let sizeBytes = 0
    for (const position of positions) sizeBytes += starts[position + 1]! - starts[position]!
    const json = Buffer.allocUnsafeSlow(sizeBytes)
    const begins = [1]
    let at = 0
    for (let i = 0; i < positions.length; ) {
      // neighbours are copied together
      const first = positions[i]!
      let next = first
      for (; i < positions.length && positions[i] === next; i++, next++)
        begins.push(begins[i]! + starts[next + 1]! - starts[next]!)
      at += bytes.copy(json, at, starts[first]!, starts[next]!)
    }
    return {
      ...this.#names[stream]!,
      json,
      starts: begins,
      timesMs: positions.map((position) => this.#times[position]!),
      items: positions.map((position) => this.#items[position]!),
    }
  }
}

/** Each event has its comma before it: a request begins behind the first. */
const TIMESTAMP = jsonLiteral(',{"timestamp":')
const MESSAGE = jsonLiteral(',"message":')
const QUOTE = 0x22

/** As the collector marks it. */
const TRUNCATED = Buffer.from('[Truncated...]')

/** The beginning of a message that is too long, cut between two characters, and a mark behind it. */
function truncated(message: Buffer, start: number, end: number): Buffer {
  let stop = Math.min(end, start + MAX_MESSAGE_BYTES - TRUNCATED.length)
  while (stop > start && (message[stop]! & 0xc0) === 0x80) stop--
  return Buffer.concat([message.subarray(start, stop), TRUNCATED])
}

/** As it was before it was nested. */
const unnested = (message: Buffer, start: number, end: number): string =>
  JSON.parse(`"${message.toString('utf8', start, end)}"`)

/** Of events [from, to), all when not given. */
export function itemsOfPart({ items }: LogEventsPart, from = 0, to = items.length): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += items[i]!
  return sum
}

export function itemsOfParts(parts: readonly LogEventsPart[]): number {
  let sum = 0
  for (const part of parts) sum += itemsOfPart(part)
  return sum
}
