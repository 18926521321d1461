import * as v from 'valibot'
import { type Coded, coded } from '../../config/coded.ts'
import { anything, oneOf, optional, record, section, setting, texts } from '../../config/schema.ts'
import { duration, secret, text } from '../../config/values.ts'
import { httpUrl } from '../../net/client-config.ts'
import { clientTls } from '../../net/tls.ts'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** One value, or several under the same name. */
const parameter = v.pipe(
  v.union([text, v.array(text)], 'must be a text, or a list of texts'),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
)

const entries = section({
  client_id: setting(text, '', 'The name that the server knows this client by.'),
  client_id_file: setting(text, '', 'A file with it, read for each token.'),
  client_secret: optional(secret, 'The secret of the client.'),
  client_secret_file: setting(text, '', 'A file with it, read for each token.'),
  token_url: setting(httpUrl, '', 'Where tokens are given.'),
  scopes: setting(texts, [], 'What the token is to allow.'),
  endpoint_params: setting(record(parameter), {}, 'Further parameters of the request, such as audience or resource.'),
  grant_type: setting(
    oneOf(['', 'client_credentials', JWT_BEARER]),
    '',
    'client_credentials (with a secret), or urn:ietf:params:oauth:grant-type:jwt-bearer (with a signature, RFC 7523).',
  ),
  client_certificate_key: optional(secret, 'For jwt-bearer: the private RSA key, PEM.'),
  client_certificate_key_file: setting(text, '', 'For jwt-bearer: a file with it, read for each token.'),
  client_certificate_key_id: setting(text, '', 'For jwt-bearer: the kid that names the key.'),
  signature_algorithm: setting(oneOf(['', 'RS256', 'RS384', 'RS512']), '', 'For jwt-bearer. Default: RS256.'),
  iss: setting(text, '', 'For jwt-bearer: who signs. Default: the client id.'),
  audience: setting(text, '', 'For jwt-bearer: for whom. Default: token_url.'),
  claims: setting(record(anything), {}, 'For jwt-bearer: further claims.'),
  tls: setting(clientTls, {}, 'Who to trust and how to show who we are, to the server that gives tokens.'),
  timeout: setting(duration, '0s', 'How long a token may take; 0 is 30 seconds.'),
  expiry_buffer: setting(
    duration,
    '5m',
    'How long before its end a token is replaced; half its life when it is shorter lived.',
  ),
})

export const config = v.pipe(
  entries,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const message of problemsOf(dataset.value)) addIssue({ message })
  }),
)
export type OAuth2ClientConfig = v.InferOutput<typeof config>

function problemsOf(config: v.InferOutput<typeof entries>): Coded[] {
  const problems: Coded[] = []
  const { client_id, client_id_file, client_secret, client_secret_file, token_url } = config
  if (client_id === '' && client_id_file === '')
    problems.push(coded('missing_setting', 'needs client_id or client_id_file'))
  if (token_url === '') problems.push(coded('missing_setting', 'needs token_url'))
  if (config.grant_type === JWT_BEARER) {
    if (config.client_certificate_key === undefined && config.client_certificate_key_file === '')
      problems.push(
        coded('missing_setting', 'needs client_certificate_key or client_certificate_key_file, to sign with'),
      )
  } else if (client_secret === undefined && client_secret_file === '')
    problems.push(coded('missing_setting', 'needs client_secret or client_secret_file'))
  const taken = [
    ...(config.scopes.length > 0 ? ['scope'] : []),
    ...(config.grant_type === JWT_BEARER ? ['assertion'] : []),
  ]
  for (const name of taken)
    if (Object.hasOwn(config.endpoint_params, name))
      problems.push(coded('conflicting_settings', `endpoint_params: ${name} is set already`))
  return problems
}
