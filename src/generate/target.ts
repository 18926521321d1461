// Where generated telemetry goes, from what stands on the command line.
import { isLoopbackHost } from '../net/loopback.ts'

const PROTOCOLS = ['grpc', 'http', 'http/json'] as const
export type Protocol = (typeof PROTOCOLS)[number]

export interface Target {
  readonly protocol: Protocol
  /** Scheme, host and port, for HTTP perhaps a path: `http://localhost:4318`. */
  readonly url: URL
}

const DEFAULT_ENDPOINTS: Readonly<Record<Protocol, string>> = {
  grpc: 'localhost:4317',
  http: 'localhost:4318',
  'http/json': 'localhost:4318',
}
const GRPC_PORT = '4317'

/** Throws with what is wrong. A port of 4317 means gRPC; without a scheme this machine is spoken to in plain text. */
export function parseTarget(of: {
  readonly endpoint?: string | undefined
  readonly protocol?: Protocol | undefined
  readonly insecure: boolean
}): Target {
  const text = of.endpoint ?? DEFAULT_ENDPOINTS[of.protocol ?? 'http']
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const host = /^(?:\[([^\]]*)\]|([^:/?#]*))/.exec(text)
  const isPlain = of.insecure || isLoopbackHost(host?.[1] ?? host?.[2] ?? '')
  const withScheme = hasScheme ? text : `${isPlain ? 'http' : 'https'}://${text}`
  if (!URL.canParse(withScheme)) throw new Error(`--endpoint must be host:port or a URL, got ${text}`)
  const url = new URL(withScheme)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`--endpoint must begin with http:// or https://, got ${text}`)
  const protocol = of.protocol ?? (url.port === GRPC_PORT ? 'grpc' : 'http')
  if (url.port === '' && !/:\d+$/.test(url.host) && !hasScheme) url.port = protocol === 'grpc' ? '4317' : '4318'
  return { protocol, url }
}
