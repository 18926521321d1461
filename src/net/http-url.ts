// The URL of an HTTP destination, and what is wrong with one.

/** The URL, or the problem. Never shows what may be a password. */
export function parseHttpUrl(text: string): URL | string {
  if (!/^https?:\/\//i.test(text)) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
    return scheme === undefined
      ? 'must begin with http:// or https://, such as http://localhost:4318'
      : `must begin with http:// or https://, not ${scheme}://`
  }
  if (!URL.canParse(text)) return 'is no URL: must be like http://localhost:4318'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    return 'must not contain a user or a password: give headers: {authorization: Basic …}'
  if (INSTANCE_METADATA.has(url.hostname))
    return `${url.hostname} is the metadata service of the machine, no destination`
  return url
}

/** Credentials live there; nobody sends telemetry to it but by mistake or malice. */
const INSTANCE_METADATA: ReadonlySet<string> = new Set(['169.254.169.254', '[fd00:ec2::254]'])
