// A real issuer of tokens (oidc-provider) in this process, which can be down, slow, or change its keys.
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'
import type { Test } from 'tap'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const pairs = await Promise.all(['one', 'two', 'client'].map(pair))

async function pair(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const described = { kid, alg: 'RS256', use: 'sig' }
  const secret: JWK = { ...(await exportJWK(privateKey)), ...described }
  return { kid, privateKey, publicKey, secret, open: { ...(await exportJWK(publicKey)), ...described } as JWK }
}
/** What clients sign assertions with. */
export const clientKey = pairs[2]!

export interface Issuer {
  readonly url: string
  /** `POST /token`, `GET /jwks`: what was asked for. */
  readonly asked: string[]
  /** Bodies of what was posted. */
  readonly posted: URLSearchParams[]
  readonly authorizations: (string | undefined)[]
  /** No answer but the end of the connection. */
  isDown: boolean
  /** As some do, although every server must take it in the header. */
  wantsSecretInBody: boolean
  /** When set, answers wait for it. */
  until: Promise<void> | undefined
  /** Another key from now on. */
  rotate(): void
  /** The keys that it publishes. */
  keys(): { keys: JWK[] }
  /** A token of it that says that; signed with a key of its own unless said. `expires` may be `never`. */
  sign(claims: object, of?: { expires?: string; key?: 0 | 1; issuer?: string }): Promise<string>
}

export async function startIssuer(t: Test, { lifeSeconds = 600 } = {}): Promise<Issuer> {
  // It speaks of what a production would have otherwise.
  t.capture(console, 'info')
  t.capture(console, 'warn')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let current: 0 | 1 = 0
  const issuer: Issuer = {
    url,
    asked: [],
    posted: [],
    authorizations: [],
    isDown: false,
    wantsSecretInBody: false,
    until: undefined,
    rotate() {
      current = 1
    },
    keys: () => ({ keys: [pairs[current]!.open] }),
    sign(claims, { expires = '10m', key = current, issuer: iss = url } = {}) {
      const token = new SignJWT({ aud: 'telemetry', sub: 'shop', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: pairs[key]!.kid })
        .setIssuer(iss)
        .setIssuedAt()
      if (expires !== 'never') token.setExpirationTime(expires)
      return token.sign(pairs[key]!.privateKey)
    },
  }
  const callback = providerOf(issuer, lifeSeconds).callback()
  server.on('request', async (request: IncomingMessage, response) => {
    issuer.asked.push(`${request.method} ${request.url}`)
    await issuer.until
    if (issuer.isDown) return void request.socket.destroy()
    if (request.url === '/jwks') {
      response.setHeader('content-type', 'application/json')
      return void response.end(JSON.stringify(issuer.keys()))
    }
    if (request.method === 'POST') {
      issuer.authorizations.push(request.headers.authorization)
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      const text = Buffer.concat(pieces).toString()
      issuer.posted.push(new URLSearchParams(text))
      if (issuer.wantsSecretInBody && request.headers.authorization !== undefined) {
        response.statusCode = 401
        return void response.end('{"error":"invalid_client"}')
      }
      // What has read the body already leaves it there.
      Object.assign(request, { body: Object.fromEntries(new URLSearchParams(text)) })
    }
    void callback(request, response)
  })
  return issuer
}

/** Any algorithm of RSA. */
const openKey = createPublicKey({ key: clientKey.open as never, format: 'jwk' })

function providerOf(issuer: Issuer, lifeSeconds: number): Provider {
  const client = { redirect_uris: [], response_types: [] }
  const provider = new Provider(issuer.url, {
    jwks: { keys: [pairs[0]!.secret as never] },
    clients: [
      { ...client, client_id: 'shop', client_secret: 'sec: ret+', grant_types: ['client_credentials'] },
      {
        ...client,
        client_id: 'body',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
      },
      { ...client, client_id: 'signer', grant_types: [JWT_BEARER], token_endpoint_auth_method: 'none' },
    ],
    scopes: ['write'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:telemetry',
        getResourceServerInfo: () => ({
          scope: 'write',
          audience: 'telemetry',
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifeSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  provider.registerGrantType(
    JWT_BEARER,
    async (ctx) => {
      const assertion = String(ctx.oidc.params?.assertion)
      const { payload, protectedHeader } = await jwtVerify(assertion, openKey, {
        audience: `${issuer.url}/token`,
      })
      ctx.body = {
        access_token: await issuer.sign({
          ...payload,
          aud: 'telemetry',
          kid: protectedHeader.kid,
          alg: protectedHeader.alg,
        }),
        token_type: 'bearer',
        expires_in: String(lifeSeconds),
      }
    },
    ['assertion', 'scope'],
  )
  return provider
}
