// Where a server listens: the settings, what may be wrong with them, and the listening itself.
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { chmod, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, type ListenOptions, type Server } from 'node:net'
import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { type Endpoint, parseEndpoint } from '../config/endpoint.ts'
import { oneOf, optional, section, setting } from '../config/schema.ts'
import { duration, text } from '../config/values.ts'
import { type Clock, type Logger, messageOf } from '../contract/index.ts'

/** The collector's settings of an address to listen on. `addressIsValid` checks the two against each other. */
export const addressEntries = (defaultEndpoint: string) => ({
  endpoint: setting(
    text,
    defaultEndpoint,
    'Where to listen: host:port (port 0 is any free one, no host is every interface), or the path of a unix socket.',
  ),
  transport: setting(oneOf(['tcp', 'tcp4', 'tcp6', 'unix']), 'tcp', 'The kind of socket.'),
  dialer: optional(
    section({ timeout: optional(duration, 'How long a connection may take to open.') }),
    'For whoever connects; a listener has no use for it.',
  ),
})

export interface Address {
  readonly endpoint: string
  readonly transport: 'tcp' | 'tcp4' | 'tcp6' | 'unix'
}

export const addressIsValid = <T extends Address>() =>
  v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues !== undefined) return
    const { endpoint, transport } = dataset.value
    const problem = problemWith(endpoint, transport)
    if (problem === undefined) return
    const item = { type: 'object', origin: 'value', input: { ...dataset.value }, key: 'endpoint', value: endpoint }
    addIssue({ message: coded('bad_endpoint', problem), path: [item as v.IssuePathItem] })
  })

function problemWith(text: string, transport: Address['transport']): string | undefined {
  try {
    const { path } = placeOf({ endpoint: text, transport })
    const sizeBytes = Buffer.byteLength(path ?? '')
    if (sizeBytes > MAX_SOCKET_PATH_BYTES)
      return `must be at most ${MAX_SOCKET_PATH_BYTES} bytes long, as sockets have it, got ${sizeBytes}`
    if (path !== undefined && transport !== 'unix' && transport !== 'tcp')
      return `must be host:port, as transport is ${transport}`
    return undefined
  } catch (error) {
    const problem = messageOf(error)
    return problem.startsWith('must be') ? problem : `must be host:port, such as localhost:4318: ${problem}`
  }
}

/** `sockaddr_un` of Linux, and of the others nearly. */
const MAX_SOCKET_PATH_BYTES = 107

/** With `transport: unix` the endpoint is a path; `unix:///run/otlp.sock` and `/run/otlp.sock` are one in any case. */
function placeOf({ endpoint, transport }: Address): Endpoint {
  if (transport !== 'unix') return parseEndpoint(endpoint)
  const place = parseEndpoint(endpoint.startsWith('unix:') ? endpoint : `unix:${endpoint}`)
  if (!place.path?.startsWith('/') && !place.path?.startsWith('@/'))
    throw new Error('must be an absolute path, as transport is unix')
  return place
}

/** Every interface, IPv4 and IPv6. */
export const isWildcard = (address: Address): boolean => UNSPECIFIED.includes(placeOf(address).host ?? 'a socket')
const UNSPECIFIED = ['', '0.0.0.0', '::']

/** Starts to listen. Returns where: `127.0.0.1:4318`, or `unix:/run/otlp.sock`. An error says what is in the way. */
export async function listen(server: Server, address: Address): Promise<string> {
  const place = placeOf(address)
  const options = place.path === undefined ? await tcpSocket(place, address.transport) : await unixSocket(place.path)
  try {
    server.listen({ ...options, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    throw new Error(explainListening(address.endpoint, error), { cause: error })
  }
  if (place.path !== undefined) {
    await chmod(place.path, 0o660)
    return `unix:${place.path}`
  }
  const bound = server.address() as AddressInfo
  const host = isWildcard(address) ? '0.0.0.0' : bound.address
  return host.includes(':') ? `[${host}]:${bound.port}` : `${host}:${bound.port}`
}

/** How often it is said that connections cannot be accepted. */
const QUIET_MS = 10_000

/** When it listens, an error is a connection that could not be accepted: no file handles left, mostly. It goes on. */
export function logAcceptErrors(server: Server, { clock, log }: { readonly clock: Clock; readonly log: Logger }): void {
  let saidAt = -Infinity
  server.on('error', (error) => {
    const now = clock.monotonicMs()
    if (now - saidAt < QUIET_MS) return
    saidAt = now
    log.warn('connections cannot be accepted', { error: messageOf(error) })
  })
}

/** Connections that wait to be accepted while the event loop is busy. */
const BACKLOG = 1024

/** As in Go: one address of a name, IPv4 before IPv6; no host, 0.0.0.0 and :: are all interfaces of either kind. */
async function tcpSocket(
  { host, port }: { host: string; port: number },
  transport: Address['transport'],
): Promise<ListenOptions> {
  if (UNSPECIFIED.includes(host)) {
    if (transport === 'tcp') return { port }
    return transport === 'tcp4' ? { port, host: '0.0.0.0' } : { port, host: '::', ipv6Only: true }
  }
  const family = transport === 'tcp4' ? 4 : transport === 'tcp6' ? 6 : 0
  const found = await lookup(host, { all: true, family }).catch((error: unknown) => {
    throw new Error(`${host} has no ${transport === 'tcp' ? '' : `${transport} `}address: ${messageOf(error)}`, {
      cause: error,
    })
  })
  const address = found.find((one) => one.family === 4) ?? found[0]
  return { port, host: address!.address }
}

/** What a killed process left behind is in the way of the next one. */
async function unixSocket(path: string): Promise<ListenOptions> {
  const socket = connect(path)
  const isAlive = await once(socket, 'connect').then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT',
  )
  socket.destroy()
  if (!isAlive) await unlink(path).catch(() => {})
  return { path }
}

/** Why nobody can listen there. */
export function explainListening(endpoint: string, error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `${endpoint} is in use: another process listens there, or another receiver of this config`
    case 'EADDRNOTAVAIL':
      return `${endpoint}: this machine has no such address`
    case 'EACCES':
      return `${endpoint}: not allowed; ports below 1024 need a privilege, a socket needs a folder that can be written`
    default:
      return `${endpoint}: ${messageOf(error)}`
  }
}
