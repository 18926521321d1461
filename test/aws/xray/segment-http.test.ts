// Facts of the collector's own tests for its X-Ray exporter, and what it loses.
import { test } from 'tap'
import { type Document, documentOf, type kinds, type TestSpan, type Values } from './segments.ts'

interface Case {
  readonly kind?: keyof typeof kinds
  readonly attributes: Values
  readonly events?: TestSpan['events']
  readonly http: Document
  /** What stays metadata. */
  readonly metadata?: Values
}

const cases: Readonly<Record<string, Case>> = {
  'a client with a whole URL': {
    kind: 'client',
    attributes: { 'http.method': 'GET', 'http.url': 'https://api.example.com/users/junit', 'http.status_code': 200 },
    http: { request: { method: 'GET', url: 'https://api.example.com/users/junit' }, response: { status: 200 } },
  },
  'a client with a whole URL, stable names': {
    kind: 'client',
    attributes: {
      'http.request.method': 'GET',
      'url.full': 'https://api.example.com:8443/users/junit?a=1',
      'server.address': 'api.example.com',
      'server.port': 8443,
      'url.scheme': 'https',
      'url.path': '/users/junit',
      'url.query': 'a=1',
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
    },
    http: {
      request: { method: 'GET', url: 'https://api.example.com:8443/users/junit?a=1' },
      response: { status: 200 },
    },
    metadata: { 'network.protocol.version': '1.1' },
  },
  'parts that a whole URL does not have are not lost': {
    kind: 'client',
    attributes: { 'url.full': 'https://proxy.example.com/', 'server.address': 'api.example.com', 'server.port': 443 },
    http: { request: { url: 'https://proxy.example.com/' }, response: {} },
    metadata: { 'server.address': 'api.example.com', 'server.port': 443 },
  },
  'a client with scheme, host and target': {
    kind: 'client',
    attributes: {
      'http.method': 'GET',
      'http.scheme': 'https',
      'http.host': 'api.example.com',
      'http.target': '/users/junit',
    },
    http: { request: { method: 'GET', url: 'https://api.example.com/users/junit' }, response: {} },
  },
  'a client with its peer': {
    kind: 'client',
    attributes: {
      'http.method': 'GET',
      'http.scheme': 'http',
      'net.peer.name': 'kb234.example.com',
      'net.peer.port': 8080,
      'net.peer.ip': '10.8.17.36',
      'http.target': '/users/junit',
      'http.response.status_code': 200,
    },
    http: {
      request: { method: 'GET', url: 'http://kb234.example.com:8080/users/junit', client_ip: '10.8.17.36' },
      response: { status: 200 },
    },
  },
  'a client with its peer and a query alone': {
    kind: 'client',
    attributes: {
      'url.scheme': 'http',
      'net.peer.name': 'kb234.example.com',
      'net.peer.port': '8080',
      'url.query': 'users=junit',
    },
    http: { request: { url: 'http://kb234.example.com:8080/?users=junit' }, response: {} },
  },
  'a client with the address of its peer': {
    kind: 'client',
    attributes: { 'http.method': 'GET', 'net.peer.ip': '10.8.17.36', 'net.peer.port': '8080', 'http.target': '/x' },
    http: { request: { method: 'GET', url: 'http://10.8.17.36:8080/x', client_ip: '10.8.17.36' }, response: {} },
  },
  'an address of IPv6 stands in brackets': {
    kind: 'client',
    attributes: { 'http.scheme': 'https', 'net.peer.ip': '2001:db8::7334', 'net.peer.port': 444, 'http.target': '/x' },
    http: { request: { url: 'https://[2001:db8::7334]:444/x', client_ip: '2001:db8::7334' }, response: {} },
  },
  'a client with server.address alone, for which the collector writes no host': {
    kind: 'client',
    attributes: {
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'server.address': 'api.example.com',
      'server.port': 443,
      'url.path': '/a',
    },
    http: { request: { method: 'GET', url: 'https://api.example.com/a' }, response: {} },
  },
  'a server, stable names': {
    attributes: {
      'http.request.method': 'GET',
      'server.address': 'localhost',
      'url.scheme': 'http',
      'url.query': '?version=test',
      'url.path': '/api',
      'client.address': '127.0.0.1',
      'http.response.status_code': 200,
      'user_agent.original': 'PostmanRuntime/7.21.0',
      'http.route': '/api',
    },
    http: {
      request: {
        method: 'GET',
        url: 'http://localhost/api?version=test',
        user_agent: 'PostmanRuntime/7.21.0',
        client_ip: '127.0.0.1',
        x_forwarded_for: true,
      },
      response: { status: 200 },
    },
    metadata: { 'http.route': '/api' },
  },
  'a server with the usual port of its scheme': {
    attributes: {
      'http.scheme': 'https',
      'http.server_name': 'api.example.com',
      'net.host.port': 443,
      'http.target': '/users/junit',
    },
    http: { request: { url: 'https://api.example.com/users/junit' }, response: {} },
  },
  'a server with another port': {
    attributes: {
      'http.scheme': 'http',
      'net.host.name': 'kb234.example.com',
      'net.host.port': 8080,
      'http.target': '/users/junit',
    },
    http: { request: { url: 'http://kb234.example.com:8080/users/junit' }, response: {} },
  },
  'no host: no URL, and its parts are not lost': {
    attributes: {
      'http.method': 'GET',
      'http.scheme': 'http',
      'http.client_ip': '192.168.15.32',
      'http.user_agent': 'PostmanRuntime/7.21.0',
      'http.target': '/users/junit',
      'net.host.port': 443,
      'net.peer.port': 8080,
      'http.response.status_code': 200,
    },
    events: [
      { name: 'message', attributes: { 'message.type': 'SENT', 'messaging.message_payload_size_bytes': 7 } },
      { name: 'message', attributes: { 'message.type': 'RECEIVED', 'messaging.message_payload_size_bytes': 12452 } },
    ],
    http: {
      request: {
        method: 'GET',
        user_agent: 'PostmanRuntime/7.21.0',
        client_ip: '192.168.15.32',
        x_forwarded_for: true,
      },
      response: { status: 200, content_length: 12452 },
    },
    metadata: { 'http.scheme': 'http', 'http.target': '/users/junit', 'net.host.port': 443, 'net.peer.port': 8080 },
  },
  'a client behind a proxy, and the proxy': {
    attributes: {
      'url.full': 'https://api.example.com/',
      'client.address': '192.168.15.32',
      'network.peer.address': '10.0.0.1',
      'network.peer.port': 4444,
    },
    http: { request: { url: 'https://api.example.com/', client_ip: '192.168.15.32' }, response: {} },
    metadata: { 'network.peer.address': '10.0.0.1', 'network.peer.port': 4444 },
  },
  'the peer alone': {
    attributes: { 'url.full': 'https://api.example.com/', 'network.peer.address': '10.0.0.1' },
    http: { request: { url: 'https://api.example.com/', client_ip: '10.0.0.1' }, response: {} },
  },
  'addresses that are none': {
    attributes: {
      'url.full': 'https://api.example.com/',
      'client.address': 'api.example.com',
      'network.peer.address': '/tmp/s',
    },
    http: { request: { url: 'https://api.example.com/' }, response: {} },
    metadata: { 'client.address': 'api.example.com', 'network.peer.address': '/tmp/s' },
  },
  'both names of everything': {
    kind: 'client',
    attributes: {
      'http.method': 'GET',
      'http.request.method': 'GET',
      'http.url': 'http://a/',
      'url.full': 'http://a/',
      'http.user_agent': 'x',
      'user_agent.original': 'x',
      'http.status_code': 200,
      'http.response.status_code': 200,
    },
    http: { request: { method: 'GET', url: 'http://a/', user_agent: 'x' }, response: { status: 200 } },
  },
  'both names with different values': {
    kind: 'client',
    attributes: {
      'http.method': 'GET',
      'http.request.method': 'POST',
      'http.status_code': 200,
      'http.response.status_code': 201,
    },
    http: { request: { method: 'GET' }, response: { status: 200 } },
    metadata: { 'http.request.method': 'POST', 'http.response.status_code': 201 },
  },
  'sizes of the answer': {
    attributes: { 'http.method': 'GET', 'http.response.body.size': 77 },
    http: { request: { method: 'GET' }, response: { content_length: 77 } },
  },
  'the size of a message of gRPC': {
    attributes: { 'net.host.port': 1, 'message.type': 'RECEIVED', 'messaging.message_payload_size_bytes': 5 },
    http: { request: {}, response: { content_length: 5 } },
    metadata: { 'net.host.port': 1, 'message.type': 'RECEIVED', 'messaging.message_payload_size_bytes': 5 },
  },
  'a status as text': {
    attributes: { 'http.status_code': '404', 'http.method': 5 },
    http: { request: {}, response: { status: 404 } },
    metadata: { 'http.method': 5 },
  },
  'a status that is none': {
    attributes: { 'http.status_code': 'fine', 'http.method': 'GET' },
    http: { request: { method: 'GET' }, response: {} },
    metadata: { 'http.status_code': 'fine' },
  },
  'a database has no http, and keeps its server': {
    kind: 'client',
    attributes: { 'server.address': 'db', 'server.port': 5432, 'net.peer.name': 'db' },
    http: undefined,
    metadata: { 'server.address': 'db', 'server.port': 5432, 'net.peer.name': 'db' },
  },
}

