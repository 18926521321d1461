import { generateKeyPairSync } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt, exportPKCS8 } from 'jose'
import { type Test, test } from 'tap'
import { parse } from 'valibot'
import type { Extension, GrpcAuthenticator, HttpAuthenticator } from '../../../src/contract/index.ts'
import otlpHttp from '../../../src/exporters/otlp_http/index.ts'
import oauth2client from '../../../src/extensions/oauth2client/index.ts'
import oidc from '../../../src/extensions/oidc/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { problemsOf, startExtension } from '../../kit/authenticator.ts'
import { clientKey, JWT_BEARER, startIssuer } from '../../kit/issuer.ts'
import { items } from '../../kit/otlp.ts'
import { startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'

type Client = Required<GrpcAuthenticator> & Required<HttpAuthenticator>
const never = new AbortController().signal
const start = (t: Test, yaml: object) =>
  startExtension<Client>(t, oauth2client, yaml, testHost(), ({ clock }) => clock.jump(Date.now() - clock.now()))
const tokenOf = async (extension: Client, abort = never): Promise<string> =>
  String((await extension.authenticate({} as never, abort)).authorization)
const shop = (url: string, more: object = {}) => ({
  client_id: 'shop',
  client_secret: 'sec: ret+',
  token_url: `${url}/token`,
  scopes: ['write'],
  ...more,
})

test('a token is asked for once, and used until shortly before its end', async (t) => {
  const issuer = await startIssuer(t)
  const { extension, settings } = await start(
    t,
    shop(issuer.url, { endpoint_params: { resource: 'urn:telemetry' }, expiry_buffer: '4m' }),
  )
  const all = await Promise.all(Array.from({ length: 20 }, () => tokenOf(extension)))
  t.equal(new Set(all).size, 1)
  t.equal(issuer.posted.length, 1)
  t.same(Object.fromEntries(issuer.posted[0]!), {
    grant_type: 'client_credentials',
    scope: 'write',
    resource: 'urn:telemetry',
  })
  t.match(all[0], /^Bearer ey/)
  t.match(decodeJwt(all[0]!.slice(7)), { client_id: 'shop', scope: 'write', aud: 'telemetry' })
  t.equal(await extension.authenticateCall({} as never, never), await extension.authenticate({} as never, never))
  t.ok(extension.needsTls)
  await settings.clock.advance(359_000)
  t.equal(await tokenOf(extension), all[0])
  t.equal(issuer.posted.length, 1)
  await settings.clock.advance(2000)
  t.equal(await tokenOf(extension), all[0], 'the old one is good while the next is on its way')
  await until(() => issuer.posted.length === 2)
  for (let token = all[0]; token === all[0]; token = await tokenOf(extension)) await new Promise(setImmediate)
  t.equal(issuer.posted.length, 2)
})

test('a token with a short life is used for half of it', async (t) => {
  const issuer = await startIssuer(t, { lifeSeconds: 60 })
  const { extension, settings } = await start(t, shop(issuer.url))
  await tokenOf(extension)
  await settings.clock.advance(29_000)
  await tokenOf(extension)
  // Whatever it had asked for would have come before this.
  for (let i = 0; i < 3; i++) await fetch(`${issuer.url}/jwks`)
  t.equal(issuer.posted.length, 1)
  await settings.clock.advance(2000)
  await tokenOf(extension)
  await until(() => issuer.posted.length === 2)
})

test('while the server is down requests may pass later; an old token is used to its end', async (t) => {
  const issuer = await startIssuer(t)
  issuer.isDown = true
  const { extension, settings } = await start(t, shop(issuer.url))
  await t.rejects(tokenOf(extension), {
    name: 'RetryableError',
    reason: 'no_token',
    message: /^auth: no token from http/,
  })
  const before = issuer.asked.length
  await t.rejects(tokenOf(extension), { name: 'RetryableError' })
  t.equal(issuer.asked.length, before, 'it was asked just now')
  issuer.isDown = false
  await settings.clock.advance(1000)
  const token = await tokenOf(extension)
  issuer.isDown = true
  await settings.clock.advance(599_000)
  t.equal(await tokenOf(extension), token)
  await settings.clock.advance(1000)
  await t.rejects(tokenOf(extension), { name: 'RetryableError' })
})

test('a server that does not answer is waited for as long as timeout says, or as the request lives', async (t) => {
  const issuer = await startIssuer(t)
  issuer.until = new Promise(() => {})
  const { extension, settings } = await start(t, shop(issuer.url, { timeout: '2s' }))
  const controller = new AbortController()
  const left = t.rejects(tokenOf(extension, controller.signal), { message: 'enough' })
  const waiting = t.rejects(tokenOf(extension), { name: 'RetryableError', message: /no token in 2000 ms/ })
  await until(() => issuer.asked.length === 1)
  controller.abort(new Error('enough'))
  await left
  const patient = new AbortController().signal
  const other = t.rejects(tokenOf(extension, patient), { name: 'RetryableError' })
  await settings.clock.advance(2000)
  await waiting
  await other
  t.same(getEventListeners(patient, 'abort'), [], 'nobody listens to who has an answer')
  t.equal(issuer.asked.length, 1)
})

test('who is not known may be put right, and no secret is in what is said', async (t) => {
  const issuer = await startIssuer(t)
  const { extension } = await start(t, shop(issuer.url, { client_secret: 'hidden' }))
  await t.rejects(tokenOf(extension), { name: 'RetryableError', message: /HTTP 401: invalid_client(?!.*hidden)/ })
})

test('the secret goes where the server wants it, and there at once the next time', async (t) => {
  const issuer = await startIssuer(t)
  issuer.wantsSecretInBody = true
  const { extension, settings } = await start(t, shop(issuer.url, { client_id: 'body', client_secret: 'secret' }))
  await tokenOf(extension)
  t.same(issuer.authorizations.map(Boolean), [true, false])
  await settings.clock.advance(600_000)
  await tokenOf(extension)
  t.same(issuer.authorizations.map(Boolean), [true, false, false])
  t.equal(issuer.posted[2]!.get('client_secret'), 'secret')
})

test('id and secret may stand in files, read for each token', async (t) => {
  const issuer = await startIssuer(t)
  const folder = t.testdir({ id: 'shop\n', secret: 'wrong\n' })
  const files = { client_id: '', client_id_file: join(folder, 'id'), client_secret_file: join(folder, 'secret') }
  const { extension, settings } = await start(t, shop(issuer.url, { ...files, client_secret: null }))
  await t.rejects(tokenOf(extension), { message: /invalid_client/ })
  writeFileSync(files.client_secret_file, 'sec: ret+\n')
  await settings.clock.advance(1000)
  t.match(await tokenOf(extension), /^Bearer /)
  const other = await start(t, shop(issuer.url, { client_id_file: '/no/such' }))
  await t.rejects(tokenOf(other.extension), { name: 'RetryableError', message: /client_id_file: ENOENT/ })
})

test('a client may sign an assertion instead of having a secret', async (t) => {
  const issuer = await startIssuer(t)
  const yaml = {
    client_id: 'signer',
    token_url: `${issuer.url}/token`,
    grant_type: JWT_BEARER,
    client_certificate_key: await exportPKCS8(clientKey.privateKey),
    client_certificate_key_id: 'k1',
    signature_algorithm: 'RS384',
    endpoint_params: { client_id: 'signer' },
    scopes: ['a', 'b'],
    iss: 'me',
    claims: { tenant: 'x' },
  }
  const { extension } = await start(t, yaml)
  const claims = decodeJwt((await tokenOf(extension)).slice(7))
  t.match(claims, { sub: 'signer', tenant: 'x', scope: 'a b', kid: 'k1', alg: 'RS384' })
  t.equal(issuer.posted[0]!.get('scope'), 'a b')
  t.notOk(issuer.authorizations[0])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const client_certificate_key_file = join(t.testdir({}), 'key')
  writeFileSync(client_certificate_key_file, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const stranger = await start(t, {
    ...yaml,
    client_certificate_key: null,
    client_certificate_key_file,
    audience: 'other',
  })
  await t.rejects(tokenOf(stranger.extension), { name: 'RetryableError', message: /HTTP 500/ })
  t.match(decodeJwt(issuer.posted.at(-1)!.get('assertion')!), { iss: 'me', aud: 'other' })
})

test('a token that was taken back is replaced', async (t) => {
  const issuer = await startIssuer(t)
  const { extension } = await start(t, shop(issuer.url))
  const proof = await extension.authenticate({} as never, never)
  t.notOk(await extension.mend({ status: 403, proof } as never, never))
  t.ok(await extension.mend({ status: 401, proof } as never, never))
  t.equal(issuer.posted.length, 2)
  t.ok(await extension.mendCall(proof, never), 'another is there already')
  t.equal(issuer.posted.length, 2)
})

test('an exporter with it reaches a receiver with oidc', async (t) => {
  const issuer = await startIssuer(t)
  const door = await startExtension(
    t,
    oidc,
    { issuer_url: issuer.url, audience: 'telemetry', username_claim: 'client_id' },
    testHost(),
    ({ clock }) => clock.jump(Date.now() - clock.now()),
  )
  const { extension: client } = await start(t, shop(issuer.url))
  const host = testHost({ extensions: new Map<string, Extension>([['door', door.extension as Extension]]) })
  const { url, sinks } = await startReceiver(t, { http: { auth: { authenticator: 'door' } } }, { host })
  const exporter = otlpHttp.create(
    parse(otlpHttp.config, { endpoint: url, auth: { authenticator: 'me' } }),
    testSettings(),
  )
  await exporter.start!(testHost({ extensions: new Map<string, Extension>([['me', client]]) }))
  await exporter.consumers.traces!(items.traces(3), testContext())
  await exporter.stop!(AbortSignal.timeout(60_000))
  t.equal(sinks.traces.items, 3)
  t.same(sinks.traces.contexts[0]!.auth!.get('subject'), ['shop'])
})

test('mistakes are told at once', async (t) => {
  const good = { client_id: 'a', client_secret: 'b', token_url: 'https://a.test/token' }
  t.equal(problemsOf(oauth2client, good), '')
  t.match(problemsOf(oauth2client, { ...good, client_id: null }), /needs client_id or client_id_file/)
  t.match(problemsOf(oauth2client, { ...good, client_secret: null }), /needs client_secret or client_secret_file/)
  t.match(problemsOf(oauth2client, { ...good, token_url: null }), /needs token_url/)
  t.match(problemsOf(oauth2client, { ...good, grant_type: 'password' }), /grant_type: must be one of/)
  t.match(problemsOf(oauth2client, { ...good, grant_type: JWT_BEARER }), /needs client_certificate_key/)
  t.match(problemsOf(oauth2client, { ...good, scopes: ['a'], endpoint_params: { scope: 'b' } }), /scope is set already/)
})
