// Many tenants through one agent: the receiver keeps their header, the batch keeps them apart, the exporter sends it on.
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Exporter, ExporterFactory, Extension } from '../../../src/contract/index.ts'
import elasticsearch from '../../../src/exporters/elasticsearch/index.ts'
import openSearch from '../../../src/exporters/opensearch/index.ts'
import otlpGrpc from '../../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../../src/exporters/otlp_http/index.ts'
import headersSetter from '../../../src/extensions/headers_setter/index.ts'
import batch from '../../../src/processors/batch/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { BulkEmulator } from '../../emulator/bulk.ts'
import { startExtension } from '../../kit/authenticator.ts'
import { FakeOtlpGrpc } from '../../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../../kit/fake-otlp-http.ts'
import { grpcSender } from '../../kit/grpc.ts'
import { items } from '../../kit/otlp.ts'
import { bytesOf, send, startReceiver } from '../../kit/receiver.ts'

test('each tenant gets its header, whatever joins their data on the way', async (t) => {
  const { extension } = await startExtension<Extension>(t, headersSetter, {
    headers: [{ key: 'X-Scope-OrgID', from_context: 'X-Tenant', default_value: 'nobody' }],
  })
  const http = await new FakeOtlpHttp().start()
  const grpc = new FakeOtlpGrpc()
  await grpc.start(0, '127.0.0.1')
  t.teardown(() => Promise.all([http.stop(), grpc.stop()]))
  const host = testHost({ extensions: new Map([['who', extension]]) })
  const queue = {
    sending_queue: { batch: { min_size: 1000, flush_timeout: '1s', partition: { metadata_keys: ['x-tenant'] } } },
  }
  const common = { auth: { authenticator: 'who' }, tls: { insecure: true }, ...queue }
  const settings = testSettings()
  const exporters = [
    otlpHttp.create(v.parse(otlpHttp.config, { endpoint: http.url, ...common }), settings),
    otlpGrpc.create(v.parse(otlpGrpc.config, { endpoint: grpc.endpoint, ...common }), testSettings()),
  ]
  for (const one of exporters) await one.start!(host)
  const processor = batch.create.traces!(
    v.parse(batch.config, { metadata_keys: ['x-tenant'], send_batch_size: 1000, timeout: '1s' }),
    settings,
    async (each, context) => {
      for (const { consumers } of exporters) await consumers.traces!(each, context)
    },
  )
  if (!('consume' in processor)) throw new Error('batch takes batches')
  await processor.start?.(host)
  const { consume } = processor
  const receiver = await startReceiver(
    t,
    { grpc: { include_metadata: true }, http: { include_metadata: true } },
    { consume },
  )
  const [toGrpc, toHttp] = receiver.urls as [string, string]
  const sender = grpcSender(t, Number(new URL(toGrpc).port))
  for (let round = 0; round < 3; round++) {
    for (const tenant of ['a', 'b']) {
      await send(`${toHttp}/v1/traces`, bytesOf(items.traces(2)), { headers: { 'x-tenant': tenant } })
      await sender.export('traces', bytesOf(items.traces(1)), { metadata: { 'x-tenant': tenant } })
    }
    await send(`${toHttp}/v1/traces`, bytesOf(items.traces(5)))
  }
  await processor.stop!(AbortSignal.timeout(60_000))
  for (const one of exporters) await one.stop!(AbortSignal.timeout(60_000))
  const byTenant = (requests: readonly { tenant: unknown; items: number }[]): Record<string, number> => {
    const sums: Record<string, number> = {}
    for (const { tenant, items } of requests) sums[String(tenant)] = (sums[String(tenant)] ?? 0) + items
    return sums
  }
  const wanted = { a: 9, b: 9, nobody: 15 }
  t.same(byTenant(http.requests.map((one) => ({ tenant: one.headers.get('x-scope-orgid'), items: one.items }))), wanted)
  t.same(byTenant(grpc.calls.map(({ headers, items }) => ({ tenant: headers['x-scope-orgid'], items }))), wanted)
})

/** One batch of two spans for each, from senders in turn; nothing of it goes out before the end. */
async function sendFor(t: Test, factory: ExporterFactory, config: object, tenants: readonly Tenant[]): Promise<void> {
  const { extension } = await startExtension<Extension>(t, headersSetter, {
    headers: [
      { key: 'X-Scope-OrgID', from_context: 'X-Tenant', default_value: 'nobody' },
      { key: 'X-Subject', from_attribute: 'subject' },
    ],
  })
  const host = testHost({ extensions: new Map([['who', extension]]) })
  const settings = testSettings()
  const exporter: Exporter = factory.create(v.parse(factory.config, config), settings)
  await exporter.start!(host)
  for (const { tenant, subject } of tenants) {
    const context = { ...testContext({ 'x-tenant': [tenant] }), auth: new Map([['subject', [subject]]]) }
    settings.ledger('traces').entered(2)
    await exporter.consumers.traces!(items.traces(2), context)
  }
  await exporter.stop!(AbortSignal.timeout(60_000))
  const { outItems, held } = settings.ledger('traces')
  t.same({ outItems, held }, { outItems: 2 * tenants.length, held: 0 })
}

interface Tenant {
  readonly tenant: string
  readonly subject: string
}
const TENANTS: readonly Tenant[] = ['a', 'b', 'a', 'b'].flatMap((tenant) => [
  { tenant, subject: 'me' },
  { tenant, subject: 'you' },
])
const JOINED = { sending_queue: { batch: { min_size: 1000, flush_timeout: '1h' } } }
const WANTED = { 'a me': 4, 'a you': 4, 'b me': 4, 'b you': 4 }

for (const [product, factory] of [
  ['opensearch', openSearch],
  ['elasticsearch', elasticsearch],
] as const)
  test(`${product}: each sender's documents are a bulk request of their own, with its headers`, async (t) => {
    const server = await BulkEmulator.start(t, product)
    const http = { endpoint: server.url, auth: { authenticator: 'who' } }
    await sendFor(t, factory, { ...JOINED, ...(product === 'opensearch' ? { http } : http) }, TENANTS)
    const sums = server.requests.map(({ headers, documents }) => [
      `${headers['x-scope-orgid']} ${headers['x-subject']}`,
      documents,
    ])
    t.same(Object.fromEntries(sums), WANTED)
    t.equal(sums.length, 4, 'what may be joined is')
  })

test('otlp_http: what is joined is joined by sender, without a partition in the config', async (t) => {
  const server = await new FakeOtlpHttp().start()
  t.teardown(() => server.stop())
  await sendFor(t, otlpHttp, { endpoint: server.url, auth: { authenticator: 'who' }, ...JOINED }, TENANTS)
  const sums = server.requests.map(({ headers, items }) => [
    `${headers.get('x-scope-orgid')} ${headers.get('x-subject')}`,
    items,
  ])
  t.same(Object.fromEntries(sums), WANTED)
  t.equal(sums.length, 4)
})

test('dead letters go with the headers of their sender', async (t) => {
  const server = await BulkEmulator.start(t, 'opensearch')
  server.refuse = ({ index }) => (index === 'dead' ? undefined : { status: 400, type: 'mapper_parsing_exception' })
  const http = { endpoint: server.url, auth: { authenticator: 'who' } }
  await sendFor(t, openSearch, { ...JOINED, http, dead_letter: { index: 'dead' } }, TENANTS.slice(0, 1))
  t.same(
    server.requests.map(({ headers }) => headers['x-scope-orgid']),
    ['a', 'a'],
  )
  t.equal(server.documents.length, 2)
})