for (const [name, { kind = 'server', attributes, events = [], http, metadata }] of Object.entries(cases))
  test(name, async (t) => {
    const document = documentOf({ kind, attributes, events })
    t.strictSame(document.http, http)
    const { 'otel.events': _events, ...rest } = document.metadata?.default ?? {}
    t.strictSame(rest, metadata ?? {})
  })

test('the status of HTTP says what went wrong, before that of the span', async (t) => {
  const outcome = (status: number | undefined, code: 0 | 1 | 2): object => {
    const attributes: Values = status === undefined ? {} : { 'http.response.status_code': status }
    const { fault, error, throttle } = documentOf({ attributes, status: { code } })
    return { fault, error, throttle }
  }
  const none = { fault: undefined, error: undefined, throttle: undefined }
  t.strictSame(outcome(200, 0), none)
  t.strictSame(outcome(200, 2), { ...none, fault: true })
  t.strictSame(outcome(404, 0), { ...none, error: true })
  t.strictSame(outcome(404, 2), { ...none, error: true })
  t.strictSame(outcome(429, 1), { ...none, error: true, throttle: true })
  t.strictSame(outcome(500, 0), { ...none, fault: true })
  t.strictSame(outcome(599, 1), { ...none, fault: true })
  t.strictSame(outcome(600, 0), none)
  t.strictSame(outcome(600, 2), { ...none, fault: true })
  t.strictSame(outcome(undefined, 0), none)
  t.strictSame(outcome(undefined, 1), none)
  t.strictSame(outcome(undefined, 2), { ...none, fault: true })
})
