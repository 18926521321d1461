// `cause`: the id of an exception that another segment has, or what went wrong here; each exception is an event of the span.
import { type Instant, keyOf, type SpanEventWriter, type SpanWriter } from '../../data/index.ts'
import { ARRAY, INTEGER, type JsonTape, NULL, OBJECT } from '../../wire/jsontape.ts'
import { exception as names, xray } from './attributes.ts'
import { type Members, membersOf, writeMembers } from './decode-members.ts'
import { Rest, sectionOf } from './decode-rest.ts'
import { type Frame, stackIsExact, stackText } from './stack.ts'

const CAUSE_ID = keyOf(xray.causeId)
const STACKTRACE = keyOf(names.stacktrace)
const STACK = keyOf(names.stack)
const REST = keyOf(names.rest)
const SECTION = sectionOf('cause')

const members: Members = membersOf({
  working_directory: [xray.causeWorkingDirectory, 'text'],
  paths: [xray.causePaths, 'texts'],
})

const exceptionMembers: Members = membersOf({
  id: [names.id, 'text'],
  message: [names.message, 'text'],
  type: [names.type, 'text'],
  remote: [names.remote, 'boolean'],
  truncated: [names.truncated, 'integer'],
  skipped: [names.skipped, 'integer'],
  cause: [names.cause, 'text'],
})

/** False when it is neither a text nor an object. `time` is what the events get: a document has none for them. */
export function writeCause(tape: JsonTape, node: number, time: Instant, span: SpanWriter, rest: Rest): boolean {
  if (tape.isString(node)) {
    span.attribute(CAUSE_ID, tape.text(node))
    return true
  }
  if (tape.kind(node) !== OBJECT) return false
  rest.enter(SECTION)
  let exceptions = -1
  writeMembers(tape, node, members, span, rest, (key) => {
    if (exceptions >= 0 || tape.text(key) !== 'exceptions' || !isObjects(tape, key + 1)) return false
    exceptions = key + 1
    return true
  })
  rest.leave()
  for (let item = tape.first(exceptions); exceptions >= 0 && item < tape.next(exceptions); item = tape.next(item))
    span.event((event) => writeException(tape, item, time, event))
  return true
}

/** A list with something in it, objects only. */
function isObjects(tape: JsonTape, node: number): boolean {
  if (tape.kind(node) !== ARRAY || isEmpty(tape, node)) return false
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item))
    if (tape.kind(item) !== OBJECT) return false
  return true
}

/** What of the exception at hand has no attribute. */
const exceptionRest = new Rest()

const isEmpty = (tape: JsonTape, node: number): boolean => tape.first(node) === tape.next(node)

function writeException(tape: JsonTape, node: number, time: Instant, event: SpanEventWriter): void {
  event.time(time)
  event.name(names.event)
  exceptionRest.clear()
  let stack = 0
  writeMembers(tape, node, exceptionMembers, event, exceptionRest, (key) => {
    if (stack !== 0 || tape.text(key) !== 'stack' || tape.kind(key + 1) !== ARRAY || isEmpty(tape, key + 1))
      return false
    stack = key + 1
    return true
  })
  if (stack !== 0) writeStack(tape, node, stack, event)
  const rest = exceptionRest.text()
  if (rest !== undefined) event.attribute(REST, rest)
}

function writeStack(tape: JsonTape, exception: number, stack: number, event: SpanEventWriter): void {
  const { frames, isExact } = framesOf(tape, stack)
  const type = textAt(tape, exception, 'type')
  const message = textAt(tape, exception, 'message')
  if (frames.length > 0) event.attribute(STACKTRACE, stackText(type, message, frames))
  if (!isExact || !stackIsExact(type, message, frames))
    event.attribute(STACK, tape.bytes.utf8Slice(tape.rawStart(stack), tape.rawEnd(stack)))
}

/** `isExact` is false when there is more in it than frames have. */
function framesOf(tape: JsonTape, stack: number): { frames: Frame[]; isExact: boolean } {
  const frames: Frame[] = []
  let isExact = true
  for (let item = tape.first(stack); item < tape.next(stack); item = tape.next(item)) {
    const frame: { path?: string; line?: number; label?: string } = {}
    if (tape.kind(item) !== OBJECT) isExact = false
    else
      for (let key = tape.first(item); key < tape.next(item); key = tape.next(key + 1)) {
        const name = tape.text(key)
        const value = key + 1
        if (tape.kind(value) === NULL) continue
        if ((name === 'path' || name === 'label') && tape.isString(value)) frame[name] = tape.text(value)
        else if (name === 'line' && tape.kind(value) === INTEGER) frame.line = tape.number(value)
        else isExact = false
      }
    frames.push(frame)
  }
  return { frames, isExact }
}

const textAt = (tape: JsonTape, object: number, name: string): string => {
  const node = tape.member(object, name)
  return node !== 0 && tape.isString(node) ? tape.text(node) : ''
}
