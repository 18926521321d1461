// What stands several times in one message: repeated messages through flyweights, repeated numbers packed or one by one.
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import { Message } from './message.ts'
import { poisoning } from './poison.ts'
import { noSplices } from './splices.ts'

/** Read-only views over the entries of a repeated message field; made by `entriesOf`, one per kind of entry. */
export interface Entries<View> {
  idle: Flyweight<View> | undefined
  create(): Flyweight<View>
}
interface Flyweight<View> {
  readonly message: Message
  readonly view: View
}

/** `attributesField` is the number of the attributes in the entry, 0 when it has none. */
export function entriesOf<View>(attributesField: number, viewOf: (message: Message) => View): Entries<View> {
  return {
    idle: undefined,
    create() {
      const message = new Message(noSplices, attributesField)
      return { message, view: viewOf(message) }
    },
  }
}

/** One flyweight goes through all entries, in wire order; another one is made when a visit starts a visit. */
export function eachEntry<View>(
  parent: Message,
  field: number,
  entries: Entries<View>,
  visit: (view: View) => void,
): void {
  if (!parent.has(field)) return
  if (poisoning) return eachPoisoned(parent, field, entries, visit)
  const flyweight = entries.idle ?? entries.create()
  entries.idle = undefined
  const { message, view } = flyweight
  try {
    eachMessage(parent, field, (bytes, start, end) => {
      message.open(bytes, start, end)
      visit(view)
    })
  } finally {
    entries.idle = flyweight
  }
}

function eachPoisoned<View>(parent: Message, field: number, entries: Entries<View>, visit: (view: View) => void): void {
  eachMessage(parent, field, (bytes, start, end) => {
    const { message, view } = entries.create()
    message.open(bytes, start, end)
    try {
      visit(view)
    } finally {
      message.expire()
    }
  })
}

type VisitRange = (bytes: Buffer, start: number, end: number) => void

/** The message has the field. */
function eachMessage(message: Message, field: number, visit: VisitRange): void {
  if (!message.isRepeated(field))
    return visit(message.source(field), message.contentAt(field), message.contentEnd(field))
  const { bytes, start, end } = message
  const wanted = (field << 3) | LEN
  for (let at = start; at < end; ) {
    const tag = readVarint(bytes, at)
    if (tag !== wanted) {
      at = skip(bytes, varintEnd, tag)
      continue
    }
    const length = readVarint(bytes, varintEnd)
    const body = varintEnd
    at = body + length
    visit(bytes, body, at)
  }
}

/**
 * The contents of a repeated field of numbers: one packed list, as everyone writes it; by protobuf's letter also several
 * lists, or a field for each number.
 */
export function eachPiece(message: Message, field: number, visit: VisitRange): void {
  if (!message.has(field)) return
  if (!message.isRepeated(field))
    return visit(message.source(field), message.contentAt(field), message.contentEnd(field))
  const { bytes, end } = message
  for (let at = message.start; at < end; ) {
    const tag = readVarint(bytes, at)
    let content = varintEnd
    at = skip(bytes, content, tag)
    if (tag >>> 3 !== field) continue
    if ((tag & 7) === LEN) {
      readVarint(bytes, content)
      content = varintEnd
    }
    visit(bytes, content, at)
  }
}
