// What the daemon's protocol puts in front of a segment document:
//
//   datagram = header "\n" document
//   header   = {"format": "json", "version": 1}
import { equalBytes } from '../../wire/intern.ts'
import { JsonTape, OBJECT } from '../../wire/jsontape.ts'

const LINE_FEED = 0x0a
/** As the SDKs write it. */
const USUAL = [Buffer.from('{"format":"json","version":1}\n'), Buffer.from('{"format": "json", "version": 1}\n')]
/** A longer one is none. */
const MAX_HEADER_BYTES = 1024

const tape = new JsonTape()

/** Where the document starts; -1 when there is no header, or another one. */
export function documentStart(bytes: Buffer, start: number, end: number): number {
  for (const header of USUAL)
    if (end - start >= header.length && equalBytes(bytes, start, header)) return start + header.length
  const limit = Math.min(end, start + MAX_HEADER_BYTES)
  let lineEnd = start
  while (lineEnd < limit && bytes[lineEnd] !== LINE_FEED) lineEnd++
  return lineEnd < limit && isHeader(bytes.subarray(start, lineEnd)) ? lineEnd + 1 : -1
}

function isHeader(line: Buffer): boolean {
  try {
    tape.read(line)
  } catch {
    return false
  }
  if (tape.kind(0) !== OBJECT) return false
  const format = tape.member(0, 'format')
  const version = tape.member(0, 'version')
  return (
    format !== 0 &&
    version !== 0 &&
    tape.isString(format) &&
    tape.text(format).toLowerCase() === 'json' &&
    tape.isNumber(version) &&
    tape.number(version) === 1
  )
}
