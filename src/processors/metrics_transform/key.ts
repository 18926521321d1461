import { type Attributes, writeCanonicalValue } from '../../data/index.ts'
import { ByteWriter } from '../../wire/writer.ts'

const out = new ByteWriter(256)

/** Equal for attributes that are equal, whatever their order. */
export function attributesKey(attributes: Attributes): string {
  const pieces: string[] = []
  attributes.forEachRange((bytes, keyAt, keyEnd, valueAt, valueEnd) => {
    out.clear()
    out.varint(keyEnd - keyAt)
    out.raw(bytes, keyAt, keyEnd)
    writeCanonicalValue(out, bytes, valueAt, valueEnd)
    pieces.push(`${out.length}:${out.bytes.latin1Slice(0, out.length)}`)
  })
  return pieces.sort().join('')
}
