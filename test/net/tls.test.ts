import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { clientTls, keepFresh, loadClientTls, loadServerTls, reloadIntervalOf, serverTls } from '../../src/net/tls.ts'
import { settle, testSettings } from '../../src/testing/index.ts'
import { authority, writePair } from '../kit/certificates.ts'

const ca = await authority()
const pair = await ca.issue('server.test')
const mine = await ca.issue('client.test')
const pem = { cert_pem: pair.cert, key_pem: pair.key }

async function listen(t: Test, config: object): Promise<{ server: Server; port: number }> {
  const server = createServer({ ...(await loadServerTls(v.parse(serverTls, config))) }, (socket) => socket.end('hello'))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

/** What the connection agreed on, or why it did not. With TLS 1.3 a server that refuses does so after the handshake. */
function dial(port: number, options: ConnectionOptions): Promise<{ protocol: string | null; cipher: string } | string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ...options })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
    socket.on('close', () => resolve('closed'))
    socket.on('data', () => {
      resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().standardName })
      socket.destroy()
    })
  })
}
const trusting = async (config: object = {}): Promise<ConnectionOptions> => ({
  ...(await loadClientTls(v.parse(clientTls, { ca_pem: ca.cert, ...config }))),
})

test('a client trusts the authority it is given, and nobody else', async (t) => {
  const { port } = await listen(t, pem)
  t.match(await dial(port, await trusting()), { protocol: 'TLSv1.3' })
  t.equal(await dial(port, { ...(await loadClientTls(v.parse(clientTls, {}))) }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  t.match(await dial(port, { ...(await loadClientTls(v.parse(clientTls, { insecure_skip_verify: true }))) }), {
    protocol: 'TLSv1.3',
  })
  t.match(await dial(port, await trusting({ server_name_override: 'server.test' })), { protocol: 'TLSv1.3' })
  t.equal(await dial(port, await trusting({ server_name_override: 'other.test' })), 'ERR_TLS_CERT_ALTNAME_INVALID')
  t.match(await dial(port, await trusting({ include_system_ca_certs_pool: true })), { protocol: 'TLSv1.3' })
})

test('whom a client trusts is parsed once, and not again with each connection', async (t) => {
  const { port } = await listen(t, pem)
  t.match(await dial(port, { ...(await trusting()), ca: 'nobody parses this' }), { protocol: 'TLSv1.3' })
})

test('insecure without an authority is no TLS at all', async (t) => {
  t.equal(await loadClientTls(v.parse(clientTls, { insecure: true })), undefined)
  t.ok(await loadClientTls(v.parse(clientTls, { insecure: true, ca_pem: ca.cert })))
})

test('versions, cipher suites and curves are the ones asked for', async (t) => {
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  const { port } = await listen(t, { ...pem, max_version: 1.2, cipher_suites: [suite], curve_preferences: ['P384'] })
  t.same(await dial(port, await trusting()), { protocol: 'TLSv1.2', cipher: suite })
  t.equal(await dial(port, await trusting({ min_version: '1.3' })), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  t.match(await dial(port, await trusting({ curve_preferences: ['X25519'] })), /^ERR_SSL_/)
  t.match(
    await dial(port, await trusting({ cipher_suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] })),
    /^ERR_SSL_|ECONNRESET|closed/,
  )
  const old = await listen(t, { ...pem, min_version: '1.0', max_version: '1.1' })
  t.match(await dial(old.port, await trusting({ min_version: '1.0' })), { protocol: 'TLSv1.1' })
  t.match(await dial(old.port, await trusting()), /^ERR_SSL_/)
})

test('a listed suite leaves the ones of TLS 1.3 on', async (t) => {
  const { port } = await listen(t, { ...pem, cipher_suites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] })
  t.match(await dial(port, await trusting()), { protocol: 'TLSv1.3' })
})

test('a client CA makes clients show a certificate of it', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'clients.crt')
  writeFileSync(path, ca.cert)
  const { port } = await listen(t, { ...pem, client_ca_file: path })
  t.match(await dial(port, await trusting()), /^ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET|closed/)
  t.match(await dial(port, await trusting({ cert_pem: mine.cert, key_pem: mine.key })), { protocol: 'TLSv1.3' })
  const stranger = await (await authority('others')).issue('client.test')
  t.match(
    await dial(port, await trusting({ cert_pem: stranger.cert, key_pem: stranger.key })),
    /^ERR_SSL_|ECONNRESET|closed/,
  )
})

