// `annotations`: an attribute each, and a list of their keys. `metadata`: an attribute for each namespace, JSON as text.
import { keyOf, type SpanWriter } from '../../data/index.ts'
import { type JsonTape, NULL, OBJECT, TRUE } from '../../wire/jsontape.ts'
import { aws, span, xray } from './attributes.ts'
import { numberOf } from './decode-members.ts'
import { type Rest, sectionOf } from './decode-rest.ts'

const ANNOTATIONS = keyOf(xray.annotations)
const ANNOTATIONS_SECTION = sectionOf('annotations')
const METADATA_SECTION = sectionOf('metadata')
const OWN_PREFIX = 'aws.xray.'

/** Attributes that other members become: an annotation of that name goes to the rest, as one attribute can't be both. */
const taken: ReadonlySet<string> = new Set([...Object.values(aws), ...Object.values(span).flat()])
const isTaken = (key: string): boolean => taken.has(key) || key.startsWith(OWN_PREFIX)

/** The object's members; what is no text, number or boolean goes to the rest. */
export function writeAnnotations(tape: JsonTape, node: number, span: SpanWriter, rest: Rest): true {
  const keys = new Set<string>()
  rest.enter(ANNOTATIONS_SECTION)
  if (tape.first(node) === tape.next(node)) rest.keep()
  for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
    const name = tape.text(key)
    if (tape.kind(key + 1) === NULL || keys.has(name)) continue
    if (isTaken(name) || !writeAnnotation(tape, name, key + 1, span)) rest.member(tape, key)
    else keys.add(name)
  }
  rest.leave()
  if (keys.size > 0) span.attribute(ANNOTATIONS, [...keys])
  return true
}

/** False when it is none. */
function writeAnnotation(tape: JsonTape, name: string, node: number, span: SpanWriter): boolean {
  if (tape.isString(node)) span.attribute(name, tape.text(node))
  else if (tape.isNumber(node)) span.attribute(name, numberOf(tape, node))
  else if (tape.isBoolean(node)) span.attribute(name, tape.kind(node) === TRUE)
  else return false
  return true
}

/** The object's members, each as it is written; a namespace that is no object goes to the rest. */
export function writeMetadata(tape: JsonTape, node: number, span: SpanWriter, rest: Rest): true {
  const namespaces = new Set<string>()
  rest.enter(METADATA_SECTION)
  if (tape.first(node) === tape.next(node)) rest.keep()
  for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
    const name = tape.text(key)
    if (tape.kind(key + 1) === NULL || namespaces.has(name)) continue
    if (tape.kind(key + 1) !== OBJECT) rest.member(tape, key)
    else {
      namespaces.add(name)
      const text = tape.bytes.utf8Slice(tape.rawStart(key + 1), tape.rawEnd(key + 1))
      span.attribute(xray.metadataPrefix + name, text)
    }
  }
  rest.leave()
  return true
}
