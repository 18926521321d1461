// Connections through a proxy that forwards bytes: RFC 9110, 9.3.6 (CONNECT).
import { type RequestOptions, request } from 'node:http'
import type { Agent } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'

export interface TunnelOptions {
  /** Ends a tunnel that is not open yet: a proxy that says nothing would keep its connection for ever. */
  readonly abort?: AbortSignal | undefined
  readonly lookup?: LookupFunction
}

/** Resolves with a socket whose other end is `host:port`. Rejects with an error that names the proxy, never its password. */
export async function openTunnel(
  proxy: URL,
  host: string,
  port: number,
  { abort, lookup }: TunnelOptions = {},
): Promise<Socket> {
  const { request: requestSecurely } = proxy.protocol === 'https:' ? await import('node:https') : { request }
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const headers: Record<string, string> = { host: authority }
  if (proxy.username !== '' || proxy.password !== '') headers['proxy-authorization'] = basicOf(proxy)
  const options = {
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || defaultPort(proxy),
    method: 'CONNECT',
    path: authority,
    headers,
    agent: false,
    signal: abort,
    lookup,
  }
  return new Promise((resolve, reject) => {
    const asked = requestSecurely(options)
    asked.on('error', (error) => reject(new Error(`proxy ${proxy.host}: ${error.message}`, { cause: error })))
    asked.on('response', (response) => {
      response.destroy()
      reject(refused(proxy, response.statusCode))
    })
    asked.on('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode >= 200 && statusCode <= 299) {
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
 * The agent's connections go through tunnels of a proxy. What Node has for it (`proxyEnv`) leaves a tunnel that is not open yet
 * to itself when the request is given up.
 */
export function tunnelThrough(agent: Agent, proxy: URL, lookup: LookupFunction): void {
  const secure = agent.createConnection.bind(agent)
  agent.createConnection = (options: TunnelledRequest, done) => {
    const { host, port, tunnelAbort: abort } = options
    const opened = openTunnel(proxy, host ?? '', Number(port), { abort, lookup })
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

const defaultPort = ({ protocol }: URL): number => (protocol === 'https:' ? 443 : 80)

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
