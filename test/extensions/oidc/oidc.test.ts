import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { type Test, test } from 'tap'
import type { Identity, ServerAuthenticator } from '../../../src/contract/index.ts'
import oidc from '../../../src/extensions/oidc/index.ts'
import { testHost } from '../../../src/testing/index.ts'
import { headOf, problemsOf, startExtension } from '../../kit/authenticator.ts'
import { type Issuer, startIssuer } from '../../kit/issuer.ts'
import { until } from '../../kit/until.ts'

const start = (t: Test, yaml: object) =>
  startExtension<ServerAuthenticator>(t, oidc, yaml, testHost(), ({ clock }) => clock.jump(Date.now() - clock.now()))
const of = (issuer: Issuer, more: object = {}) => ({ issuer_url: issuer.url, audience: 'telemetry', ...more })
const ask = async (extension: ServerAuthenticator, token: string): Promise<Identity> =>
  extension.identify(headOf({ authorization: `Bearer ${token}` }))

test('a token of the issuer says who sends', async (t) => {
  const issuer = await startIssuer(t)
  const { extension } = await start(t, of(issuer, { username_claim: 'client_id', groups_claim: 'groups' }))
  const token = await issuer.sign({ client_id: 'me', groups: ['a', 'b'], level: 3, nested: { x: 1 } })
  const who = await ask(extension, token)
  t.same(who.get('subject'), ['me'])
  t.same(who.get('membership'), ['a', 'b'])
  t.same(who.get('raw'), [token])
  t.same(who.get('sub'), ['shop'])
  t.same(who.get('level'), ['3'])
  t.same(who.get('nested'), ['{"x":1}'])
  const plain = await start(t, of(issuer))
  const other = await ask(plain.extension, token)
  t.same(other.get('subject'), ['shop'])
  t.same(other.get('membership'), [])
})

test('any other token is refused, and the sender hears why', async (t) => {
  const issuer = await startIssuer(t)
  const { extension } = await start(t, of(issuer, { username_claim: 'user', groups_claim: 'groups' }))
  const good = { user: 'me', groups: ['a'] }
  await ask(extension, await issuer.sign(good))
  const token = await issuer.sign(good)
  const [head, body, signature] = token.split('.') as [string, string, string]
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), user: 'root' }))
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
  const mac = Buffer.from('{"alg":"HS256","kid":"one"}').toString('base64url')
  const table: [token: string, why: RegExp][] = [
    [await issuer.sign({ ...good, aud: 'others' }), /aud/],
    [await issuer.sign(good, { issuer: 'https://other.test' }), /iss/],
    [await issuer.sign(good, { expires: '-1m' }), /exp/],
    [await issuer.sign(good, { expires: 'never' }), /exp/],
    [await issuer.sign(good, { key: 1 }), /key/],
    [await issuer.sign({ ...good, user: undefined }), /no claim user/],
    [await issuer.sign({ ...good, user: 7 }), /user is no text/],
    [await issuer.sign({ user: 'me' }), /no claim groups/],
    [`${head}.${forged.toString('base64url')}.${signature}`, /signature/],
    [`${unsigned}.${body}.`, /not valid/],
    [`${mac}.${body}.${signature}`, /not valid|alg/i],
    ['nothing', /not valid/],
    ['a'.repeat(20_000), /no token/],
  ]
  for (const [bad, why] of table)
    await t.rejects(ask(extension, bad), {
      name: 'UnauthenticatedError',
      message: why,
      challenge: 'Bearer realm="sluice", error="invalid_token"',
    })
  for (const headers of [{}, { authorization: '' }])
    t.throws(() => extension.identify(headOf(headers)), {
      message: /missing or empty/,
      challenge: 'Bearer realm="sluice"',
    })
  t.throws(() => extension.identify(headOf({ authorization: token })), { message: /no token/ })
})

