// cause = { exceptions: [{ id, type, message, remote, truncated, skipped, cause, stack: [{ path, line, label }] }] }
//       | the id of an exception that another segment has
import { KnownAttributes, type SpanEvent } from '../../data/index.ts'
import { type Member, nestedMember } from '../../wire/json.ts'
import { exception as names } from './attributes.ts'
import { CLIENT, type Draft, deriveId, PRODUCER } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { UNLIMITED } from './segment-limits.ts'
import { blockOf, parseRest, writePlain, writeRest } from './segment-rest.ts'
import { type Frame, parseStack } from './stack.ts'
import { type Cause, parseTrace, type Trace } from './stack-trace.ts'

const CAUSE = nestedMember('"cause":')
const WORKING_DIRECTORY = nestedMember('"working_directory":')
const PATHS = nestedMember('"paths":')
const EXCEPTIONS = nestedMember('"exceptions":')
const ID = nestedMember('"id":')
const TYPE = nestedMember('"type":')
const MESSAGE = nestedMember('"message":')
const REMOTE = nestedMember('"remote":')
const TRUNCATED = nestedMember('"truncated":')
const SKIPPED = nestedMember('"skipped":')
const STACK = nestedMember('"stack":')
const PATH = nestedMember('"path":')
const LINE = nestedMember('"line":')
const LABEL = nestedMember('"label":')

const keys: string[] = []
const numberOf = (name: string): number => keys.push(name) - 1
const EXCEPTION_TYPE = numberOf(names.type)
const EXCEPTION_MESSAGE = numberOf(names.message)
const EXCEPTION_STACKTRACE = numberOf(names.stacktrace)
const EXCEPTION_ID = numberOf(names.id)
const EXCEPTION_REMOTE = numberOf(names.remote)
const EXCEPTION_TRUNCATED = numberOf(names.truncated)
const EXCEPTION_SKIPPED = numberOf(names.skipped)
const EXCEPTION_CAUSE = numberOf(names.cause)
const EXCEPTION_STACK = numberOf(names.stack)
const EXCEPTION_REST = numberOf(names.rest)
// known, and not worth telling
numberOf('exception.escaped')
const STATUS_CODE = numberOf('http.response.status_code')
const ERROR_MESSAGE = numberOf('aws.http.error_message')

/** What AWS's SDKs tell of an attempt that failed. */
const HTTP_FAILURE = 'HTTP request failure'

/** One instance for all spans of an exporter. */
export class CauseWriter {
  /** Attributes of the event at hand. */
  readonly known = new KnownAttributes(keys)
  readonly #draft: Draft
  readonly #onEvent = (event: SpanEvent): void => this.#visit(event)
  /** Exceptions so far, and ids given to them. */
  #count = 0
  #ids = 0
  /** Whether some event has more to say than the cause does. */
  hasMore = false
  /** Events so far, and those of them whose stack is not in the cause. */
  #events = 0
  readonly #unread = new Set<number>()

  constructor(draft: Draft) {
    this.#draft = draft
  }

