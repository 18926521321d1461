// Bytes that are kept for as long as something is known. Node's Buffer.from and Buffer.concat take small ones from a pool, which is kept whole,
// 64 KiB of it (Node 26), for as long as any of them is: what is learned one at a time would weigh two hundred times what it is.

/** In memory of its own. */
export function keptText(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

/** A copy, in memory of its own. */
export function keptCopy(bytes: Buffer, start = 0, end: number = bytes.length): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
