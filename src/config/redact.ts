// Secrets are never printed. Where no schema says what is one, the name of the key does.
export const REDACTED = '[REDACTED]'

const SECRET_WORDS =
  /pass(word|wd|phrase)?$|secret|token|credential|(api|access|private|signing|license)[_-]?key|authorization|^auth[_-]?header|^headers_list$|cookie|(^|_)sas(_|$)|connection[_-]?string|(^|_)key_pem$/i
/** Names that sound like a secret and are none. */
const NO_SECRETS =
  /_?(file|path|filename|url|endpoint|name|type|enabled|ttl|expiry|header|claim|field|attribute|limit|count|size)s?$/i
/** Everything under these keys is a secret. */
const SECRET_SECTIONS = /^(headers|response_headers|custom_headers|http_headers)$/i

/** Whether a value under that key must not be shown. */
export const isSecretKey = (key: string): boolean => SECRET_WORDS.test(key) && !NO_SECRETS.test(key)

/** Whether everything under that key must not be shown. */
export const isSecretSection = (key: string): boolean => SECRET_SECTIONS.test(key)

/** Whether a value at that path must not be shown, by the names on the way. */
export const isSecretPath = (path: readonly (string | number)[]): boolean =>
  path.some((step, index) => typeof step === 'string' && (isSecretKey(step) || isHeaderValue(path, step, index)))

/** `headers::X`, `headers[0]::value`, but not `headers[0]::name`. */
const isHeaderValue = (path: readonly (string | number)[], step: string, index: number): boolean =>
  isSecretSection(step) &&
  index < path.length - 1 &&
  !(typeof path[index + 1] === 'number' && path[index + 2] === 'name')

/** Whether a reference leads to where only secrets are kept: then nothing that it gives is shown, whatever it is. */
export const isSecretSource = (uri: string): boolean => /^(secretsmanager|ssm):/.test(uri)

/** Whether what a reference gives must not be shown: `env:API_TOKEN`, `file:/run/secrets/token`, `ssm:/team`. */
export const isSecretReference = (uri: string): boolean => {
  if (isSecretSource(uri)) return true
  const [scheme, name = ''] = uri.split(/:(.*)/s)
  if (scheme === 'file' || scheme === 's3') return /secret|token|passw|credential|\.key$|\.pem$/i.test(name)
  return SECRET_WORDS.test(name.split(':-')[0]!)
}

/** A line of YAML with the values of keys that sound like secrets hidden, and passwords in URLs. */
export function hideSecrets(text: string): string {
  const line = hidePasswords(text)
  const key = /(["']?)([\w.\-/]+)\1\s*[:=]\s*/g
  let shown = ''
  let from = 0
  for (let match = key.exec(line); match !== null; match = key.exec(line)) {
    const start = key.lastIndex
    const isSection = isSecretSection(match[2]!)
    // A reference says where a secret lies, and nothing of it.
    if (match[2] === 'secretsmanager' && line.endsWith('${', match.index)) continue
    if (start === line.length || !(isSection || isSecretKey(match[2]!))) continue
    const end = isSection ? line.length : endOfValue(line, start)
    shown += line.slice(from, start) + REDACTED
    from = key.lastIndex = end
  }
  return shown + line.slice(from)
}

/** Inside of braces a value ends at a comma, else with the line. */
function endOfValue(line: string, start: number): number {
  const isFlow = /[{[]/.test(line.slice(0, start))
  if (!isFlow) return line.length
  const value = /"[^"]*"?|'[^']*'?|\{[^}]*\}?|\[[^\]]*\]?|[^,#}\]]*/y
  value.lastIndex = start
  value.exec(line)
  return value.lastIndex
}

/** `https://user:password@host` and `user:password@host` without the password, `?token=…` and `?sig=…` without the token. */
export const hidePasswords = (text: string): string =>
  text
    .replace(/([?&]([\w.-]+)=)[^&#\s"'\]}]*/g, (all, start: string, name: string) =>
      isSecretKey(name) || /sig(nature)?$/i.test(name) ? start + REDACTED : all,
    )
    .replace(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/?#@]*)@/gi, (_all, scheme: string) => `${scheme}${REDACTED}@`)
    .replace(/(^|\s)[^\s:@/]+:[^\s:@/]+@(?=[\w[])/g, `$1${REDACTED}@`)
