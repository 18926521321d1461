import { writeFileSync } from 'node:fs'
import type { HttpAuthenticator } from '../../../src/contract/index.ts'
import type { Driven } from '../../../src/testing/index.ts'
import { type Changes, type Scene, under } from './change.ts'
import { clientTlsChanges } from './tls.ts'

/** A file with something in it. */
const fileOf =
  (text: string) =>
  ({ directory }: Scene): string => {
    const path = `${directory}/secret`
    writeFileSync(path, text)
    return path
  }

export const basicauth: Changes = {
  'htpasswd.file': { value: fileOf('b:x'), change: 'who may send' },
  'htpasswd.inline': { value: 'b:x', with: { htpasswd: { inline: null } }, change: 'who may send' },
  ...under(
    'client_auth',
    {
      username: { value: 'me', change: 'who sends' },
      password: { value: 'x', change: 'with which password' },
      username_file: { value: fileOf('me'), change: 'who sends' },
      password_file: { value: fileOf('x'), change: 'with which password' },
    },
    { with: { htpasswd: null, client_auth: { username: 'shop' } } },
  ),
}

const waited = { with: { filename: '/no/such', retry_on_failure: { enabled: true } } }
export const bearertokenauth: Changes = {
  header: { value: 'X-Api-Key', change: 'where the token is' },
  scheme: { value: '', change: 'what stands before it' },
  token: { value: 'other', with: { token: null }, change: 'the token' },
  tokens: { value: ['a', 'b'], with: { token: null }, change: 'the tokens' },
  filename: { value: fileOf('other'), change: 'the tokens' },
  ...under('retry_on_failure', {
    enabled: { value: true, with: { filename: '/no/such' }, change: 'a missing file is waited for' },
    initial_interval: { value: '2s', ...waited, change: 'how long' },
    offset: { value: '3s', ...waited, change: 'how long after that' },
    max_retries: { value: 7, ...waited, change: 'how often' },
  }),
  wait_for_token_file: { value: true, with: { filename: '/no/such' }, change: 'whether the start waits' },
}

const without = { with: { headers: [{ value: null }] } }
export const headersSetter: Changes = {
  ...under('headers[]', {
    action: { value: 'insert', change: 'what happens to the header' },
    key: { value: 'other', change: 'which header' },
    value: { value: 'other', ...without, change: 'its value' },
    value_file: { value: fileOf('x'), ...without, change: 'its value' },
    from_context: { value: 'tenant', ...without, change: 'where its value comes from' },
    from_attribute: { value: 'subject', ...without, change: 'where its value comes from' },
    default_value: {
      value: 'nobody',
      with: { headers: [{ value: null, from_context: 'tenant' }] },
      change: 'its value when there is no other',
    },
  }),
  additional_auth: { value: 'other', change: 'who is asked besides' },
}

const keysFile = fileOf('{"keys":[]}')
const provider = { issuer_url: 'http://127.0.0.1:9/a', audience: 'x' }
const alone = { issuer_url: null, audience: null, providers: [provider] }
export const oidc: Changes = {
  attribute: { value: 'x-token', change: 'where the token is' },
  issuer_url: { value: 'http://127.0.0.1:9/b', change: 'who signs' },
  audience: { value: 'other', change: 'for whom' },
  ignore_audience: { value: true, change: 'tokens for others are taken' },
  issuer_ca_path: { value: fileOf('x'), change: 'who to trust' },
  username_claim: { value: 'user', change: 'who sends' },
  groups_claim: { value: 'groups', change: 'the groups' },
  ...under(
    'providers[]',
    {
      issuer_url: { value: 'http://127.0.0.1:9/c', change: 'who signs' },
      audience: { value: 'other', change: 'for whom' },
      ignore_audience: { value: true, change: 'tokens for others are taken' },
      ignore_issuer: { value: true, change: 'tokens of others are taken' },
      issuer_ca_path: { value: fileOf('x'), change: 'who to trust' },
      username_claim: { value: 'user', change: 'who sends' },
      groups_claim: { value: 'groups', change: 'the groups' },
      public_keys_file: { value: keysFile, change: 'where the keys are' },
    },
    { with: alone },
  ),
}

const askForToken = async (one: Driven): Promise<void> => {
  await one.start()
  const client = one.component as HttpAuthenticator
  await Promise.resolve(client.authenticate({} as never, AbortSignal.timeout(60_000))).catch(() => {})
  await one.stop()
}
const secureTokens = ({ http }: Scene): object => ({ token_url: `https://127.0.0.1:${http.port}/token` })

const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const signed = { with: { grant_type, client_certificate_key: 'x' } }
export const oauth2client: Changes = under(
  '',
  {
    client_id: { value: 'other', change: 'who asks' },
    client_id_file: { value: fileOf('other'), change: 'who asks' },
    client_secret: { value: 'other', with: { client_secret: null }, change: 'with which secret' },
    client_secret_file: { value: fileOf('other'), change: 'with which secret' },
    token_url: { value: 'http://127.0.0.1:9/token', change: 'whom' },
    scopes: { value: ['write'], change: 'for what' },
    endpoint_params: { value: { resource: 'x' }, change: 'what else is said' },
    grant_type: { value: grant_type, with: { client_certificate_key: 'x' }, change: 'how the client proves itself' },
    client_certificate_key: {
      value: 'y',
      with: { grant_type, client_certificate_key_file: null },
      change: 'what it signs with',
    },
    client_certificate_key_file: { value: fileOf('x'), ...signed, change: 'what it signs with' },
    client_certificate_key_id: { value: 'k1', ...signed, change: 'what the key is called' },
    signature_algorithm: { value: 'RS384', ...signed, change: 'how it signs' },
    iss: { value: 'me', ...signed, change: 'who signs' },
    audience: { value: 'them', ...signed, change: 'for whom' },
    claims: { value: { tenant: 'x' }, ...signed, change: 'what else it signs' },
    timeout: { value: '7s', change: 'how long it waits' },
    expiry_buffer: { value: '1m', change: 'when the next token is asked for' },
    ...clientTlsChanges('tls', secureTokens),
    'tls.insecure': { value: true, with: secureTokens, change: 'plain text, for http only', heldBy: ['test/net/'] },
  },
  { use: askForToken },
)
