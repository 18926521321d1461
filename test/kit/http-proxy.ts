// A proxy between us and one server, under TLS if it has a certificate: it forwards requests, and tunnels, whatever name it is asked for.
import { once } from 'node:events'
import { createServer, type RequestListener, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { Pair } from './certificates.ts'

export interface HttpProxy {
  readonly port: number
  /** `POST http://otlp.test/v1/traces`, `CONNECT otlp.test:4317`, and what it was shown. */
  readonly asked: { readonly line: string; readonly authorization: string | undefined }[]
  /** Of all time. */
  connections: number
}

export async function startHttpProxy(t: Test, targetPort: number, pair?: Pair): Promise<HttpProxy> {
  const sockets = new Set<Socket>()
  const note = ({ method, url, headers }: Parameters<RequestListener>[0]): unknown =>
    proxy.asked.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] })
  const forward: RequestListener = (asked, answer) => {
    note(asked)
    const path = asked.url!.replace(/^http:\/\/[^/]+/, '')
    const passedOn = request({
      host: '127.0.0.1',
      port: targetPort,
      method: asked.method,
      path,
      headers: asked.headers,
    })
    passedOn.on('response', (response) => response.pipe(answer.writeHead(response.statusCode!, response.headers)))
    asked.pipe(passedOn)
  }
  const server = pair === undefined ? createServer(forward) : createTlsServer(pair, forward)
  server.on('connect', (asked, socket: Socket) => {
    note(asked)
    const through = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    for (const one of [socket, through]) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => sockets.delete(one))
    }
  })
  server.on('connection', () => proxy.connections++)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    server.closeAllConnections()
  })
  const proxy: HttpProxy = { port: (server.address() as AddressInfo).port, asked: [], connections: 0 }
  return proxy
}
