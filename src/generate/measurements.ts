// What the services measure: counted up with every story, read out as data points.
import type { Id } from '../data/index.ts'
import type { Random } from './random.ts'
import type { Served, Story, Values } from './story.ts'

export interface Measured {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: 'counter' | 'level' | 'gauge' | 'histogram' | 'exponential'
}

export interface Exemplar {
  readonly value: number
  readonly atMs: number
  readonly traceId: Id
  readonly spanId: Id
}

export type PointValue =
  | { readonly type: 'number'; readonly number: number; readonly isInteger: boolean }
  | {
      readonly type: 'histogram'
      readonly counts: readonly number[]
      readonly sum: number
      readonly min: number
      readonly max: number
    }
  | { readonly type: 'exponential'; readonly offset: number; readonly counts: readonly number[]; readonly sum: number }

export interface PointDraft {
  readonly service: string
  readonly metric: Measured
  readonly startMs: number
  readonly atMs: number
  readonly attributes: Values
  readonly value: PointValue
  readonly exemplar: Exemplar | undefined
}

const metric = (name: string, type: Measured['type'], unit: string, description: string): Measured => ({
  name,
  type,
  unit,
  description,
})
const REQUESTS = metric('http.server.request.duration', 'histogram', 's', 'Duration of HTTP server requests')
const QUERIES = metric('db.client.operation.duration', 'exponential', 's', 'Duration of database client operations')
const ORDERS = metric('shop.orders', 'counter', '{order}', 'Orders by what became of them')
const REVENUE = metric('shop.revenue', 'counter', '{EUR}', 'What was paid')
const MEMORY = metric('process.memory.usage', 'level', 'By', 'The amount of physical memory in use')
const CPU = metric('process.cpu.utilization', 'gauge', '1', 'Share of the CPU that the process uses')
const STOCK = metric('shop.stock', 'gauge', '{item}', 'Items in stock')

/** In seconds, as the semantic conventions have them. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** 2^(2^-3): each bucket's bound is 9 % above the one before. */
export const SCALE = 3
const SKUS = 8

interface Series {
  readonly service: string
  readonly metric: Measured
  readonly attributes: Values
  readonly total: { number: number; sum: number; min: number; max: number }
  /** By bucket; of an exponential histogram by its index. */
  readonly buckets: Map<number, number>
  exemplar: Exemplar | undefined
}

export class Measurements {
  readonly #services: readonly string[]
  readonly #random: Random
  readonly #startMs: number
  readonly #series = new Map<string, Series>()
  readonly #stock = Array.from({ length: SKUS }, () => 200)

  constructor(services: readonly string[], random: Random, startMs: number) {
    this.#services = services
    this.#random = random
    this.#startMs = startMs
  }

  record({ served, amount }: Story, nowMs: number): void {
    for (const one of served) this.#request(one, nowMs)
    if (!this.#services.includes('order')) return
    const order = served.find(({ service, method }) => service === 'order' && method === 'POST')
    if (order === undefined) return
    this.#of('order', ORDERS, { 'shop.order.state': amount === undefined ? 'failed' : 'placed' }).total.number++
    if (amount === undefined) return
    this.#of('order', REVENUE, {}).total.number += amount
    const sku = this.#random.int(SKUS)
    this.#stock[sku] = this.#stock[sku]! > 0 ? this.#stock[sku]! - 1 : 200
  }

  #request(served: Served, nowMs: number): void {
    const { service, method, route, status, durationMs, query, traceId, spanId } = served
    const seconds = durationMs / 1000
    const requests = this.#of(service, REQUESTS, {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
    })
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
    observe(requests, seconds, bucket < 0 ? BOUNDS.length : bucket)
    requests.exemplar = { value: seconds, atMs: nowMs, traceId, spanId }
    if (query === undefined) return
    const { system, name } = query
    const queries = this.#of(service, QUERIES, { 'db.system.name': system, 'db.operation.name': name })
    observe(queries, query.durationMs / 1000, Math.ceil(Math.log2(query.durationMs / 1000) * 2 ** SCALE) - 1)
  }

  /** Every series as it is now. */
  collect(nowMs: number): PointDraft[] {
    for (const service of this.#services) {
      this.#of(service, MEMORY, {}).total.number = 80_000_000 + this.#random.int(40_000_000)
      this.#of(service, CPU, {}).total.number = Math.min(1, this.#random.around(0.08))
    }
    if (this.#services.includes('inventory'))
      this.#stock.forEach((left, sku) => {
        this.#of('inventory', STOCK, { 'shop.sku': `sku-${sku}` }).total.number = left
      })
    return [...this.#series.values()].map((series) => ({
      service: series.service,
      metric: series.metric,
      startMs: this.#startMs,
      atMs: nowMs,
      attributes: series.attributes,
      value: valueOfSeries(series),
      exemplar: series.exemplar,
    }))
  }

  #of(service: string, metric: Measured, attributes: Values): Series {
    const key = `${service} ${metric.name} ${Object.values(attributes).join(' ')}`
    let series = this.#series.get(key)
    if (series === undefined) {
      const total = { number: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0 }
      series = { service, metric, attributes, total, buckets: new Map(), exemplar: undefined }
      this.#series.set(key, series)
    }
    return series
  }
}

function observe({ total, buckets }: Series, value: number, bucket: number): void {
  total.sum += value
  total.min = Math.min(total.min, value)
  total.max = Math.max(total.max, value)
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
}

function valueOfSeries({ metric, total, buckets }: Series): PointValue {
  const { number, sum, min, max } = total
  switch (metric.type) {
    case 'histogram':
      return { type: 'histogram', counts: BOUNDS.concat(0).map((_, bucket) => buckets.get(bucket) ?? 0), sum, min, max }
    case 'exponential': {
      const offset = Math.min(...buckets.keys())
      const length = Math.max(...buckets.keys()) - offset + 1
      return {
        type: 'exponential',
        offset,
        counts: Array.from({ length }, (_, at) => buckets.get(offset + at) ?? 0),
        sum,
      }
    }
    case 'counter':
    case 'level':
    case 'gauge':
      return { type: 'number', number, isInteger: metric !== CPU && metric !== REVENUE }
  }
}
