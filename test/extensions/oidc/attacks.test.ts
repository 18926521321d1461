// What somebody tries who has no token of the issuer, or an issuer who has gone mad.
import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { base64url, SignJWT } from 'jose'
import { type Test, test } from 'tap'
import type { Identity, ServerAuthenticator } from '../../../src/contract/index.ts'
import oidc from '../../../src/extensions/oidc/index.ts'
import { type TestSettings, testHost } from '../../../src/testing/index.ts'
import { headOf, startExtension } from '../../kit/authenticator.ts'
import { authority, writePair } from '../../kit/certificates.ts'

const [mine, other, stranger] = [keyPair(), keyPair(), keyPair()]

function keyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}
const jwk = ({ publicKey }: { readonly publicKey: KeyObject }, more: object = {}): object => ({
  ...publicKey.export({ format: 'jwk' }),
  ...more,
})

interface Rig {
  readonly url: string
  readonly settings: TestSettings
  /** How often the keys were asked for. */
  readonly asked: () => number
  /** Instead of the keys. */
  answer: ((response: ServerResponse) => void) | undefined
  keys: readonly object[]
  ask(token: string): Promise<Identity>
  /** A token that is good but for what it says otherwise. */
  sign(claims?: object, header?: object, key?: KeyObject): Promise<string>
}

