// OTLP requests as a small shop's services would send them: about 430 bytes a span, 420 a log record, 240 a data point.

import type { Signal } from '../src/data/index.ts'
import { ByteWriter } from '../src/wire/writer.ts'

/**
 * A serialized Export*ServiceRequest with that many spans, log records or data points; the same seed gives the same bytes.
 * Times are within one second after `epochMs`; those of data points go up by a microsecond. Counters have counted since
 * `startMs`: what the same attributes have always counted, and `growth`, of a histogram 16 times that, half of it in the first bucket.
 * All is of one pod of many.
 */
export function payload(
  signal: Signal,
  items: number,
  seed = 1,
  epochMs = 1_760_000_000_000,
  growth = 0,
  startMs = epochMs,
  pod = 1,
): Buffer {
  epochNanos = BigInt(epochMs) * 1_000_000n
  startNanos = BigInt(startMs) * 1_000_000n
  grown = growth
  const out = new ByteWriter(items * 512 + 1024)
  const random = randomFrom(seed)
  message(out, 1, () => {
    message(out, 1, () => resource(out, pod))
    message(out, 2, () => {
      message(out, 1, () => {
        text(out, 1, 'io.opentelemetry.http')
        text(out, 2, '1.9.0')
      })
      for (let i = 0; i < items; i++) {
        if (signal === 'traces') message(out, 2, () => span(out, random, i))
        else if (signal === 'logs') message(out, 2, () => logRecord(out, random, i))
      }
      if (signal === 'metrics') metrics(out, random, items)
    })
  })
  return out.take()
}

type Random = (below: number) => number

function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE']
const ROUTES = ['/api/v1/orders/{id}', '/api/v1/cart', '/api/v1/users/{id}/profile', '/healthz', '/api/v1/search']
const STATUS = [200, 200, 200, 200, 200, 200, 201, 204, 404, 503]
let epochNanos = 0n
let startNanos = 0n
let grown = 0

function resource(out: ByteWriter, pod: number): void {
  const add = attributes(out, 1)
  add('service.name', 'checkout')
  add('service.namespace', 'shop')
  add('service.version', '1.24.3')
  add('deployment.environment.name', 'production')
  add('host.name', 'ip-10-0-1-17.eu-west-1.compute.internal')
  add('cloud.region', 'eu-west-1')
  add('k8s.pod.name', `checkout-7d9f8b6c5-x${String(pod).padStart(4, '0')}`)
  add('process.pid', 1001)
}

function span(out: ByteWriter, random: Random, i: number): void {
  id(out, 1, 16, random)
  id(out, 2, 8, random)
  if (i % 10 !== 0) id(out, 4, 8, random)
  const method = METHODS[random(4)]!
  const route = ROUTES[random(5)]!
  text(out, 5, `${method} ${route}`)
  number(out, 6, 1 + (i % 5))
  const start = epochNanos + BigInt(random(1_000_000)) * 1_000n
  fixed64(out, 7, start)
  fixed64(out, 8, start + BigInt(random(1_000_000_000)))
  const add = attributes(out, 9)
  add('http.request.method', method)
  add('url.full', `https://shop.example.com/api/v1/orders/${random(1_000_000)}?page=${random(100)}&sort=desc`)
  add('http.route', route)
  add('http.response.status_code', STATUS[random(10)]!)
  add('app.cached', random(2) === 0)
  add('app.ratio', random(1_000_000) / 1_000_003)
  add('network.peer.address', `10.${random(255)}.${random(255)}.${random(255)}`)
  add('network.peer.port', 30_000 + random(30_000))
  if (i % 2 === 0) {
    add('user.id', `u-${random(2 ** 31).toString(16)}`)
    add('thread.name', `http-nio-8080-exec-${random(32)}`)
  }
  if (i % 4 === 0) {
    add('http.response.body.size', random(100_000))
    add('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36')
  }
  if (i % 5 === 0) {
    message(out, 11, () => {
      fixed64(out, 1, start + 1000n)
      text(out, 2, 'exception')
      const event = attributes(out, 3)
      event('exception.type', 'java.io.IOException')
      event('exception.message', 'connection reset by peer')
    })
  }
  message(out, 15, () => {
    if (i % 7 !== 0) return
    text(out, 2, 'upstream failed')
    number(out, 3, 2)
  })
}

