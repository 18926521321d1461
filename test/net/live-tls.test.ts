// TLS between our own clients and servers while certificates change, and over which suites they talk.
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Exporter } from '../../src/contract/index.ts'
import otlpGrpc from '../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../src/exporters/otlp_http/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { authority, type Pair, writePair } from '../kit/certificates.ts'
import { items } from '../kit/otlp.ts'
import { startReceiver } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const ca = await authority()
const server = await ca.issue('localhost')
const pem = { cert_pem: server.cert, key_pem: server.key }
const once1 = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, timeout: '60s' }

type Protocol = 'http' | 'grpc'
const protocols: readonly Protocol[] = ['http', 'grpc']

/** Whether one batch arrives; a connection of its own. */
async function arrives(protocol: Protocol, port: number, tls: object): Promise<boolean> {
  const { exporter, settings } = exporterOf(protocol, port, tls)
  await exporter.start!(testHost())
  const answer = exporter.consumers.traces!(items.traces(1), testContext()).then(
    () => true,
    () => false,
  )
  const isTaken = await answer
  await exporter.stop!(AbortSignal.timeout(60_000))
  return isTaken && settings.ledger('traces').outItems === 1
}

function exporterOf(protocol: Protocol, port: number, tls: object): { exporter: Exporter; settings: TestSettings } {
  const settings = testSettings()
  const config = { ...once1, endpoint: `https://localhost:${port}`, tls }
  const exporter =
    protocol === 'http'
      ? otlpHttp.create(v.parse(otlpHttp.config, config), settings)
      : otlpGrpc.create(v.parse(otlpGrpc.config, config), settings)
  return { exporter, settings }
}

const certificateOf = ({ cert, key }: Pair) => ({ ca_pem: ca.cert, cert_pem: cert, key_pem: key })

for (const protocol of protocols)
  test(`${protocol}: who a client must be is read again while the server runs`, async (t) => {
    const [first, second] = [await authority('first'), await authority('second')]
    const [old, young] = [await first.issue('client.test'), await second.issue('client.test')]
    const client_ca_file = join(t.testdir({}), 'clients.crt')
    writeFileSync(client_ca_file, first.cert)
    const tls = { ...pem, client_ca_file, client_ca_file_reload: true }
    const receiver = await startReceiver(t, { [protocol]: { tls } })
    const taken = (pair: Pair) => arrives(protocol, receiver.port, certificateOf(pair))
    t.ok(await taken(old))
    t.notOk(await taken(young))
    t.notOk(await arrives(protocol, receiver.port, { ca_pem: ca.cert }), 'nobody without a certificate')
    const { exporter } = exporterOf(protocol, receiver.port, certificateOf(old))
    await exporter.start!(testHost())
    await exporter.consumers.traces!(items.traces(1), testContext())
    writeFileSync(client_ca_file, second.cert)
    await receiver.settings.clock.advance(10_000)
    await until(() => taken(young))
    t.notOk(await taken(old), 'new connections need the new authority')
    await exporter.consumers.traces!(items.traces(1), testContext())
    t.pass('a connection that was open stays so')
    await exporter.stop!(AbortSignal.timeout(60_000))
  })

for (const protocol of protocols)
  test(`${protocol}: a client reads whom it trusts, and its own certificate, again`, async (t) => {
    const clients = await authority('clients')
    const folder = t.testdir({})
    const [ca_file, client_ca_file] = [join(folder, 'ca.crt'), join(folder, 'clients.crt')]
    writeFileSync(client_ca_file, clients.cert)
    writeFileSync(ca_file, (await authority('stranger')).cert)
    const files = writePair(folder, 'client', await ca.issue('client.test'))
    const { port } = await startReceiver(t, { [protocol]: { tls: { ...pem, client_ca_file } } })
    const { exporter, settings } = exporterOf(protocol, port, { ca_file, ...files, reload_interval: '1m' })
    await exporter.start!(testHost())
    t.teardown(() => exporter.stop!(AbortSignal.abort()))
    const sends = () =>
      exporter.consumers.traces!(items.traces(1), testContext()).then(
        () => true,
        () => false,
      )
    t.notOk(await sends())
    writeFileSync(ca_file, ca.cert)
    writePair(folder, 'client', await clients.issue('client.test'))
    // Time goes on until the files are read, and a lost connection may be made again.
    while (!(await sends())) await settings.clock.advance(60_000)
    t.pass()
  })

test('a server has the suites and versions of its settings, and no others', async (t) => {
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  for (const protocol of protocols) {
    const { port } = await startReceiver(t, {
      [protocol]: { tls: { ...pem, max_version: '1.2', cipher_suites: [suite] } },
    })
    t.same(await negotiated(port), { version: 'TLSv1.2', suite: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
    t.ok(await arrives(protocol, port, { ca_pem: ca.cert }))
    t.notOk(await arrives(protocol, port, { ca_pem: ca.cert, min_version: '1.3' }))
    const other = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256']
    t.notOk(await arrives(protocol, port, { ca_pem: ca.cert, cipher_suites: other }))
    const young = await startReceiver(t, { [protocol]: { tls: { ...pem, min_version: '1.3' } } })
    t.match(await negotiated(young.port), { version: 'TLSv1.3' })
    t.notOk(await arrives(protocol, young.port, { ca_pem: ca.cert, max_version: '1.2' }))
  }
})

async function negotiated(port: number): Promise<{ version: string | null; suite: string }> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: ca.cert, servername: 'localhost' })
  await once(socket, 'secureConnect')
  const found = { version: socket.getProtocol(), suite: socket.getCipher().name }
  socket.destroy()
  return found
}

test('over a unix socket, under both spellings of its path', async (t: Test) => {
  // The path of a socket must be short.
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [name, address] of [
    ['a', { transport: 'unix', endpoint: join(folder, 'a') }],
    ['b', { endpoint: `unix://${join(folder, 'b')}` }],
  ] as const) {
    const { sinks } = await startReceiver(t, { grpc: address })
    t.equal(statSync(join(folder, name)).mode & 0o777, 0o660)
    const config = { ...once1, endpoint: `unix://${join(folder, name)}`, tls: { insecure: true } }
    const exporter = otlpGrpc.create(v.parse(otlpGrpc.config, config), testSettings())
    await exporter.start!(testHost())
    await exporter.consumers.traces!(items.traces(2), testContext())
    await exporter.stop!(AbortSignal.timeout(60_000))
    t.equal(sinks.traces.items, 2)
  }
})
