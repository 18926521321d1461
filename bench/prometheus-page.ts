// A page of many series on the prometheus exporter: what a scrape costs in CPU time and bytes, how long it holds the event loop, and
// what memory it takes. node --expose-gc bench/prometheus-page.ts [--series 50000] [--scrapes 5]
import { get } from 'node:http'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { decodeOtlpJson } from '../src/data/index.ts'
import { config } from '../src/exporters/prometheus/config.ts'
import { createPrometheusExporter } from '../src/exporters/prometheus/exporter.ts'
import { testContext, testHost, testSettings } from '../src/testing/index.ts'
import { cpuMicros, median } from './measure.ts'

const { values } = parseArgs({
  options: { series: { type: 'string', default: '50000' }, scrapes: { type: 'string', default: '5' } },
})
const SERIES_A_BATCH = 1000
const MIB = 2 ** 20

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })

/** Counters with five labels, one of them of as many values as there are series. */
function batchOf(first: number, count: number) {
  const dataPoints = Array.from({ length: count }, (_, i) => ({
    asDouble: (first + i) * 1.25,
    timeUnixNano: '1700000000000000000',
    startTimeUnixNano: '1600000000000000000',
    attributes: [
      attribute('http.request.method', 'GET'),
      attribute('http.route', `/api/v1/orders/{id}/items/${i % 50}`),
      attribute('http.response.status_code', '200'),
      attribute('server.address', 'orders.example.com'),
      attribute('user.id', `user-${first + i}`),
    ],
  }))
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints }
  return decodeOtlpJson(
    'metrics',
    Buffer.from(
      JSON.stringify({
        resourceMetrics: [
          {
            resource: { attributes: [attribute('service.name', 'orders')] },
            scopeMetrics: [{ metrics: [{ name: 'http.server.requests', description: 'Requests.', sum }] }],
          },
        ],
      }),
    ),
  )
}

interface Scrape {
  readonly cpuMs: number
  readonly wireBytes: number
  readonly longestBlockMs: number
}

/** `agent` CPU and the client's are one process; the client only counts bytes. */
async function scrape(url: string, isGzip: boolean): Promise<Scrape> {
  let longest = 0
  let last = performance.now()
  let isDone = false
  const tick = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!isDone) setImmediate(tick)
  }
  setImmediate(tick)
  const cpu = cpuMicros()
  const wireBytes = await new Promise<number>((resolve, reject) => {
    let bytes = 0
    get(url, { headers: isGzip ? { 'accept-encoding': 'gzip' } : {} }, (response) => {
      response.on('data', (piece: Buffer) => (bytes += piece.length))
      response.on('end', () => resolve(bytes))
    }).on('error', reject)
  })
  isDone = true
  return { cpuMs: (cpuMicros() - cpu) / 1000, wireBytes, longestBlockMs: longest }
}

async function run(): Promise<void> {
  const exporter = createPrometheusExporter(v.parse(config, { endpoint: '127.0.0.1:0' }), testSettings())
  await exporter.start!(testHost())
  globalThis.gc?.()
  const before = process.memoryUsage()
  const fillFrom = cpuMicros()
  for (let first = 0; first < Number(values.series); first += SERIES_A_BATCH)
    await exporter.consumers.metrics!(batchOf(first, SERIES_A_BATCH), testContext())
  const fillMs = (cpuMicros() - fillFrom) / 1000
  globalThis.gc?.()
  const held = process.memoryUsage()
  const inUse = (of: NodeJS.MemoryUsage): number => of.heapUsed + of.external
  console.log(
    `${values.series} series: ${((inUse(held) - inUse(before)) / MIB).toFixed(1)} MiB in use for them, taken in within ${fillMs.toFixed(0)} ms of CPU (making the input included)`,
  )
  const [url] = exporter.endpoints as readonly [string]
  for (const isGzip of [false, true]) {
    await scrape(url, isGzip)
    globalThis.gc?.()
    const rss = process.memoryUsage.rss()
    let peak = rss
    const all: Scrape[] = []
    for (let i = 0; i < Number(values.scrapes); i++) {
      all.push(await scrape(url, isGzip))
      peak = Math.max(peak, process.memoryUsage.rss())
    }
    const of = (key: keyof Scrape): number => median(all.map((one) => one[key]))
    console.log(
      `${isGzip ? 'gzip ' : 'plain'}: ${of('cpuMs').toFixed(0)} ms of CPU, ${(of('wireBytes') / MIB).toFixed(2)} MiB, ` +
        `event loop held for ${of('longestBlockMs').toFixed(1)} ms at most, RSS ${(rss / MIB).toFixed(0)} -> ${(peak / MIB).toFixed(0)} MiB`,
    )
  }
  await exporter.stop!(AbortSignal.timeout(5000))
}

await run()
