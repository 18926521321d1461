// A handshake that fails is counted, and its cause is in the log: each once a minute, however many clients have it.
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type Test, test } from 'tap'
import { cutOffLogger } from '../../src/net/cut-off-log.ts'
import { handshakeCause } from '../../src/net/handshake.ts'
import { testSettings } from '../../src/testing/index.ts'
import { authority, writePair } from '../kit/certificates.ts'
import { startReceiver } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const ca = await authority()
const others = await authority('others')
const server = await ca.issue('localhost')
const pem = { cert_pem: server.cert, key_pem: server.key }

async function start(t: Test, tls: object) {
  const { settings, refused, port } = await startReceiver(t, { http: { tls: { ...pem, ...tls } } })
  let counted = 0
  /** What is logged of a client that fails so. */
  const causeOf = async (attempt: () => Promise<void>): Promise<unknown> => {
    const before = settings.lines.length
    await attempt()
    counted++
    await until(() => refused.get('tls_handshake') === counted)
    return settings.lines.slice(before)
  }
  const dial = (options: ConnectionOptions) => async (): Promise<void> => {
    const socket = connectTls({ port, host: '127.0.0.1', ca: ca.cert, ...options })
    await closed(socket)
  }
  const speak = (text: string) => async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(text)
    await closed(socket)
  }
  return { settings, causeOf, dial, speak }
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('error', () => {})
    socket.resume().once('close', () => resolve())
  })

const line = (cause: string, more: object = {}): object[] => [
  { level: 'warn', message: 'a TLS handshake has failed', fields: { reason: 'tls_handshake', cause, ...more } },
]

test('the log says why a handshake has failed', async (t) => {
  const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'
  const { causeOf, dial, speak } = await start(t, { max_version: '1.2', cipher_suites: [suite] })
  t.match(
    await causeOf(speak('POST / HTTP/1.1\r\n\r\n')),
    line('not TLS', { peer: '127.0.0.1', error: 'http request' }),
  )
  t.match(
    await causeOf(dial({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })),
    line('no shared cipher'),
  )
  t.match(await causeOf(dial({ minVersion: 'TLSv1.3' })), line('wrong version'))
})

test('what a client says when it goes is the cause', async (t) => {
  const rows: readonly (readonly [code: string, cause: string | undefined])[] = [
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'server certificate not trusted'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'server certificate not trusted'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'server certificate not trusted'],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'refused by the client'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'no answer in time'],
    ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'no shared protocol'],
    ['ERR_SSL_DECRYPTION_FAILED', 'other'],
    ['ECONNRESET', undefined],
  ]
  for (const [code, cause] of rows) {
    const socket = { authorizationError: null } as never
    t.equal(handshakeCause(Object.assign(new Error('x'), { code }), socket), cause, code)
  }
})

test('the log says what is wrong with the certificate of a client', async (t) => {
  const { cert_file } = writePair(t.testdir(), 'ca', ca)
  const { causeOf, dial } = await start(t, { client_ca_file: cert_file })
  t.match(await causeOf(dial({})), line('certificate required'))
  const foreign = await others.issue('client.test')
  t.match(await causeOf(dial(foreign)), line('client certificate not trusted'))
  const old = await ca.issue('client.test', new Date(Date.now() - 86_400_000))
  t.same(await causeOf(dial(old)), [], 'the same cause is told once a minute')
})

test('a cause is told once a minute, with how often it was left out', async (t) => {
  const { settings, causeOf, speak } = await start(t, {})
  for (let i = 0; i < 3; i++) await causeOf(speak('no TLS\r\n\r\n'))
  t.equal(settings.lines.length, 1)
  await settings.clock.advance(60_000)
  t.match(await causeOf(speak('no TLS\r\n\r\n')), line('not TLS', { suppressed: 2 }))
})

test('however many causes there are, those that are remembered are bounded', async (t) => {
  const settings = testSettings()
  const tell = cutOffLogger('cut off', settings)
  for (let i = 0; i < 1000; i++)
    tell({ reason: 'protocol_error', cause: `no field has the index ${i}`, peer: undefined })
  t.equal(settings.lines.length, 33)
  await settings.clock.advance(60_000)
  tell({ reason: 'protocol_error', cause: 'one more', peer: undefined })
  t.match(settings.lines.at(-1), { fields: { cause: 'one more', suppressed: 967 } })
})