test('audience and issuer can be ignored, and the header another', async (t) => {
  const issuer = await startIssuer(t)
  const token = await issuer.sign({ aud: 'others' }, { issuer: 'https://other.test' })
  const { extension } = await start(t, {
    attribute: 'X-Token',
    providers: [{ issuer_url: issuer.url, ignore_audience: true, ignore_issuer: true }],
  })
  t.ok(await extension.identify(headOf({ 'x-token': `Token ${token}` })))
  await t.rejects(ask(extension, token), { message: 'missing or empty header: X-Token' })
})

test('of several issuers the token names its own', async (t) => {
  const [one, two] = [await startIssuer(t), await startIssuer(t)]
  const { extension } = await start(t, { ...of(one), providers: [{ issuer_url: two.url, audience: 'second' }] })
  t.ok(await ask(extension, await one.sign({})))
  t.ok(await ask(extension, await two.sign({ aud: 'second' })))
  await t.rejects(ask(extension, await two.sign({})), { name: 'UnauthenticatedError', message: /aud/ })
  await t.rejects(ask(extension, await one.sign({}, { issuer: 'https://third.test' })), {
    message: /issuer of the token/,
  })
  await t.rejects(ask(extension, 'nothing'), { message: /none of an issuer/ })
})

test('what an issuer publishes does not sign, whatever it says of itself', async (t) => {
  const k = Buffer.from('a secret that everybody can read').toString('base64url')
  const server = createServer((request, response) => {
    const about = { issuer: url, jwks_uri: `${url}/jwks`, id_token_signing_alg_values_supported: ['HS256', 'none'] }
    const keys = [{ kty: 'oct', kid: 'open', alg: 'HS256', k }]
    response.end(JSON.stringify(request.url === '/jwks' ? { keys } : about))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { extension } = await start(t, { issuer_url: url, audience: 'telemetry' })
  const forged = await new SignJWT({ aud: 'telemetry', iss: url })
    .setProtectedHeader({ alg: 'HS256', kid: 'open' })
    .setExpirationTime('10m')
    .sign(Buffer.from(k, 'base64url'))
  await t.rejects(ask(extension, forged), { name: 'UnauthenticatedError', message: /alg/ })
})

test('who answers for another issuer is believed nothing', async (t) => {
  const issuer = await startIssuer(t)
  const other = issuer.url.replace('127.0.0.1', 'localhost')
  const { extension, settings } = await start(t, of(issuer, { issuer_url: other }))
  t.match(settings.lines[0]?.fields, { error: /what is there calls itself http:\/\/127\.0\.0\.1/ })
  await t.rejects(ask(extension, await issuer.sign({}, { issuer: other })), {
    name: 'RetryableError',
    reason: 'issuer_unavailable',
  })
})

test('so many tokens are remembered at most; the oldest goes', async (t) => {
  const issuer = await startIssuer(t)
  const { extension } = await start(t, of(issuer))
  const heads = []
  for (let n = 0; n < 1001; n++) heads.push(headOf({ authorization: `Bearer ${await issuer.sign({ n })}` }))
  for (const head of heads) await extension.identify(head)
  t.notOk(extension.identify(heads[1]!) instanceof Promise)
  t.ok(extension.identify(heads[0]!) instanceof Promise)
})

test('a checked token is remembered, never beyond its end', async (t) => {
  const issuer = await startIssuer(t)
  const { extension, settings } = await start(t, of(issuer))
  const token = await issuer.sign({}, { expires: '20s' })
  const head = headOf({ authorization: `Bearer ${token}` })
  await extension.identify(head)
  t.notOk(extension.identify(head) instanceof Promise)
  await settings.clock.advance(30_000)
  await t.rejects(async () => extension.identify(head), { message: /exp/ })
})

test('an issuer that changes its keys is asked again, just after it was asked, too, but not for every token', async (t) => {
  const issuer = await startIssuer(t)
  const { extension, settings } = await start(t, of(issuer))
  const asked = () => issuer.asked.filter((one) => one === 'GET /jwks').length
  t.equal(asked(), 1)
  issuer.rotate()
  t.ok(await ask(extension, await issuer.sign({})))
  t.equal(asked(), 2)
  await t.rejects(ask(extension, await issuer.sign({}, { key: 0 })), { name: 'UnauthenticatedError' })
  t.equal(asked(), 3, 'it might have taken it back')
  await t.rejects(ask(extension, await issuer.sign({}, { key: 0 })), { name: 'UnauthenticatedError' })
  t.equal(asked(), 3, 'and has not')
  await settings.clock.advance(601_000)
  t.ok(await ask(extension, await issuer.sign({}, { expires: '30m' })))
  await until(() => asked() === 4)
})

test('while the issuer is down senders may come again, and many cost one request', async (t) => {
  const issuer = await startIssuer(t)
  issuer.isDown = true
  const { extension, settings } = await start(t, of(issuer))
  t.match(settings.lines[0], { level: 'warn', message: /cannot be had yet/ })
  const token = await issuer.sign({})
  const before = issuer.asked.length
  await t.rejects(ask(extension, token), { name: 'RetryableError', reason: 'issuer_unavailable' })
  t.equal(issuer.asked.length, before, 'it was asked just now')
  issuer.isDown = false
  let open = (): void => {}
  issuer.until = new Promise((resolve) => (open = resolve))
  await settings.clock.advance(1000)
  const all = Array.from({ length: 20 }, () => ask(extension, token))
  await until(() => issuer.asked.length > before)
  open()
  t.equal((await Promise.all(all)).length, 20)
  t.equal(issuer.asked.length, before + 2)
})

test('an issuer that does not answer is waited for five seconds', async (t) => {
  const issuer = await startIssuer(t)
  const { extension, settings } = await start(t, of(issuer))
  issuer.rotate()
  const token = await issuer.sign({})
  await settings.clock.advance(30_000)
  issuer.until = new Promise(() => {})
  const answer = t.rejects(ask(extension, token), { name: 'RetryableError', message: /no answer in 5000 ms/ })
  await until(() => settings.clock.pending > 0)
  await settings.clock.advance(5000)
  await answer
})

test('keys may come from a file, which is read again', async (t) => {
  const issuer = await startIssuer(t)
  const public_keys_file = join(t.testdir({}), 'keys.json')
  writeFileSync(public_keys_file, JSON.stringify(issuer.keys()))
  const yaml = { providers: [{ issuer_url: issuer.url, audience: 'telemetry', public_keys_file }] }
  const { extension, settings } = await start(t, yaml)
  t.ok(await ask(extension, await issuer.sign({})))
  issuer.rotate()
  const token = await issuer.sign({})
  await t.rejects(ask(extension, token), { name: 'UnauthenticatedError' })
  writeFileSync(public_keys_file, JSON.stringify(issuer.keys()))
  await settings.clock.advance(5000)
  await until(() => settings.lines.some(({ message }) => /has changed/.test(message)))
  t.ok(await ask(extension, token))
  t.same(issuer.asked, [])
  writeFileSync(public_keys_file, '{}')
  await t.rejects(start(t, yaml), { message: /^public_keys_file: / })
})

test('mistakes are told at once', async (t) => {
  t.match(problemsOf(oidc, {}), /needs an issuer/)
  t.match(problemsOf(oidc, { issuer_url: 'https://a.test' }), /audience: must not be empty/)
  t.match(problemsOf(oidc, { audience: 'x' }), /issuer_url: must not be empty/)
  t.match(problemsOf(oidc, { issuer_url: 'a.test', audience: 'x' }), /issuer_url: /)
  const one = { issuer_url: 'https://a.test', audience: 'x' }
  t.match(problemsOf(oidc, { providers: [one, one] }), /is there twice/)
  t.match(
    problemsOf(oidc, { ...one, providers: [{ ...one, issuer_url: 'https://b.test', ignore_issuer: true }] }),
    /ignore_issuer/,
  )
  const { settings } = await start(t, { ...one, issuer_url: 'https://127.0.0.1:9', issuer_ca_path: '/no/such' })
  t.match(settings.lines[0]!.fields, { error: /tls::ca_file: ENOENT/ })
})
