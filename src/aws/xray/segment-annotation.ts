// Annotations are what X-Ray searches: texts, numbers and booleans under keys of few characters.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-annotations
import type { KnownAttributes } from '../../data/index.ts'
import type { JsonWriter } from '../../wire/json.ts'
import { MAX_ANNOTATION_KEY_LENGTH, MAX_ANNOTATION_LENGTH } from './segment-limits.ts'

/** Letters and digits of ASCII, `_` and `.` stay; any other character is `_`. */
export const annotationKey = (key: string): string => (PLAIN.test(key) ? key : key.replace(OTHERS, '_'))

const PLAIN = /^[0-9A-Za-z_.]*$/
const OTHERS = /[^0-9A-Za-z_.]/gu

/** Whether its value can be one, and its key is short enough. */
export function isAnnotatable(known: KnownAttributes, index: number): boolean {
  const type = known.typeOf(index)
  return (
    (type === 'string' || type === 'bool' || type === 'int' || type === 'double') &&
    known.key(index).length <= MAX_ANNOTATION_KEY_LENGTH &&
    known.key(index) !== ''
  )
}

/** Cut to what X-Ray takes. Returns false when it was. */
export function writeAnnotationValue(
  known: KnownAttributes,
  index: number,
  json: JsonWriter,
  sizeBytes?: number,
): boolean {
  if (!known.isText(index)) {
    known.writeValue(index, json)
    return true
  }
  const { bytes, start } = known
  const end = charactersEnd(bytes, start, sizeBytes === undefined ? known.end : Math.min(known.end, start + sizeBytes))
  json.utf8(bytes, start, end)
  return end === known.end
}

/** The end of the last character that fits: characters of UTF-16, of which those beyond U+FFFF are two. */
function charactersEnd(bytes: Buffer, start: number, end: number): number {
  if (end - start <= MAX_ANNOTATION_LENGTH && (end === bytes.length || (bytes[end]! & 0xc0) !== 0x80)) return end
  let length = 0
  let at = start
  while (at < end) {
    const first = bytes[at]!
    const size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    const units = size === 4 ? 2 : 1
    if (length + units > MAX_ANNOTATION_LENGTH || at + size > end) break
    length += units
    at += size
  }
  return at
}