function logRecord(out: ByteWriter, random: Random, i: number): void {
  const time = epochNanos + BigInt(random(1_000_000)) * 1_000n
  fixed64(out, 1, time)
  number(out, 2, 9 + 4 * (i % 3))
  text(out, 3, ['INFO', 'WARN', 'ERROR'][i % 3]!)
  const amount = `amount=${random(1000)}.${10 + random(90)} currency=EUR in ${random(500)} ms`
  const order = `processed order id=${random(1_000_000)} user=${random(2 ** 31).toString(16)}`
  message(out, 5, () =>
    text(
      out,
      1,
      `com.example.shop.OrderService - ${order} ${amount}, "status"=ok retries=0 queue=main region=eu-west-1 attempt=first`,
    ),
  )
  const add = attributes(out, 6)
  add('log.file.name', 'app.log')
  add('log.logger', 'com.example.shop.OrderService')
  add('thread.id', random(64))
  add('http.request.method', METHODS[random(4)]!)
  add('http.response.status_code', STATUS[random(10)]!)
  add('sampled', true)
  id(out, 9, 16, random)
  id(out, 10, 8, random)
  fixed64(out, 11, time + 5000n)
}

const POINTS_PER_METRIC = 10

/** Sums, gauges and histograms in turn, ten points each. */
function metrics(out: ByteWriter, random: Random, points: number): void {
  for (let left = points, index = 0; left > 0; left -= POINTS_PER_METRIC, index++) {
    const count = Math.min(left, POINTS_PER_METRIC)
    message(out, 2, () => {
      const kind = index % 3
      text(out, 1, ['http.server.requests', 'process.memory.usage', 'http.server.request.duration'][kind]!)
      text(out, 2, 'What it counts, in a sentence.')
      text(out, 3, ['{request}', 'By', 's'][kind]!)
      message(out, [7, 5, 9][kind]!, () => {
        for (let i = 0; i < count; i++) {
          const labels: Labels = [random(4), random(5), STATUS[random(10)]!, random(4), random(8)]
          const nanos = epochNanos + BigInt(index * POINTS_PER_METRIC + i) * 1_000n
          message(out, 1, () => {
            if (kind === 2) histogramPoint(out, labels, nanos)
            else numberPoint(out, labels, nanos, kind === 1 ? random(1_000_000) / 7 : countOf(labels) + grown)
          })
        }
        if (kind !== 1) number(out, 2, 2)
        if (kind === 0) number(out, 3, 1)
      })
    })
  }
}

/** Which method, which route, the status, and both parts of the address. */
type Labels = readonly [method: number, route: number, status: number, net: number, host: number]
const countOf = (labels: Labels): number => labels.reduce((sum, label) => sum * 10 + label, 0)

function numberPoint(out: ByteWriter, labels: Labels, nanos: bigint, value: number): void {
  fixed64(out, 2, startNanos)
  fixed64(out, 3, nanos)
  out.varint((4 << 3) | 1)
  out.double(value)
  pointAttributes(out, labels, 7)
}

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

function histogramPoint(out: ByteWriter, labels: Labels, nanos: bigint): void {
  fixed64(out, 2, startNanos)
  fixed64(out, 3, nanos)
  const before = countOf(labels) % 1000
  const counts = Array.from({ length: BOUNDS.length + 1 }, (_, i) => BigInt(before + ((grown * 16) >> (i + 1))))
  const count = counts.reduce((sum, one) => sum + one, 0n)
  fixed64(out, 4, count)
  out.varint((5 << 3) | 1)
  out.double(Number(count) / 7)
  message(out, 6, () => {
    for (const one of counts) out.fixed64(one)
  })
  message(out, 7, () => {
    for (const bound of BOUNDS) out.double(bound)
  })
  pointAttributes(out, labels, 9)
}

function pointAttributes(out: ByteWriter, [method, route, status, net, host]: Labels, field: number): void {
  const add = attributes(out, field)
  add('http.request.method', METHODS[method]!)
  add('http.route', ROUTES[route]!)
  add('http.response.status_code', status)
  add('server.address', `10.0.${net}.${host}:8080`)
  add('zone', 'eu-west-1a')
}

// ---- protobuf, field by field

function message(out: ByteWriter, field: number, write: () => void): void {
  out.varint((field << 3) | 2)
  const from = out.beginLength()
  write()
  out.endLength(from)
}

function text(out: ByteWriter, field: number, value: string): void {
  out.varint((field << 3) | 2)
  out.text(value)
}

function number(out: ByteWriter, field: number, value: number): void {
  out.varint(field << 3)
  out.varint(value)
}

function fixed64(out: ByteWriter, field: number, value: bigint): void {
  out.varint((field << 3) | 1)
  out.fixed64(value)
}

function id(out: ByteWriter, field: number, size: number, random: Random): void {
  message(out, field, () => {
    for (let i = 0; i < size; i++) out.byte(1 + random(255))
  })
}

function attributes(out: ByteWriter, field: number): (key: string, value: string | number | boolean) => void {
  return (key, value) =>
    message(out, field, () => {
      text(out, 1, key)
      message(out, 2, () => {
        if (typeof value === 'string') text(out, 1, value)
        else if (typeof value === 'boolean') number(out, 2, value ? 1 : 0)
        else if (Number.isInteger(value)) number(out, 3, value)
        else {
          out.varint((4 << 3) | 1)
          out.double(value)
        }
      })
    })
}