async function rig(t: Test, keys: readonly object[] = [jwk(mine, { kid: 'mine' })], more: object = {}): Promise<Rig> {
  let asked = 0
  const server = createServer((request, response) => {
    if (request.url === '/.well-known/openid-configuration')
      return void response.end(JSON.stringify({ issuer: of.url, jwks_uri: `${of.url}/jwks`, ...more }))
    asked++
    if (of.answer === undefined) response.end(JSON.stringify({ keys: of.keys }))
    else of.answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const of: { url: string } & Pick<Rig, 'answer' | 'keys'> = { url, answer: undefined, keys }
  const { extension, settings } = await startExtension<ServerAuthenticator>(
    t,
    oidc,
    { issuer_url: url, audience: 'telemetry' },
    testHost(),
    ({ clock }) => clock.jump(Date.now() - clock.now()),
  )
  return Object.assign(of, {
    settings,
    asked: () => asked,
    ask: async (token: string) => extension.identify(headOf({ authorization: `Bearer ${token}` })),
    sign: (claims: object = {}, header: object = {}, key: KeyObject = mine.privateKey) =>
      new SignJWT({ iss: url, aud: 'telemetry', sub: 'shop', exp: seconds(settings) + 600, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'mine', ...header })
        .sign(key),
  })
}

const seconds = ({ clock }: TestSettings): number => Math.floor(clock.now() / 1000)
const refused = { name: 'UnauthenticatedError', challenge: 'Bearer realm="sluice", error="invalid_token"' }

test('a token that is signed with the public key as a secret, or not at all', async (t) => {
  const { ask, sign } = await rig(t)
  const [, body] = (await sign()).split('.') as [string, string]
  t.ok(await ask(await sign()))
  const forms = ['spki', 'pkcs1'] as const
  for (const alg of ['HS256', 'HS384', 'HS512'])
    for (const type of forms)
      for (const format of ['pem', 'der'] as const) {
        const secret = mine.publicKey.export({ type, format } as never) as unknown as string | Buffer
        const signed = `${base64url.encode(JSON.stringify({ alg, kid: 'mine' }))}.${body}`
        const mac = createHmac(`sha${alg.slice(2)}`, secret)
          .update(signed)
          .digest('base64url')
        await t.rejects(ask(`${signed}.${mac}`), refused, `${alg} ${type} ${format}`)
      }
  for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
    for (const signature of ['', 'x'])
      await t.rejects(
        ask(`${base64url.encode(JSON.stringify({ alg, kid: 'mine' }))}.${body}.${signature}`),
        refused,
        alg,
      )
})

test('a secret among the keys of an issuer verifies nothing', async (t) => {
  const secret = Buffer.alloc(32, 'known')
  const { ask, sign } = await rig(
    t,
    [{ kty: 'oct', k: secret.toString('base64url'), kid: 'mine', alg: 'HS256' }, jwk(other, { kid: 'other' })],
    { id_token_signing_alg_values_supported: ['HS256', 'none'] },
  )
  const [, body] = (await sign()).split('.') as [string, string]
  const signed = `${base64url.encode('{"alg":"HS256","kid":"mine"}')}.${body}`
  await t.rejects(ask(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`), refused)
})

test('what a token says about where its key is, is not believed', async (t) => {
  const { ask, sign, asked, url } = await rig(t)
  const before = asked()
  const [, body] = (await sign()).split('.') as [string, string]
  const signedBy = (key: KeyObject, header: object): string => {
    const signed = `${base64url.encode(JSON.stringify({ alg: 'RS256', kid: 'mine', ...header }))}.${body}`
    return `${signed}.${signBytes('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
  }
  t.ok(await ask(signedBy(mine.privateKey, { typ: 'JWT' })))
  for (const header of [{}, { jwk: jwk(stranger) }, { jku: `${url}/mine` }, { x5u: `${url}/mine` }, { x5c: ['MIIB'] }])
    await t.rejects(ask(signedBy(stranger.privateKey, header)), { ...refused, message: /signature/ })
  // Who signs rightly, and asks for something that nobody here understands.
  for (const header of [
    { crit: ['x'], x: 1 },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { b64: false, crit: 'b64' },
  ])
    await t.rejects(ask(signedBy(mine.privateKey, header)), refused, JSON.stringify(header))
  t.equal(asked(), before)
})

test('a key that is for encryption does not sign', async (t) => {
  const { ask, sign } = await rig(t, [jwk(mine, { kid: 'mine', use: 'enc' })])
  await t.rejects(ask(await sign()), refused)
})

test('a token that is early or late, with five seconds of mercy', async (t) => {
  const { ask, sign, settings } = await rig(t)
  const now = seconds(settings)
  t.ok(await ask(await sign({ nbf: now + 4 })))
  await t.rejects(ask(await sign({ nbf: now + 7 })), { ...refused, message: /nbf/ })
  t.ok(await ask(await sign({ exp: now - 3 })))
  await t.rejects(ask(await sign({ exp: now - 7 })), { ...refused, message: /exp/ })
  await t.rejects(ask(await sign({ exp: undefined })), { ...refused, message: /exp/ })
})

test('a token for others, of others, or that almost says so', async (t) => {
  const { ask, sign, url } = await rig(t)
  t.ok(await ask(await sign({ aud: ['others', 'telemetry'] })))
  for (const aud of ['others', 'Telemetry', 'telemetry ', 'telemetry2', ['others'], [], undefined])
    await t.rejects(ask(await sign({ aud })), refused, JSON.stringify(aud))
  for (const iss of [`${url}/`, url.toUpperCase(), `${url}.evil.test`, '', undefined])
    await t.rejects(ask(await sign({ iss })), refused, String(iss))
})

test('two hundred keys that nobody knows cost one look', async (t) => {
  const { ask, sign, asked, settings } = await rig(t)
  await settings.clock.advance(30_000)
  const before = asked()
  const tokens = await Promise.all(
    Array.from({ length: 200 }, (_, n) => sign({}, { kid: `${n}` }, stranger.privateKey)),
  )
  for (const answer of await Promise.allSettled(tokens.map(ask))) t.match(answer, { reason: refused })
  for (const token of tokens) await t.rejects(ask(token), refused)
  t.equal(asked(), before + 1)
})

test('a flood of keys that nobody knows: the issuer is asked a few times a minute, and its new key is found all the same', async (t) => {
  const one = await rig(t)
  const { ask, sign, asked, settings } = one
  await settings.clock.advance(120_000)
  const before = asked()
  const known = await sign()
  const [, body] = known.split('.') as [string, string]
  const forge = (n: number): string => `${base64url.encode(`{"alg":"RS256","kid":"forged ${n}"}`)}.${body}.c2lnbmF0dXJl`
  const answers: Record<string, number> = {}
  let longestMs = 0
  const flood = async (from: number): Promise<void> => {
    for (let n = from; n < from + 50; n++)
      await ask(forge(n)).catch(({ name, waitMs = 0, reason }) => {
        if (waitMs > 0 && reason !== 'unknown_signing_key') t.fail(reason)
        answers[name] = (answers[name] ?? 0) + 1
        longestMs = Math.max(longestMs, waitMs)
      })
  }
  for (let second = 0; second < 60; second++) {
    await flood(50 * second)
    t.ok(await ask(known))
    await settings.clock.advance(1000)
  }
  const inAMinute = asked() - before
  t.ok(inAMinute >= 6 && inAMinute <= 3 + 6, `${inAMinute} times`)
  t.ok(longestMs > 0 && longestMs <= 10_000)
  t.same(answers, { UnauthenticatedError: inAMinute, RetryableError: 3000 - inAMinute })

  one.keys = [jwk(mine, { kid: 'mine' }), jwk(other, { kid: 'new' })]
  const fresh = await sign({}, { kid: 'new' }, other.privateKey)
  await flood(10_000)
  const waitMs = await ask(fresh).then(
    () => 0,
    (error) => error.waitMs as number,
  )
  await settings.clock.advance(waitMs)
  t.ok(await ask(fresh), 'its sender was told when to come again')
})

test('a token that does not say which key it was signed with may be by any of a few', async (t) => {
  const few = await rig(t, [jwk(other, { kid: 'other' }), jwk(mine, { kid: 'mine' })])
  const kid = { kid: undefined }
  t.same((await few.ask(await few.sign({}, kid))).get('subject'), ['shop'])
  await t.rejects(few.ask(await few.sign({}, kid, stranger.privateKey)), { ...refused, message: /signature/ })
  await t.rejects(few.ask(await few.sign({ aud: 'others' }, kid)), { ...refused, message: /aud/ })
  const many = await rig(t, [...Array.from({ length: 10 }, (_, n) => jwk(other, { kid: `${n}` })), jwk(mine)])
  await t.rejects(many.ask(await many.sign({}, kid)), { ...refused, message: /signature/ })
})

test('tokens beyond 16 KiB are not looked at', async (t) => {
  const { ask, sign, asked } = await rig(t)
  const before = asked()
  t.ok(await ask(await sign({ fill: 'x'.repeat(8000) })))
  await t.rejects(ask(await sign({ fill: 'x'.repeat(16_000) })), { ...refused, message: /no token/ })
  t.equal(asked(), before)
})

for (const [what, answer, why] of [
  ['says ten megabytes', (response) => response.end(Buffer.alloc(10_000_000, ' ')), /larger than/],
  ['says no JSON', (response) => response.end('<html>'), /JSON/],
  ['says something else', (response) => response.end('{"keys":7}'), /cannot be had/],
  ['says nothing at all', (response) => response.end('null'), /something else than an object/],
  ['sends elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(), /answers 302/],
  ['says no', (response) => response.writeHead(500).end(), /answers 500/],
] as [string, (response: ServerResponse) => void, RegExp][])
  test(`an issuer that ${what} changes nothing for tokens of keys that are known`, async (t) => {
    const one = await rig(t)
    await one.settings.clock.advance(30_000)
    const known = await one.sign()
    one.answer = answer
    await t.rejects(one.ask(await one.sign({}, { kid: 'new' }, other.privateKey)), {
      name: 'RetryableError',
      reason: 'issuer_unavailable',
      message: why,
    })
    t.ok(await one.ask(known))
  })

test('keys of an issuer with TLS are not taken from where anybody could change them', async (t) => {
  const { url: plain, ask, asked, sign } = await rig(t)
  t.ok(await ask(await sign()))
  const before = asked()
  const ca = await authority()
  const server = createTlsServer(await ca.issue('issuer'), (_request, response) =>
    response.end(JSON.stringify({ issuer: of.url, jwks_uri: `${plain}/jwks` })),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const of = { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const { cert_file } = writePair(t.testdir(), 'ca', ca)
  const { extension, settings } = await startExtension<ServerAuthenticator>(
    t,
    oidc,
    { issuer_url: of.url, audience: 'telemetry', issuer_ca_path: cert_file },
    testHost(),
    ({ clock }) => clock.jump(Date.now() - clock.now()),
  )
  const token = await new SignJWT({ iss: of.url, aud: 'telemetry', sub: 'shop', exp: seconds(settings) + 600 })
    .setProtectedHeader({ alg: 'RS256', kid: 'mine' })
    .sign(mine.privateKey)
  await t.rejects((async () => extension.identify(headOf({ authorization: `Bearer ${token}` })))(), {
    reason: 'issuer_unavailable',
    message: /is not https/,
  })
  t.equal(asked(), before)
})
