// Destinations that take everything at once, in one process: what AWS, OpenSearch, Elasticsearch and remote write answer to success.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Requests and bytes by destination. */
export type StandInCounts = Readonly<Record<string, { readonly requests: number; readonly bytes: number }>>

const counts = new Map<string, { requests: number; bytes: number }>()

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => answer(request, Buffer.concat(pieces), response))
})
server.keepAliveTimeout = 120_000

/** The first argument: one in so many requests is refused for now. */
let faultEvery = Number(process.argv[2] ?? Infinity)
let requests = 0

function answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { name, status, headers, text } = ++requests % faultEvery === 0 ? UNAVAILABLE : reply(request, body)
  const count = counts.get(name) ?? { requests: 0, bytes: 0 }
  count.requests++
  count.bytes += body.length
  counts.set(name, count)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

interface Reply {
  readonly name: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const UNAVAILABLE: Reply = { name: 'refused for now', status: 503, headers: {}, text: '{}' }

function reply({ url: target = '/', headers, method }: IncomingMessage, body: Buffer): Reply {
  const [url] = target.split('?') as [string]
  const ok = (name: string, text: string, more: Record<string, string> = {}): Reply => ({
    name,
    status: 200,
    headers: more,
    text,
  })
  const operation = headers['x-amz-target']
  if (typeof operation === 'string') return ok(operation.split('.').at(-1)!, '{"FailedPutCount":0}')
  if (method === 'PUT') return { name: 'PutObject', status: 200, headers: { etag: '"1"' }, text: '' }
  if (url === '/TraceSegments') return ok('PutTraceSegments', '{"UnprocessedTraceSegments":[]}')
  if (url === '/TelemetryRecords') return ok('PutTelemetryRecords', '{}')
  if (url.endsWith('/_bulk')) {
    const product = url.startsWith('/elastic') ? { 'x-elastic-product': 'Elasticsearch' } : {}
    return ok(`bulk ${url}`, bulkAnswer(body), product)
  }
  if (url.startsWith('/write')) return { name: 'remote write', status: 204, headers: {}, text: '' }
  if (url.startsWith('/elastic')) {
    return ok(
      'elasticsearch',
      '{"version":{"number":"8.19.0","build_flavor":"default"},"tagline":"You Know, for Search"}',
      {
        'x-elastic-product': 'Elasticsearch',
      },
    )
  }
  return ok(
    `${method} ${url}`,
    '{"version":{"number":"3.0.0","distribution":"opensearch"},"tagline":"The OpenSearch Project"}',
  )
}

/** A line of action, a line of document: an item for each. */
function bulkAnswer(body: Buffer): string {
  let lines = 0
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) lines++
  const item = '{"create":{"_index":"i","_id":"1","status":201}}'
  return `{"took":1,"errors":false,"items":[${new Array(lines >> 1).fill(item).join(',')}]}`
}

server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
process.on('message', (order) => {
  if (order === 'be well') faultEvery = Infinity
  else process.send!(Object.fromEntries(counts))
})
process.on('disconnect', () => process.exit())
