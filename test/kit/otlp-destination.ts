// Whatever is posted to it over HTTP is taken and kept, for clients that are not under test themselves.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Posted {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export async function otlpDestination(t: {
  teardown(end: () => void): unknown
}): Promise<{ readonly endpoint: string; readonly received: Posted[] }> {
  const received: Posted[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    received.push({ path: request.url!, headers: request.headers, body })
    const type = request.headers['content-type']!
    response.setHeader('content-type', type)
    response.end(type === 'application/json' ? '{}' : '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}
