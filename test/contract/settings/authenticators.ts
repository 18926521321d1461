import { writeFileSync } from 'node:fs'
import { type Changes, type Scene, under } from './change.ts'

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
