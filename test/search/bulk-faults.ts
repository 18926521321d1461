// What both exporters of bulk requests must live through in the same way.
import { type Test, test } from 'tap'
import type { BulkEmulator } from '../emulator/bulk.ts'
import { items } from '../kit/otlp.ts'
import type { ExporterRig } from '../kit/otlp-exporter.ts'

export interface BulkRig extends ExporterRig {
  readonly server: BulkEmulator
}

export function testBulkFaults(of: {
  start(t: Test, config?: object): Promise<BulkRig>
  /** The text of a log record, of its document. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they have written
  bodyOf(source: any): string
  /** What the server calls a document that its index does not take. */
  readonly misfit: string
}): void {
  for (const fault of ['flood', 'bomb'] as const)
    test(`an answer of a gigabyte (${fault}) is not read to its end`, async (t) => {
      const { server, send, settled, account } = await of.start(t)
      server.faults.push(fault)
      const before = process.memoryUsage().rss
      await send(items.logs(2))
      await settled('logs')
      t.same(account('logs'), { out: 0, held: 0, dropped: { response_too_large: 2 } })
      t.ok(process.memoryUsage().rss - before < 200e6)
    })

  test('10,000 documents, each refused now and then: every one arrives once (G11)', async (t) => {
    const sending_queue = { num_consumers: 4, queue_size: 100, batch: { min_size: 0 } }
    const { server, send, settled, account, settings } = await of.start(t, { sending_queue })
    const count = 10_000
    const refusals = new Map<string, number>()
    let bad = 0
    server.refuse = ({ source }) => {
      const body = of.bodyOf(source)
      const n = Number(body.slice(4))
      const before = refusals.get(body) ?? 0
      refusals.set(body, before + 1)
      if (n % 97 === 0) {
        bad++
        return { status: 400, type: of.misfit }
      }
      if (before < n % 4) return n % 2 === 0 ? { status: 429, type: 'x' } : { status: 503, type: 'x' }
      return undefined
    }
    for (const part of items.logs(count).split({ items: 500 })) await send(part)
    while (settings.ledger('logs').held > 0) {
      const { out, held, dropped } = account('logs')
      t.equal(out + held + (dropped.mapping_error ?? 0), count, 'at every moment')
      await settings.clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await settled('logs')
    const expectedBad = Math.ceil(count / 97)
    t.equal(bad, expectedBad, 'what was refused for good was not sent again')
    t.same(account('logs'), { out: count - expectedBad, held: 0, dropped: { mapping_error: expectedBad } })
    t.equal(server.documents.length, count - expectedBad)
    t.equal(new Set(server.documents.map(({ source }) => of.bodyOf(source))).size, count - expectedBad, 'none twice')
  })
}
