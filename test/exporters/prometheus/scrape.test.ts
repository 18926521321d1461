import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { negotiate, takesGzip } from '../../../src/exporters/prometheus/negotiate.ts'
import { settle } from '../../../src/testing/index.ts'
import { authority } from '../../kit/certificates.ts'
import { gauge, type StartedExporter, samplesOf, startExporter } from './kit.ts'

/** What comes back for these bytes, until the other side closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.end(bytes)
  return textOf(socket)
}

const isServing = async (t: Test, { scrape }: StartedExporter): Promise<void> => {
  t.same(samplesOf(await scrape()), ['g{i="0"} 1'], 'the next scrape is served')
}

test('GET has the metrics, HEAD only what would come with them', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('g', [1])])
  const get = await fetch(exporter.url, { headers: { 'accept-encoding': 'identity' } })
  t.equal(get.status, 200)
  t.equal(get.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
  const body = await get.text()
  t.equal(get.headers.get('content-length'), String(Buffer.byteLength(body)))
  const head = await fetch(exporter.url, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers.get('content-type'), get.headers.get('content-type'))
  t.equal(await head.text(), '')
})

test('other paths say where the metrics are, other methods which there are', async (t) => {
  const exporter = await startExporter(t)
  const { url, refused } = exporter
  await exporter.send([gauge('g', [1])])
  for (const path of ['/', '/metrics/', '/favicon.ico', '/%zz', '/v1/metrics']) {
    const response = await fetch(new URL(path, url))
    t.equal(response.status, 404, path)
    t.match(await response.text(), '/metrics')
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(url, { method })
    t.equal(response.status, 405, method)
    t.equal(response.headers.get('allow'), 'GET, HEAD')
    await response.text()
  }
  t.same(
    [...refused],
    [
      ['not_found', 5],
      ['method_not_allowed', 4],
    ],
  )
  await isServing(t, exporter)
})

test('a target that is no path is a bad request and hurts nobody', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('g', [1])])
  for (const target of ['http://', '//', '%', '*', 'http://x', '//metrics', '?name[]=g']) {
    const answer = await raw(exporter.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 400 /, target)
  }
  t.equal(exporter.refused.get('bad_request'), 7)
  const proxied = `GET http://example.com/metrics?x=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
  t.match(await raw(exporter.port, proxied), /^HTTP\/1\.1 200 /)
  await isServing(t, exporter)
})

test('headers have a limit', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('g', [1])])
  const head = 'GET /metrics HTTP/1.1\r\nHost: x\r\n'
  t.match(await raw(exporter.port, `${head}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  t.match(await raw(exporter.port, `${head}${'X-Many: x\r\n'.repeat(10_000)}\r\n`), /^HTTP\/1\.1 431 /)
  t.match(await raw(exporter.port, 'no request at all\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.equal(exporter.refused.get('headers_too_large'), 2)
  t.equal(exporter.refused.get('bad_request'), 1)
  await isServing(t, exporter)
})

test('a body is not read, and its connection not used again', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('g', [1])])
  const socket = connect(exporter.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n')
  t.match(await textOf(socket), /^HTTP\/1\.1 200 .*\ng\{i="0"/s)
  await isServing(t, exporter)
})

test('the Accept header decides', async (t) => {
  const table: [accept: string | undefined, allowsOpenMetrics: boolean, contentType: string][] = [
    [undefined, true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['*/*', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['text/html', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    [
      'application/openmetrics-text; version=1.0.0',
      false,
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
    ],
    [
      'application/openmetrics-text; version=1.0.0',
      true,
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
    ],
    [
      'application/openmetrics-text',
      true,
      'application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores',
    ],
    [
      'application/openmetrics-text;version=9.0',
      true,
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
    ],
    // What Prometheus 2 sends, and Prometheus 3 with native histograms.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      true,
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
    ],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.1',
      true,
      'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
    ],
    [
      'application/openmetrics-text;version=1.0.0;q=0.1,text/plain;version=0.0.4;q=0.9',
      true,
      'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
    ],
    ['text/plain;escaping="values"', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=values'],
    ['text/plain;escaping=no-such-thing', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['application/openmetrics-text;q=0', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    [',;=;q=x,,', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
  ]
  for (const [accept, allowsOpenMetrics, contentType] of table)
    t.equal(negotiate(accept, allowsOpenMetrics).contentType, contentType, accept ?? 'no Accept header')
  t.ok(takesGzip('br, gzip;q=0.5'))
  t.notOk(takesGzip('gzip;q=0, br'))
  t.notOk(takesGzip(undefined))
})

test('names are escaped for a scraper that asks so, and collisions that this makes are left out', async (t) => {
  const exporter = await startExporter(t, { translation_strategy: 'NoTranslation', without_scope_info: true })
  await exporter.send([
    gauge('a.b', [1]),
    gauge('a_b', [2]),
    { name: 'a/b', sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: '3' }] } },
  ])
  const samples = async (escaping: string): Promise<string[]> =>
    samplesOf(await exporter.scrape({ accept: `text/plain;version=0.0.4;escaping=${escaping}` }))
  t.same(await samples('allow-utf-8'), ['{"a.b",i="0"} 1', '{"a/b"} 3', 'a_b{i="0"} 2'])
  t.same(await samples('underscores'), ['a_b{i="0"} 1'])
  t.same(await samples('dots'), ['a_dot_b{i="0"} 1', 'a__b 3'])
  t.same(await samples('values'), ['U__a_2e_b{i="0"} 1', 'U__a_2f_b 3', 'a_b{i="0"} 2'])
})

