// F27: TLS that does not come about, over HTTP and over gRPC. Nothing is lost by it: it may work later.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { grpcClientSettings, httpClientSettings } from '../../src/net/client-config.ts'
import { GrpcClient } from '../../src/net/grpc-client.ts'
import { HttpClient } from '../../src/net/http-client.ts'
import { otlpNames } from '../../src/net/otlp.ts'
import { testSettings } from '../../src/testing/index.ts'
import { authority } from '../kit/certificates.ts'
import { lookupTo } from '../kit/name-server.ts'

const httpSchema = section(httpClientSettings({ compression: '' }))
const grpcSchema = section(grpcClientSettings({ compression: '' }))
const ca = await authority()
const tls = { ca_pem: ca.cert }
const never = new AbortController().signal

/** What becomes of one attempt by each client. */
async function attempts(t: Test, port: number): Promise<readonly unknown[]> {
  const http = new HttpClient(v.parse(httpSchema, { tls }), testSettings(), {})
  const grpc = new GrpcClient(v.parse(grpcSchema, { endpoint: `127.0.0.1:${port}`, tls }), 5000, testSettings(), {
    environment: {},
    lookup: lookupTo(() => ['127.0.0.1']),
  })
  t.teardown(() => {
    http.close()
    grpc.close()
  })
  const target = await http.target(`https://127.0.0.1:${port}/v1/traces`, {})
  await grpc.open()
  const outcomes = await Promise.allSettled([
    http.post(target, [], 0, never),
    grpc.unary(grpc.method(otlpNames.traces.grpcPath), [], 0, never),
  ])
  return outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : outcome))
}

test('F27: a certificate that has expired is said to have', async (t) => {
  const old = await ca.issue('otlp.test', new Date(Date.now() - 3_600_000))
  const server = createTlsServer({ ...old, ALPNProtocols: ['h2', 'http/1.1'] }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  t.teardown(() => server.close())
  await once(server, 'listening')
  for (const error of await attempts(t, (server.address() as AddressInfo).port))
    t.match(error, { name: 'RetryableError', message: /certificate .*has expired/ })
})

test('F27: a handshake that breaks off in the middle may come about later', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // The beginning of a ServerHello.
    socket.once('data', () => socket.end(Buffer.from([22, 3, 3, 0, 122, 2, 0, 0, 118])))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  for (const error of await attempts(t, (server.address() as AddressInfo).port))
    t.match(error, { name: 'RetryableError' })
})
