// The Huffman code of HPACK, RFC 7541 Appendix B. It is canonical: lengths are all there is to know.

/** By octet; the last is the end-of-string symbol, which never stands in a valid string. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]
const END_OF_STRING = 256

/** Node n has its children at 2n and 2n + 1; below zero is a leaf, -1 - symbol. */
const tree = buildTree()

function buildTree(): Int16Array {
  const nodes = new Int16Array(2 * LENGTHS.length)
  let used = 1
  let code = 0
  let length = 0
  const bySize = LENGTHS.map((_, symbol) => symbol).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b)
  for (const symbol of bySize) {
    code <<= LENGTHS[symbol]! - length
    length = LENGTHS[symbol]!
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const at = 2 * node + ((code >>> bit) & 1)
      if (nodes[at] === 0) nodes[at] = used++
      node = nodes[at]!
    }
    nodes[2 * node + (code & 1)] = -1 - symbol
    code++
  }
  return nodes
}

/** Writes what the bytes say to `target`. Returns its length, or -1 when they are no Huffman code or it does not fit. */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0
  let length = 0
  let bitsOfSymbol = 0
  let isPadding = true
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    for (let bit = 7; bit >= 0; bit--) {
      const isOne = (byte >>> bit) & 1
      node = tree[2 * node + isOne]!
      bitsOfSymbol++
      isPadding &&= isOne === 1
      if (node >= 0) continue
      const symbol = -1 - node
      if (symbol === END_OF_STRING || length === target.length) return -1
      target[length++] = symbol
      node = 0
      bitsOfSymbol = 0
      isPadding = true
    }
  }
  // 5.2: padding is the beginning of the end-of-string code, ones, and shorter than an octet.
  return isPadding && bitsOfSymbol < 8 ? length : -1
}
