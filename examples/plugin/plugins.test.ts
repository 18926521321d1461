// Tests of the plugins, as their authors would write them: `sluice/testing` brings time, settings and destinations.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Builder, Id, v } from 'sluice/plugin'
import { Sink, settle, testContext, testHost, testSettings } from 'sluice/testing'
import { test } from 'tap'
import countspans from './countspans.ts'
import drophealthchecks from './drophealthchecks.ts'
import failedspans from './failedspans.ts'
import heartbeat from './heartbeat.ts'
import readyfile from './readyfile.ts'

function spans(...names: readonly string[]) {
  const builder = new Builder('traces')
  builder.resource((resource) => resource.attribute('service.name', 'shop'))
  for (const name of names) {
    builder.add((span) => {
      span.traceId(Id.fromHex('0af7651916cd43dd8448eb211c80319c'))
      span.spanId(Id.fromHex('b7ad6b7169203331'))
      span.name(name)
      span.attribute('http.route', name)
      if (name.includes('broken')) span.status(2, 'no stock')
    })
  }
  return builder.build()
}

test('failedspans posts the failed spans of a batch as one message and counts the others', async (t) => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    bodies.push(body)
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const settings = testSettings()
  const config = v.parse(failedspans.config, {
    url: `http://127.0.0.1:${port}/hook`,
    sending_queue: { enabled: false },
  })
  const exporter = failedspans.create(config, settings)
  await exporter.start?.(testHost())
  await exporter.consumers.traces!(spans('/pay-broken', '/cart', '/order-broken'), testContext())
  t.strictSame(bodies, [JSON.stringify({ text: 'shop: /pay-broken: no stock\nshop: /order-broken: no stock' })])
  const { outItems, droppedByReason } = settings.ledger('traces')
  t.equal(outItems, 2)
  t.equal(droppedByReason.get('not_failed'), 1)
  await exporter.stop?.(new AbortController().signal)
})

test('drophealthchecks drops the paths that it is told, and nothing else', async (t) => {
  const config = v.parse(drophealthchecks.config, { paths: ['/healthz'] })
  const processor = drophealthchecks.create.traces!(config, testSettings(), async () => {})
  if (!('visitor' in processor)) throw new Error('a visitor')
  const left = spans('/healthz', '/cart').rewrite([processor.visitor], testContext())
  const routes: unknown[] = []
  left.visit({ onSpan: ({ attributes }) => void routes.push(attributes.get('http.route')) })
  t.strictSame(routes, ['/cart'])
})

test('heartbeat makes a log record an interval until it is stopped', async (t) => {
  const settings = testSettings({ id: 'heartbeat' })
  const sink = new Sink<'logs'>()
  const receiver = heartbeat.create(v.parse(heartbeat.config, { interval: '10s' }), settings, { logs: sink.consume })
  await receiver.start?.(testHost())
  await settings.clock.advance(30_000)
  t.equal(sink.items, 3)
  await receiver.stop?.(new AbortController().signal)
  await settings.clock.advance(30_000)
  t.equal(sink.items, 3)
})

test('heartbeat goes on when nobody takes its records', async (t) => {
  const settings = testSettings()
  const sink = new Sink<'logs'>()
  sink.refuse()
  const receiver = heartbeat.create(v.parse(heartbeat.config, { interval: '10s' }), settings, { logs: sink.consume })
  await receiver.start?.(testHost())
  await settings.clock.advance(10_000)
  sink.refuseWith = undefined
  await settings.clock.advance(10_000)
  t.equal(sink.items, 1)
  t.equal(settings.lines.filter(({ level }) => level === 'warn').length, 1)
  await receiver.stop?.(new AbortController().signal)
})

test('countspans counts spans by service, and accounts for each', async (t) => {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  const connector = countspans.create(
    v.parse(countspans.config, {}),
    settings,
    { metrics: sink.consume },
    () => undefined,
  )
  await connector.consumers.traces!(spans('/a', '/b', '/c'), testContext())
  const seen: unknown[] = []
  sink.batches[0]?.visit({ onPoint: (point, { name }) => void seen.push([name, point.value]) })
  t.strictSame(seen, [['spans.count', 3]])
  t.equal(settings.ledger('traces').mergedItems, 3)
})

test('readyfile is there while the agent runs', async (t) => {
  const path = join(t.testdir(), 'ready')
  const extension = readyfile.create(v.parse(readyfile.config, { path }), testSettings())
  await extension.start?.(testHost())
  t.ok(existsSync(path))
  await extension.stop?.(new AbortController().signal)
  await settle()
  t.notOk(existsSync(path))
})
