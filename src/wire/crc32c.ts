// CRC-32C (Castagnoli), RFC 3720, appendix B.4; four bytes at a time, by four tables.
const POLYNOMIAL = 0x82f63b78

const tables = Array.from({ length: 4 }, () => new Uint32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL
  tables[0]![byte] = crc
}
for (let byte = 0; byte < 256; byte++)
  for (let i = 1; i < 4; i++) {
    const before = tables[i - 1]![byte]!
    tables[i]![byte] = (before >>> 8) ^ tables[0]![before & 255]!
  }
const [last, third, second, first] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]

export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  let at = 0
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc = first[crc & 255]! ^ second[(crc >>> 8) & 255]! ^ third[(crc >>> 16) & 255]! ^ last[crc >>> 24]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ last[(crc ^ bytes[at]!) & 255]!
  return ~crc >>> 0
}