test('files are read again, and a broken one keeps what was there', async (t) => {
  const folder = t.testdir()
  const config = v.parse(serverTls, { ...writePair(folder, 'server', pair), reload_interval: '1m' })
  const settings = testSettings()
  const intervalMs = reloadIntervalOf(config)
  t.equal(intervalMs, 60_000)
  const applied: unknown[] = []
  let looks = 0
  const load = async () => {
    try {
      return await loadServerTls(config)
    } finally {
      looks++
    }
  }
  const stop = keepFresh(
    { loaded: await load(), load, apply: (options) => applied.push(options.cert), intervalMs: intervalMs! },
    settings,
  )
  const aMinute = async (): Promise<void> => {
    const before = looks
    await settings.clock.advance(60_000)
    while (looks === before) await settle()
    await settle()
  }
  await aMinute()
  t.same(applied, [], 'nothing has changed')
  writePair(folder, 'server', mine)
  await aMinute()
  t.same(applied, [mine.cert])
  writeFileSync(join(folder, 'server.key'), 'half a fi')
  await aMinute()
  t.same(applied, [mine.cert])
  t.match(settings.lines.at(-1), { level: 'warn', fields: { error: /key_file: .* has no PEM block/ } })
  writeFileSync(join(folder, 'server.key'), pair.key)
  await aMinute()
  t.same(applied, [mine.cert])
  t.match(settings.lines.at(-1), { fields: { error: /^tls: / } }, 'key and certificate are no pair')
  stop()
  t.equal(settings.clock.pending, 0)
})

test('a client CA file is watched when the settings say so', async (t) => {
  t.equal(reloadIntervalOf(v.parse(serverTls, pem)), undefined)
  t.equal(reloadIntervalOf(v.parse(serverTls, { ...pem, client_ca_file_reload: true })), 10_000)
})

test('settings that cannot work are refused, each with its place', async (t) => {
  const problems = (schema: v.GenericSchema, config: object) =>
    (v.safeParse(schema, config).issues ?? []).map((issue) => [v.getDotPath(issue), issue.message])
  t.match(problems(serverTls, {}), [[null, /needs a certificate and its key/]])
  t.match(problems(serverTls, { cert_file: 'a' }), [['cert_file', /needs its key/]])
  t.match(problems(serverTls, { key_file: 'a' }), [['key_file', /needs its certificate/]])
  t.match(problems(clientTls, { ca_file: 'a', ca_pem: 'b' }), [['ca_pem', /not both/]])
  t.match(problems(clientTls, { min_version: '1.3', max_version: '1.2' }), [['max_version', /at least min_version/]])
  t.match(problems(clientTls, { min_version: 'SSLv3' }), [['min_version', /must be 1\.0, 1\.1/]])
  t.match(problems(clientTls, { cipher_suites: ['RC4'] }), [
    ['cipher_suites.0', /unknown cipher suite "RC4"; known are/],
  ])
  t.match(problems(clientTls, { curve_preferences: ['P1'] }), [['curve_preferences.0', /unknown curve "P1"/]])
  const weak = { cipher_suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }
  t.match(problems(clientTls, weak), [['cipher_suites', /weak: TLS_RSA_WITH_AES_128_CBC_SHA/]])
  t.same(problems(clientTls, { ...weak, include_insecure_cipher_suites: true }), [])
  t.match(problems(clientTls, { tpm: { enabled: true } }), [['tpm', /not supported/]])
  t.same(problems(clientTls, { tpm: {} }), [])
})

test('a file that is missing or wrong fails the load, by its setting', async (t) => {
  const folder = t.testdir({ 'not.pem': 'hello' })
  const missing = v.parse(serverTls, { cert_file: join(folder, 'no.crt'), key_pem: pair.key })
  await t.rejects(loadServerTls(missing), { message: /^tls::cert_file: ENOENT/ })
  await t.rejects(loadServerTls(v.parse(serverTls, { ...pem, ca_file: join(folder, 'not.pem') })), {
    message: /^tls::ca_file: .* has no PEM block/,
  })
  await t.rejects(loadServerTls(v.parse(serverTls, { ...pem, ca_pem: 'x' })), { message: /^tls::ca_pem/ })
  await t.rejects(loadServerTls(v.parse(serverTls, { cert_pem: pair.cert, key_pem: mine.key })), { message: /^tls: / })
})
