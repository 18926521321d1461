import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, optional, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText, secret, text } from '../../config/values.ts'

const headerName = v.pipe(
  nonEmptyText,
  v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, coded('unfit_header', 'must be the name of a header')),
)

const retry = section({
  enabled: setting(flag, false, 'Whether a file that is not there at the start is waited for.'),
  initial_interval: setting(duration, '1s', 'How long until it is looked for again the first time.'),
  offset: setting(duration, '5s', 'How long between two looks after that.'),
  max_retries: setting(integer(), 0, 'How often it is looked for before that is given up; 0 is for ever.'),
})

export const config = v.pipe(
  section({
    header: setting(headerName, 'Authorization', 'The header that the token is in.'),
    scheme: setting(text, 'Bearer', 'The word before the token; empty is none.'),
    token: optional(secret, 'The token.'),
    tokens: setting(list(secret), [], 'Several tokens: each may be used to send here; exporters send with the first.'),
    filename: setting(
      text,
      '',
      'A file with tokens, one a line, read again when it changes. Then token and tokens do nothing.',
    ),
    retry_on_failure: setting(retry, {}, 'What happens when the file is not there at the start.'),
    wait_for_token_file: setting(flag, false, 'Whether the start waits for the file, as retry_on_failure says.'),
  }),
  v.check(({ token, tokens }) => token === undefined || tokens.length === 0, 'give token or tokens, not both'),
  v.check(
    ({ token, tokens, filename }) => token !== undefined || tokens.length > 0 || filename !== '',
    coded('missing_setting', 'needs token, tokens or filename'),
  ),
  v.check(
    ({ token, tokens }) => [token, ...tokens].every((one) => one === undefined || isToken(one.reveal())),
    coded('invalid_setting', 'a token must not be empty, and have no line break or other control character in it'),
  ),
)
export type BearerTokenAuthConfig = v.InferOutput<typeof config>

export const isToken = (text: string): boolean => text !== '' && /^[\x20-\x7e\x80-\xff]*$/.test(text)
