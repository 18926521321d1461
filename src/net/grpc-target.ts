// Where a gRPC client connects to, in the forms that Go's gRPC knows.

/**
 * endpoint = host ":" port
 *          | "http://" host ":" port  |  "https://" host ":" port
 *          | "dns:" ["///"] host ":" port  |  "passthrough:" ["///"] host ":" port
 *          | "unix:" path  |  "unix://" absolute path  |  "unix-abstract:" name
 */
export interface GrpcTarget {
  /** A name, an IPv4 or an IPv6 address without brackets; empty for a socket path. */
  readonly host: string
  readonly port: number
  /** Starts with a zero byte when it is an abstract name. */
  readonly socketPath: string | undefined
  /** As it was written: only `https` changes anything (TLS even with `insecure`). */
  readonly scheme: 'http' | 'https' | 'dns' | 'passthrough' | 'unix'
  /** The default of :authority. */
  readonly authority: string
}

/** The target, or what is wrong with the text. */
export function parseGrpcTarget(endpoint: string): GrpcTarget | string {
  const scheme = /^([a-z][a-z0-9+.-]*):(?![0-9])/i.exec(endpoint)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return hostAndPort(endpoint, 'dns')
    case 'http':
    case 'https':
      return hostAndPort(endpoint.slice(scheme.length + 3).replace(/\/$/, ''), scheme)
    case 'dns':
    case 'passthrough':
      return behindResolver(endpoint.slice(scheme.length + 1), scheme)
    case 'unix':
    case 'unix-abstract':
      return socket(endpoint.slice(scheme.length + 1), scheme)
    default:
      // `localhost:x`: no scheme, a wrong port.
      return endpoint.includes('://')
        ? `unknown scheme ${scheme}: known are http, https, dns, passthrough and unix`
        : hostAndPort(endpoint, 'dns')
  }
}

/** `///host:port`, `//authority/host:port` or `host:port`. */
function behindResolver(rest: string, scheme: 'dns' | 'passthrough'): GrpcTarget | string {
  if (!rest.startsWith('//')) return hostAndPort(rest.replace(/^\//, ''), scheme)
  const slash = rest.indexOf('/', 2)
  if (slash === -1) return `a third slash is missing: ${scheme}:///${rest.slice(2)}`
  const server = rest.slice(2, slash)
  if (server !== '' && scheme === 'dns')
    return `another DNS server (${server}) is not supported: use ${scheme}:///${rest.slice(slash + 1)}`
  return hostAndPort(rest.slice(slash + 1), scheme)
}

function socket(rest: string, scheme: 'unix' | 'unix-abstract'): GrpcTarget | string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (path === '') return 'the path of the socket is missing: unix:///run/otlp.sock'
  if (rest.startsWith('//') && scheme === 'unix' && !path.startsWith('/'))
    return `the path must be absolute: unix:///${path}, or unix:${path} for a relative one`
  const socketPath = scheme === 'unix' ? path : `\0${path}`
  return { host: '', port: 0, socketPath, scheme: 'unix', authority: 'localhost' }
}

function hostAndPort(text: string, scheme: GrpcTarget['scheme']): GrpcTarget | string {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]/?#@\s]*)):([^:]*)$/.exec(text)
  if (match === null) return withoutPort(text)
  const [, ip6, name, port] = match
  if (!/^\d{1,5}$/.test(port!) || Number(port) > 65_535 || Number(port) === 0)
    return `the port must be 1 to 65535, got ${JSON.stringify(port)}`
  // Go connects to this machine when there is no host.
  const host = (ip6 ?? name!) || 'localhost'
  return {
    host,
    port: Number(port),
    socketPath: undefined,
    scheme,
    authority: name === '' ? `localhost:${port}` : text,
  }
}

function withoutPort(text: string): string {
  if (text.includes('@')) return 'must not contain a user or a password: give headers: {authorization: …}'
  if (/[/?#]/.test(text)) return `must be host:port without a path, got ${JSON.stringify(text)}`
  if (/:.*:/.test(text)) return `an IPv6 address needs brackets and a port: [${text}]:4317`
  return `the port is missing: ${text === '' ? 'localhost' : text}:4317`
}
