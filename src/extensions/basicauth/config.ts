import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { optional, section, setting } from '../../config/schema.ts'
import { secret, text } from '../../config/values.ts'

const htpasswd = v.pipe(
  section({
    file: setting(text, '', 'A file as htpasswd makes it; read again when it changes.'),
    inline: optional(
      secret,
      'The same as a text: name:hash, one a line. Wins over the file for a name that both have.',
    ),
  }),
  v.check(
    ({ file, inline }) => file !== '' || (inline?.reveal() ?? '') !== '',
    coded('missing_setting', 'needs file or inline'),
  ),
)

const clientAuth = v.pipe(
  section({
    username: setting(text, '', 'The name to send with.'),
    password: optional(secret, 'The password to send with.'),
    username_file: setting(text, '', 'A file with the name, instead of username; read again when it changes.'),
    password_file: setting(text, '', 'A file with the password, instead of password; read again when it changes.'),
  }),
  v.check(
    ({ username, username_file: file }) => username !== '' || file !== '',
    coded('missing_setting', 'needs username or username_file'),
  ),
  v.check(
    ({ username }) => !username.includes(':'),
    coded('invalid_setting', 'username: must not have a colon in it, which ends the name'),
  ),
)

export const config = v.pipe(
  section({
    htpasswd: optional(htpasswd, 'For servers: who may send.'),
    client_auth: optional(clientAuth, 'For exporters: who sends.'),
  }),
  v.check(
    ({ htpasswd, client_auth }) => (htpasswd === undefined) !== (client_auth === undefined),
    'needs htpasswd (for servers) or client_auth (for exporters), and not both',
  ),
)
export type HtpasswdConfig = v.InferOutput<typeof htpasswd>
export type ClientAuthConfig = v.InferOutput<typeof clientAuth>
