// A connection through a proxy that forwards bytes: RFC 9110, 9.3.6 (CONNECT).
import { request } from 'node:http'
import type { Socket } from 'node:net'

/** Resolves with a socket whose other end is `host:port`. */
export async function openTunnel(proxy: URL, host: string, port: number): Promise<Socket> {
  const { request: requestSecurely } = proxy.protocol === 'https:' ? await import('node:https') : { request }
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const headers: Record<string, string> = { host: authority }
  if (proxy.username !== '' || proxy.password !== '') headers['proxy-authorization'] = basicOf(proxy)
  const options = { host: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port || defaultPort(proxy) }
  return new Promise((resolve, reject) => {
    const asked = requestSecurely({ ...options, method: 'CONNECT', path: authority, headers, agent: false })
    asked.on('error', (error) => reject(new Error(`proxy ${proxy.host}: ${error.message}`, { cause: error })))
    asked.on('response', (response) => {
      response.destroy()
      reject(refused(proxy, response.statusCode))
    })
    asked.on('connect', ({ statusCode }, socket: Socket, head: Buffer) => {
      if (statusCode === 200) {
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

const defaultPort = ({ protocol }: URL): number => (protocol === 'https:' ? 443 : 80)
const refused = (proxy: URL, status: number | undefined): Error =>
  new Error(`proxy ${proxy.host} answers ${status} to CONNECT`)

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