test('dots escape the underscores of plain names, too', async (t) => {
  const exporter = await startExporter(t, { without_scope_info: true })
  await exporter.send([gauge('a.b', [1])])
  t.same(samplesOf(await exporter.scrape({ accept: 'text/plain;escaping=dots' })), ['a__b{i="0"} 1'])
})

test('name[] asks for some families only', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('a', [1]), gauge('b', [2]), gauge('c', [3])])
  const response = await fetch(`${exporter.url}?name[]=c&name%5B%5D=a&name[]=nothing&other=x`)
  t.same(samplesOf(await response.text()), ['a{i="0"} 1', 'c{i="0"} 3'])
})

/** Far more than a piece. */
const many = gauge(
  'g',
  Array.from({ length: 20_000 }, (_, i) => i),
)

test('a long exposition comes in pieces and is the same with gzip', async (t) => {
  const exporter = await startExporter(t, { without_scope_info: true })
  await exporter.send([gauge('g', [1])])
  const get = async (encoding: string): Promise<{ response: IncomingMessage; body: Buffer }> => {
    const request = httpRequest(exporter.url, { headers: { 'accept-encoding': encoding } }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const body = Buffer.concat((await response.toArray()) as Buffer[])
    return { response, body: response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body }
  }
  const short = await get('gzip')
  t.equal(short.response.headers['content-encoding'], 'gzip')
  t.same(samplesOf(short.body.toString()), ['g{i="0"} 1'])

  await exporter.send([many])
  const [plain, zipped] = [await get('identity'), await get('gzip')]
  t.equal(plain.response.headers['transfer-encoding'], 'chunked')
  t.equal(plain.response.headers['content-encoding'], undefined)
  t.equal(zipped.response.headers['content-encoding'], 'gzip')
  t.equal(samplesOf(plain.body.toString()).length, 20_000)
  t.ok(zipped.body.equals(plain.body))
})

test('a scraper that goes away in the middle, or reads nothing, holds up nobody', async (t) => {
  const exporter = await startExporter(t, {
    write_timeout: '30s',
    // Then no socket's buffer holds an answer.
    const_labels: { pad: 'x'.repeat(1000) },
  })
  await exporter.send([many])
  const ask = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(exporter.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'readable')
    return socket
  }
  ;(await ask()).destroy()
  const stuck = await ask()
  t.equal(samplesOf(await exporter.scrape()).length, 20_000)
  await exporter.settings.clock.advance(31_000)
  stuck.resume()
  await once(stuck, 'close')
  t.equal(exporter.refused.get('write_timeout'), 1)
  t.equal(samplesOf(await exporter.scrape()).length, 20_000)
})

test('headers of the config, pages of other origins and connections that end', async (t) => {
  const exporter = await startExporter(t, {
    response_headers: { 'X-From': 'sluice' },
    cors: { allowed_origins: ['https://*.example.com'] },
    keep_alives_enabled: false,
  })
  const origin = 'https://a.example.com'
  const response = await fetch(exporter.url, { headers: { origin } })
  await response.text()
  t.equal(response.headers.get('x-from'), 'sluice')
  t.equal(response.headers.get('access-control-allow-origin'), origin)
  t.equal(response.headers.get('connection'), 'close')
  const preflight = await fetch(exporter.url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET' },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-origin'), origin)
  const stranger = await fetch(exporter.url, { headers: { origin: 'https://example.org' } })
  await stranger.text()
  t.equal(stranger.headers.get('access-control-allow-origin'), null)
})

test('TLS, with a certificate of the client when the config wants one', async (t) => {
  const ca = await authority()
  const server = await ca.issue('server')
  const client = await ca.issue('client')
  const folder = t.testdir({ 'ca.pem': ca.cert })
  const exporter = await startExporter(t, {
    tls: { cert_pem: server.cert, key_pem: server.key, client_ca_file: `${folder}/ca.pem` },
  })
  await exporter.send([gauge('g', [1])])
  t.match(exporter.url, /^https:/)
  const { request } = await import('node:https')
  const get = async (pair: { cert?: string; key?: string }): Promise<string> => {
    const [response] = await once(request(exporter.url, { ca: ca.cert, ...pair }).end(), 'response')
    return textOf(response)
  }
  t.same(samplesOf(await get(client)), ['g{i="0"} 1'])
  await t.rejects(get({}))
  await t.rejects(fetch(exporter.url.replace('https', 'http')))
})

test('a port in use fails the start and says so', async (t) => {
  const exporter = await startExporter(t)
  await t.rejects(startExporter(t, { endpoint: `127.0.0.1:${exporter.port}` }), { message: /in use/ })
})

test('a scrape that is under way when the agent stops is finished', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([many])
  const request = httpRequest(exporter.url).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const stopped = exporter.stop()
  await settle()
  t.equal(samplesOf(await textOf(response)).length, 20_000)
  await stopped
  await t.rejects(fetch(exporter.url))
  await exporter.stop()
})