  write(): void {
    this.#count = 0
    // ids differ from those in the other document of the span
    this.#ids = this.#draft.role === 'service' ? 1_000_000 : 0
    this.#events = 0
    if (this.#unread.size > 0) this.#unread.clear()
    this.hasMore = false
    const { json } = this.#draft
    if (this.#draft.isReturned) return this.#writeReturned()
    const { span, hasFailed } = this.#draft
    if (!span.hasEvents && !hasFailed) return
    const from = json.out.length
    json.member(CAUSE)
    json.beginObject()
    json.member(EXCEPTIONS)
    json.beginArray()
    span.eachEvent(this.#onEvent)
    if (this.#count === 0 && !this.#writeStatus()) {
      json.out.length = from
      return
    }
    json.endArray()
    json.endObject()
  }

  /** Whether the event is the cause, or a part of it; then only more of it is metadata. */
  tells(event: SpanEvent): boolean {
    const { name } = event
    return name === names.event || (name === HTTP_FAILURE && this.#draft.isAwsCall && this.#isFailure(event))
  }
  /** Of the event with that number: whether its stack is neither frames nor absent. */
  isUnread(event: number): boolean {
    return this.#unread.has(event)
  }

  /** The attributes of the event that have no place in an exception, by index in `known`. */
  others(event: SpanEvent, number: number): readonly number[] {
    const { known } = this
    known.open(event.attributes)
    const others: number[] = []
    for (let index = 0; index < known.count; index++) if (this.#isOther(index, number)) others.push(index)
    return others
  }

  #isOther(index: number, event: number): boolean {
    const number = this.known.numberOf(index)
    return number < 0 || number >= STATUS_CODE || (number === EXCEPTION_STACKTRACE && this.isUnread(event))
  }

  #visit(event: SpanEvent): void {
    const number = this.#events++
    if (this.#count >= this.#draft.limits.exceptions) return
    const { name } = event
    if (name === names.event) {
      this.#writeException(event, number)
      for (let index = 0; index < this.known.count; index++) this.hasMore ||= this.#isOther(index, number)
    } else {
      this.hasMore = true
      if (name === HTTP_FAILURE && this.#draft.isAwsCall && this.#isFailure(event)) this.#writeFailure(event)
    }
  }

  // ---- an event `exception`

  #writeException(event: SpanEvent, number: number): void {
    const { known } = this
    known.open(event.attributes)
    const trace = this.#traceOf(number)
    const causes = trace?.causes ?? []
    this.#begin(known.at(EXCEPTION_ID))
    this.#writeText(TYPE, known.at(EXCEPTION_TYPE))
    this.#writeText(MESSAGE, known.at(EXCEPTION_MESSAGE))
    this.#writeRemote(known.at(EXCEPTION_REMOTE))
    const stack = known.string(known.at(EXCEPTION_STACK))
    const hidden = trace === undefined ? 0 : trace.truncated + this.#hidden(trace.frames)
    this.#writeCount(TRUNCATED, known.at(EXCEPTION_TRUNCATED), hidden)
    this.#writeCount(SKIPPED, known.at(EXCEPTION_SKIPPED), 0)
    this.#writeText(known.at(EXCEPTION_CAUSE) >= 0 ? CAUSE : undefined, known.at(EXCEPTION_CAUSE))
    if (causes.length > 0 && known.at(EXCEPTION_CAUSE) < 0) this.#writeCauseId()
    if (stack !== undefined && this.#draft.limits.hasRest) this.#writeGivenStack(stack)
    else if (trace !== undefined) this.#writeFrames(trace.frames)
    const rest = known.string(known.at(EXCEPTION_REST))
    if (rest !== undefined && this.#draft.limits.hasRest) writeRest(this.#draft.json, parseRest(rest, true))
    this.#draft.json.endObject()
    if (known.at(EXCEPTION_CAUSE) < 0) this.#writeCauses(causes)
  }

  /** undefined without a stack. One that came from a document looks as `stackText` writes it. */
  #traceOf(number: number): Trace | undefined {
    const { known } = this
    const text = known.string(known.at(EXCEPTION_STACKTRACE))
    if (text === undefined || text === '') return undefined
    if (known.at(EXCEPTION_ID) >= 0) {
      const type = known.string(known.at(EXCEPTION_TYPE)) ?? ''
      const message = known.string(known.at(EXCEPTION_MESSAGE)) ?? ''
      const frames = parseStack(text, type, message)
      if (frames !== undefined) return { frames, truncated: 0, causes: [] }
    }
    const trace = parseTrace(text, this.#draft.part.language)
    if (trace.frames.length === 0 && known.at(EXCEPTION_STACK) < 0) this.#unread.add(number)
    return trace
  }

  /** The exceptions behind, each with the id that the one before has named. */
  #writeCauses(causes: readonly Cause[]): void {
    const { json } = this.#draft
    for (const [i, cause] of causes.entries()) {
      if (this.#count >= this.#draft.limits.exceptions) return
      this.#begin(-1)
      if (cause.type !== '') this.#draft.string(TYPE, cause.type)
      if (cause.message !== '') this.#draft.string(MESSAGE, cause.message)
      this.#writeRemote(-1)
      this.#writeCount(TRUNCATED, -1, cause.truncated + this.#hidden(cause.frames))
      if (i < causes.length - 1) this.#writeCauseId()
      this.#writeFrames(cause.frames)
      json.endObject()
    }
  }

  /** Of the next exception, if there will be one. */
  #writeCauseId(): void {
    if (this.#count >= this.#draft.limits.exceptions) return
    const { json, spanId } = this.#draft
    json.member(CAUSE)
    json.hex(deriveId(spanId, this.#ids + 1), 0, 8)
  }

  #hidden(frames: readonly Frame[]): number {
    return Math.max(0, frames.length - this.#draft.limits.frames)
  }

  #writeFrames(frames: readonly Frame[]): void {
    const { json, limits } = this.#draft
    if (frames.length === 0 || limits.frames === 0) return
    json.member(STACK)
    json.beginArray()
    for (const { path, line, label } of frames.slice(0, limits.frames)) {
      json.beginObject()
      if (path !== undefined) this.#draft.string(PATH, path)
      if (line !== undefined) {
        json.member(LINE)
        json.number(line)
      }
      if (label !== undefined) this.#draft.string(LABEL, label)
      json.endObject()
    }
    json.endArray()
  }

  /** As the document had it. */
  #writeGivenStack(text: string): void {
    const stack: unknown = parseRest(`{"stack":${text}}`, true).stack
    if (!Array.isArray(stack)) return
    this.#draft.json.member(STACK)
    writePlain(this.#draft.json, stack.slice(0, this.#draft.limits.frames))
  }

  // ---- members of an exception

  /** `id` is the index of an attribute that has it, else it is made from the span's. */
  #begin(id: number): void {
    const { json, spanId } = this.#draft
    this.#count++
    this.#ids++
    json.beginObject()
    if (this.known.isText(id)) this.#writeText(ID, id)
    else {
      json.member(ID)
      json.hex(deriveId(spanId, this.#ids), 0, 8)
    }
  }

  #writeText(key: Member | undefined, index: number): void {
    const { known } = this
    if (key === undefined || !known.isText(index) || (known.start === known.end && !this.#draft.isReturned)) return
    this.#draft.bytes(key, known.bytes, known.start, known.end)
  }

  /** As told; else what a call of something else throws is thrown there. */
  #writeRemote(index: number): void {
    const { json, kind, isReturned } = this.#draft
    const told = this.known.value(index)
    if (typeof told !== 'boolean' && (isReturned || (kind !== CLIENT && kind !== PRODUCER))) return
    json.member(REMOTE)
    json.boolean(typeof told === 'boolean' ? told : true)
  }

  #writeCount(key: Member, index: number, more: number): void {
    const { known } = this
    const told = known.typeOf(index) === 'int' ? known.number(index)! : undefined
    if (told === undefined && more === 0) return
    this.#draft.json.member(key)
    this.#draft.json.number((told ?? 0) + more)
  }

  // ---- other causes

  #isFailure(event: SpanEvent): boolean {
    const { known } = this
    known.open(event.attributes)
    return known.at(STATUS_CODE) >= 0 && known.at(ERROR_MESSAGE) >= 0
  }

  /** `<status>@<seconds>@<message>`, as Application Signals read it. */
  #writeFailure(event: SpanEvent): void {
    const { known } = this
    const { json } = this.#draft
    const { seconds, nanos } = event.time
    const time = `${seconds}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}`
    const status = String(known.value(known.at(STATUS_CODE)))
    this.#begin(-1)
    this.#draft.string(TYPE, 'aws.http.error.event')
    json.member(REMOTE)
    json.boolean(true)
    this.#draft.string(MESSAGE, `${status}@${time}@${known.string(known.at(ERROR_MESSAGE)) ?? ''}`)
    json.endObject()
  }

  /** The message of the span's own status, or the status text of HTTP. False when there is none. */
  #writeStatus(): boolean {
    const { attributes, span, json, hasFailed, limits } = this.#draft
    if (!hasFailed || limits.exceptions === 0) return false
    const text = attributes.at(at.HTTP_STATUS_TEXT)
    if (!span.hasStatusMessage && !this.#draft.isThere(text)) return false
    this.#begin(-1)
    if (!span.hasStatusMessage) this.#draft.text(MESSAGE, text)
    else if (limits === UNLIMITED) {
      json.member(MESSAGE)
      span.writeStatusMessage(json)
    } else this.#draft.string(MESSAGE, span.statusMessage)
    json.endObject()
    return true
  }

  // ---- of a document that comes back

  #writeReturned(): void {
    const { attributes, json, span } = this.#draft
    const rest = blockOf(this.#draft.rest, 'cause')
    this.hasMore = span.hasEvents
    if (this.#draft.text(CAUSE, attributes.at(at.CAUSE_ID))) return
    const from = json.out.length
    json.member(CAUSE)
    json.beginObject()
    const begun = json.out.length
    this.#draft.text(WORKING_DIRECTORY, attributes.at(at.CAUSE_WORKING_DIRECTORY))
    this.#draft.texts(PATHS, at.CAUSE_PATHS)
    writeRest(json, rest)
    const before = json.out.length
    json.member(EXCEPTIONS)
    json.beginArray()
    span.eachEvent(this.#onEvent)
    if (this.#count === 0) json.out.length = before
    else json.endArray()
    if (json.out.length === begun && rest === undefined) json.out.length = from
    else json.endObject()
  }
}
