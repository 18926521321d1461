// Who sends, for pipelines whose receiver asks: what stands in the config of the agent, and in the header of each request.
import { generateKeyPairSync } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import { SignJWT } from 'jose'

export type AuthName = 'basicauth' | 'bearertokenauth' | 'oidc'

export interface SenderAuth {
  /** The section of the extension, as JSON, which is YAML. */
  readonly section: string
  /** The value of `authorization`. */
  readonly header: string
  /** A file that the section names as `keys.json`, in the folder of the config. */
  readonly keys?: string
}

const ISSUER = 'https://login.example.com'

export async function senderAuth(name: AuthName, folder: string): Promise<SenderAuth> {
  switch (name) {
    case 'basicauth':
      return {
        section: JSON.stringify({ htpasswd: { inline: `shop:${hashSync('secret', 10)}` } }),
        header: `Basic ${Buffer.from('shop:secret').toString('base64')}`,
      }
    case 'bearertokenauth':
      return { section: JSON.stringify({ token: 'a-token-of-some-length' }), header: 'Bearer a-token-of-some-length' }
    case 'oidc': {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const token = await new SignJWT({ iss: ISSUER, aud: 'telemetry', sub: 'shop' })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setExpirationTime('1h')
        .sign(privateKey)
      const provider = { issuer_url: ISSUER, audience: 'telemetry', public_keys_file: `${folder}/keys.json` }
      return {
        section: JSON.stringify({ providers: [provider] }),
        header: `Bearer ${token}`,
        keys: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256' }] }),
      }
    }
  }
}
