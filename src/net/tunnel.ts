// Connections to a proxy that forwards requests, and through one that forwards bytes: RFC 9110, 9.3.6 (CONNECT).
import { type Agent as HttpAgent, type RequestOptions, request } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import * as v from 'valibot'
import { textOf } from './connection-error.ts'
import { type ClientTlsOptions, clientTls, loadClientTls } from './tls.ts'

/** How a proxy is reached. */
export interface ProxyPath {
  readonly lookup: LookupFunction
  /** Of the destination: as in Go a proxy with https:// is trusted for the same reasons. Undefined: as by default. */
  readonly tls: ClientTlsOptions | undefined
}

export interface TunnelPath extends ProxyPath {
  /** Ends a tunnel that is not open yet: a proxy that says nothing would keep its connection for ever. */
  readonly abort?: AbortSignal | undefined
}

/** Resolves with a socket whose other end is `host:port`. Rejects with an error that names the proxy, never its password. */
export async function openTunnel(
  proxy: URL,
  host: string,
  port: number,
  { abort, lookup, tls }: TunnelPath,
): Promise<Socket> {
  const { request: requestSecurely } = proxy.protocol === 'https:' ? await import('node:https') : { request }
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const headers: Record<string, string> = { host: authority }
  if (proxy.username !== '' || proxy.password !== '') headers['proxy-authorization'] = basicOf(proxy)
  const options = {
    ...placeOf(proxy),
    ...(proxy.protocol === 'https:' && tlsOf(proxy, tls ?? (await byDefault()))),
    method: 'CONNECT',
    path: authority,
    headers,
    agent: false,
    signal: abort,
    lookup,
  }
  return new Promise((resolve, reject) => {
    const asked = requestSecurely(options)
    asked.on('error', (error) => reject(new Error(`proxy ${proxy.host}: ${textOf(error)}`, { cause: error })))
    asked.on('response', (response) => {
      response.destroy()
      reject(refused(proxy, response.statusCode))
    })
    asked.on('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode >= 200 && statusCode <= 299) {
        socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
        return
      }
      socket.destroy()
      reject(refused(proxy, statusCode))
    })
    asked.end()
  })
}

/** What a request through a tunnel says besides. */
export interface TunnelledRequest extends RequestOptions {
  /** Ends the tunnel that is opened for it; Node keeps a `signal` to itself. */
  tunnelAbort?: AbortSignal
}

/**
 * The agent's connections go through tunnels of a proxy, where there is one for their destination. What Node has for it
 * (`proxyEnv`) leaves a tunnel that is not open yet to itself when the request is given up, and trusts proxies for its own reasons.
 */
export function tunnelThrough(
  agent: HttpsAgent,
  proxyOf: (destination: URL) => URL | undefined,
  path: TunnelPath,
): void {
  const secure = agent.createConnection.bind(agent)
  agent.createConnection = (options: TunnelledRequest, done) => {
    const { host: name, port, tunnelAbort: abort = path.abort } = options
    const host = name ?? ''
    const proxy = proxyOf(new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`))
    if (proxy === undefined) return secure(options, done)
    const opened = openTunnel(proxy, host, Number(port), { ...path, abort })
    void opened
      .then((socket) => {
        const inside = { ...options, socket }
        return secure(inside)!
      })
      .then(
        (inside) => done?.(null, inside),
        // There is no connection: the second parameter is of no use to an agent that is given an error.
        (error: Error) => Reflect.apply(done!, agent, [error]),
      )
    return undefined
  }
}

/** The agent's connections end at the proxy, which its requests tell whom they are for: by a whole URL in place of a path. */
export function forwardThrough(agent: HttpAgent, proxy: URL, { lookup, tls }: ProxyPath): void {
  const keep = { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS }
  const place = { ...placeOf(proxy), ...keep, lookup }
  agent.createConnection = () =>
    proxy.protocol === 'https:' ? connectTls({ ...place, ...tlsOf(proxy, tls) }) : connect(place)
}

/** A proxy that vanished is found in 15 s and then some (F25). */
const TCP_KEEPALIVE_MS = 15_000

const placeOf = ({ hostname, port, protocol }: URL): { host: string; port: number } => ({
  host: hostname.replace(/^\[|\]$/g, ''),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
})

/** `server_name_override` is for the destination. An address has no SNI, and is looked for in the certificate as what it is. */
function tlsOf(proxy: URL, tls: ClientTlsOptions | undefined): Partial<ClientTlsOptions> {
  const { host } = placeOf(proxy)
  return { ...tls, servername: isIP(host) === 0 ? host : '' }
}

/** Whom an exporter trusts that has no settings for it. */
const byDefault = (): Promise<ClientTlsOptions | undefined> => (trusted ??= loadClientTls(v.parse(clientTls, {})))
let trusted: Promise<ClientTlsOptions | undefined> | undefined

function refused(proxy: URL, status: number | undefined): Error {
  const hint = status === 407 ? ' (it wants a user and a password: http://user:password@host:port)' : ''
  return new Error(`proxy ${proxy.host} answers ${status} to CONNECT${hint}`)
}

/** The credentials of a URL as the value of a header. */
export function basicOf({ username, password }: URL): string {
  const credentials = `${decoded(username)}:${decoded(password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
