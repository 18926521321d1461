// What compressing a batch costs and saves, by codec and level: `node bench/compression.ts`, the table of docs/performance.md.

import type { Signal } from '../src/data/index.ts'
import { type Codec, createCompress } from '../src/net/compress.ts'
import { payload } from './payloads.ts'

const SIGNALS: readonly Signal[] = ['traces', 'logs', 'metrics']
const LEVELS: readonly (readonly [Codec, readonly number[]])[] = [
  ['gzip', [1, 3, 4, 5, 6, 7, 9]],
  ['zstd', [1, 2, 3, 4, 6, 9]],
]
/** A batch as the processor `batch` makes it of requests of 100. */
const REQUESTS = 82
const ITEMS = 100
const ROUNDS = 8

console.log('| | spans: µs, size | log records: µs, size | data points: µs, size |\n|---|---|---|---|')
for (const [codec, levels] of LEVELS)
  for (const level of levels) {
    const cells = []
    for (const signal of SIGNALS) cells.push(await measure(signal, codec, level))
    console.log(`| ${codec} ${level} | ${cells.join(' | ')} |`)
  }

async function measure(signal: Signal, codec: Codec, level: number): Promise<string> {
  const chunks = Array.from({ length: REQUESTS }, (_, i) => payload(signal, ITEMS, i + 1))
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const compress = createCompress(codec, level)
  let leastMicros = Number.POSITIVE_INFINITY
  let compressedBytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    compressedBytes = (await compress(chunks, sizeBytes)).length
    const { user, system } = process.cpuUsage(before)
    leastMicros = Math.min(leastMicros, user + system)
  }
  const perItem = (leastMicros / (REQUESTS * ITEMS)).toFixed(2)
  return `${perItem}, ${((100 * compressedBytes) / sizeBytes).toFixed(1)} %`
}
