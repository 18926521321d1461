// Messages by hand: for what no encoder writes.

export type Piece = number | Uint8Array

export const bytesOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map((piece) => (typeof piece === 'number' ? Buffer.from([piece]) : piece)))

export function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}

/** A length-delimited field. */
export function field(number: number, ...body: Piece[]): Buffer {
  const content = bytesOf(body)
  return bytesOf([Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]), content])
}

/** Spans, log records or metrics of those bodies, in one scope of one resource. */
export const itemMessage = (...items: Uint8Array[]): Buffer =>
  field(1, field(2, ...items.map((item) => field(2, item))))
