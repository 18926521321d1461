import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { type HttpAttempt, type HttpAuthenticator, PermanentError, RetryableError } from '../../src/contract/index.ts'
import { Batch } from '../../src/data/index.ts'
import { checkHttpClient, httpClientSettings } from '../../src/net/client-config.ts'
import { HttpClient } from '../../src/net/http-client.ts'
import { type TestSettings, testHost, testSettings } from '../../src/testing/index.ts'
import { authority } from '../kit/certificates.ts'
import { type Answer, FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { items } from '../kit/otlp.ts'

const schema = v.pipe(section(httpClientSettings({ compression: '' })), checkHttpClient())
const never = new AbortController().signal
const batch = items.traces(3)
const bytes = Buffer.concat(batch.chunks)

async function server(t: Test, ...answers: Answer[]): Promise<FakeOtlpHttp> {
  const fake = await new FakeOtlpHttp().start()
  fake.answers.push(...answers)
  t.teardown(async () => {
    await fake.stop()
    assert.deepEqual(fake.violations, [])
  })
  return fake
}

interface Opened {
  readonly client: HttpClient
  readonly settings: TestSettings
  post(chunks?: readonly Uint8Array[], abort?: AbortSignal): ReturnType<HttpClient['post']>
}

async function open(t: Test, url: string, config: object = {}, environment = {}): Promise<Opened> {
  const settings = testSettings()
  const client = new HttpClient(v.parse(schema, config), settings, environment)
  t.teardown(() => client.close())
  const target = await client.target(`${url}/v1/traces`, {
    'content-type': 'application/x-protobuf',
    'user-agent': 'test/1',
  })
  return {
    client,
    settings,
    post(chunks = [bytes], abort = never) {
      const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      return client.post(target, chunks, sizeBytes, abort)
    },
  }
}

test('chunks arrive one after the other as one body with its length', async (t) => {
  const fake = await server(t)
  const { post } = await open(t, fake.url)
  const many = Array.from({ length: 3000 }, () => Batch.chunksOf(batch)[0]!.bytes)
  const reply = await post(many)
  t.equal(reply.status, 200)
  t.ok(fake.requests[0]!.body.equals(Buffer.concat(many)))
  t.equal(fake.requests[0]!.items, 9000)
})

test('an empty list is an empty body', async (t) => {
  const fake = await server(t)
  const { post } = await open(t, fake.url)
  t.equal((await post([])).status, 200)
  t.equal(fake.requests[0]!.headers.get('content-length'), '0')
})

test('one connection serves requests one after the other, several serve them at once', async (t) => {
  const fake = await server(t)
  const { post } = await open(t, fake.url)
  for (let i = 0; i < 5; i++) await post()
  t.equal(fake.connections, 1)
  await Promise.all(Array.from({ length: 4 }, () => post()))
  t.equal(fake.connections, 4)
})

test('max_conns_per_host makes requests wait for a connection', async (t) => {
  const fake = await server(t)
  const { post } = await open(t, fake.url, { max_conns_per_host: 2 })
  await Promise.all(Array.from({ length: 10 }, () => post()))
  t.equal(fake.connections, 2)
})

test('connections beyond max_idle_conns close, and none stays open without keepalive', async (t) => {
  for (const [config, idle] of [
    [{ keepalive: { max_idle_conns: 1 } }, 1],
    [{ max_idle_conns_per_host: 2 }, 2],
    [{ keepalive: { enabled: false } }, 0],
    [{ disable_keep_alives: true }, 0],
  ] as const) {
    const fake = await server(t)
    const { post } = await open(t, fake.url, config)
    await Promise.all(Array.from({ length: 4 }, () => post()))
    await Promise.all(Array.from({ length: 4 }, () => post()))
    t.equal(fake.connections, 8 - idle, JSON.stringify(config))
  }
})

test('every compression arrives as the same bytes, with its name', async (t) => {
  for (const compression of ['gzip', 'zstd', 'zlib', 'deflate', 'none', '']) {
    const fake = await server(t)
    const { post } = await open(t, fake.url, { compression })
    const many = Array.from({ length: 5000 }, () => bytes)
    await post(many)
    const name = compression === 'none' || compression === '' ? undefined : compression
    t.equal(fake.requests[0]!.headers.get('content-encoding'), name)
    t.ok(fake.requests[0]!.body.equals(Buffer.concat(many)), compression)
  }
})

test('headers of the config are sent, win over the own ones, and are never logged', async (t) => {
  const fake = await server(t)
  const { post, settings } = await open(t, fake.url, {
    headers: { Authorization: 'Bearer s3cret', 'User-Agent': 'mine', Host: 'example.com' },
  })
  await post()
  const { headers } = fake.requests[0]!
  t.equal(headers.get('authorization'), 'Bearer s3cret')
  t.equal(headers.get('user-agent'), 'mine')
  t.equal(headers.get('host'), 'example.com')
  t.notMatch(JSON.stringify(settings.lines), /s3cret/)
})

test('a user and a password in the URL become a header, unless the config has one', async (t) => {
  const fake = await server(t)
  const url = fake.url.replace('http://', 'http://us%40er:pass@')
  await (await open(t, url)).post()
  t.equal(fake.requests[0]!.headers.get('authorization'), `Basic ${Buffer.from('us@er:pass').toString('base64')}`)
  await (await open(t, url, { headers: { authorization: 'Bearer x' } })).post()
  t.equal(fake.requests[1]!.headers.get('authorization'), 'Bearer x')
})

test('redirects are not followed, not even to a place that would work', async (t) => {
  const other = await server(t)
  const fake = await server(t, { status: 307, headers: { location: `${other.url}/v1/traces` } })
  const { post } = await open(t, fake.url)
  t.equal((await post()).status, 307)
  t.equal(other.requests.length, 0)
})

test('an answer has its status, type, Retry-After and body', async (t) => {
  const fake = await server(t, {
    status: 503,
    headers: { 'content-type': 'Application/JSON; charset=utf-8', 'retry-after': '7' },
    body: '{}',
  })
  const { post } = await open(t, fake.url)
  const reply = await post()
  t.match(reply, { status: 503, contentType: 'application/json', retryAfter: '7' })
  t.equal(reply.body.toString(), '{}')
})

test('a compressed answer is decompressed, though nobody asked for it', async (t) => {
  const body = gzipSync('partial')
  const fake = await server(t, { status: 200, headers: { 'content-encoding': 'gzip' }, body })
  const { post } = await open(t, fake.url)
  t.equal((await post()).body.toString(), 'partial')
})

test('an answer beyond 4 MiB is given up and its connection closed (V3, F24)', async (t) => {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const fake = await server(
    t,
    // Says so at once…
    { raw: `HTTP/1.1 200 OK\r\ncontent-length: ${1 << 30}\r\n\r\n` },
    // …or goes on and on…
    (request) => {
      request.socket.write('HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n')
      const more = (): void => {
        while (!request.socket.destroyed && request.socket.write(`100000\r\n${chunk}\r\n`));
      }
      request.socket.on('drain', more)
      more()
    },
    // …or grows when it is decompressed.
    { status: 200, headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(64 << 20)) },
  )
  const { post } = await open(t, fake.url)
  for (let i = 0; i < 3; i++) {
    const error = await post().then(
      () => undefined,
      (error: unknown) => error,
    )
    t.ok(error instanceof PermanentError, `case ${i}`)
    t.equal((error as PermanentError).reason, 'response_too_large')
  }
  t.equal(fake.connections, 3, 'none of the connections is used again but the last')
  t.equal((await post()).status, 200, 'the next good request is served')
})

test('an answer with an unknown or a broken compression is final', async (t) => {
  const fake = await server(
    t,
    { status: 200, headers: { 'content-encoding': 'br' }, body: 'x' },
    { status: 200, headers: { 'content-encoding': 'gzip' }, body: 'no gzip' },
  )
  const { post } = await open(t, fake.url)
  await t.rejects(post(), { name: 'PermanentError', reason: 'bad_response' })
  await t.rejects(post(), { name: 'PermanentError', reason: 'bad_response' })
})

test('aborting destroys the connection: while connecting, while nothing comes, while a byte comes now and then (F23, F24)', async (t) => {
  const fake = await server(t, 'hang', { raw: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc' })
  const { post } = await open(t, fake.url)
  for (const which of ['before', 'hang', 'trickle']) {
    const controller = new AbortController()
    const reason = new RetryableError('the attempt took too long', { reason: 'timeout' })
    if (which === 'before') controller.abort(reason)
    const posted = post([bytes], controller.signal)
    posted.catch(() => {})
    if (which !== 'before') {
      await fake.arrived(which === 'hang' ? 1 : 2)
      controller.abort(reason)
    }
    await t.rejects(posted, { name: 'RetryableError', reason: 'timeout' }, which)
  }
  for (const socket of fake.sockets) if (!socket.destroyed) await new Promise((resolve) => socket.on('close', resolve))
  t.equal(fake.sockets.size, 0)
})

test('a connection that closes or resets before an answer is retryable; the batch was sent once (F22)', async (t) => {
  for (const answer of ['reset', 'close'] as const) {
    const fake = await server(t, answer)
    const { post } = await open(t, fake.url)
    await t.rejects(post(), { name: 'RetryableError', reason: 'connection_error' }, answer)
    t.equal(fake.requests.length, 1)
    t.equal((await post()).status, 200)
  }
})

test('an answer that breaks off is retryable when it was to be a success, an answer when it was an error', async (t) => {
  const half = (status: number) => ({ raw: `HTTP/1.1 ${status} X\r\ncontent-length: 10\r\n\r\nabc`, thenClose: true })
  const fake = await server(t, half(200), half(400))
  const { post } = await open(t, fake.url)
  await t.rejects(post(), { name: 'RetryableError' })
  t.equal((await post()).status, 400)
})

test('an answer that nobody asked for is retryable, early hints are none', async (t) => {
  const fake = await server(
    t,
    { raw: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n' },
    {
      raw: 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    },
  )
  const { post } = await open(t, fake.url)
  await t.rejects(post(), { name: 'RetryableError', reason: 'connection_error' })
  t.equal((await post()).status, 200)
})

test('an idle connection that the server closes meanwhile is replaced without a failure', async (t) => {
  const fake = await server(t)
  const { post } = await open(t, fake.url)
  await post()
  // The request that follows reaches a connection that is being reset: the batch goes out again at once.
  fake.answers.push('reset')
  t.equal((await post()).status, 200)
  t.equal(fake.connections, 2)
  t.equal(fake.requests.length, 3)
})

test('what is wrong with a connection is said with a hint', async (t) => {
  const closed = await server(t)
  await closed.stop()
  const refused = await open(t, closed.url)
  await t.rejects(refused.post(), { name: 'RetryableError', message: /ECONNREFUSED.*nothing listens there/ })
  const noHttp = await server(t, { raw: Buffer.from([0, 0, 18, 4, 0, 0, 0, 0, 0]), thenClose: true })
  await t.rejects((await open(t, noHttp.url)).post(), { message: /no HTTP.*gRPC/ })
  const plain = await server(t)
  const tls = await open(t, plain.url.replace('http:', 'https:'))
  await t.rejects(tls.post(), {
    name: 'RetryableError',
    message: /^[^ ]+: [a-z ]+ \(the server does not speak TLS[^\n]*\)$/,
  })
  plain.violations.length = 0
})

const ca = await authority()
const pair = await ca.issue('otlp.test')
const mine = await ca.issue('client.test')

test('TLS: an authority, a name, a certificate of our own; what fails is retryable and says why (F27)', async (t) => {
  const fake = await new FakeOtlpHttp({ ...pair, ca: ca.cert, requestCert: true, rejectUnauthorized: true }).start()
  t.teardown(() => fake.stop())
  const own = { cert_pem: mine.cert, key_pem: mine.key }
  const good = await open(t, fake.url, { tls: { ca_pem: ca.cert, ...own } })
  t.equal((await good.post()).status, 200)
  const named = await open(t, fake.url, { tls: { ca_pem: ca.cert, server_name_override: 'otlp.test', ...own } })
  t.equal((await named.post()).status, 200)
  const skipping = await open(t, fake.url, { tls: { insecure_skip_verify: true, ...own } })
  t.equal((await skipping.post()).status, 200)
  const untrusting = await open(t, fake.url, { tls: own })
  await t.rejects(untrusting.post(), { name: 'RetryableError', message: /tls::ca_file/ })
  const misnamed = await open(t, fake.url, { tls: { ca_pem: ca.cert, server_name_override: 'other.test', ...own } })
  await t.rejects(misnamed.post(), { name: 'RetryableError', message: /server_name_override/ })
  const nobody = await open(t, fake.url, { tls: { ca_pem: ca.cert } })
  await t.rejects(nobody.post(), { name: 'RetryableError', message: /wants a certificate.*tls::cert_file/ })
  t.same(fake.violations, [])
})

test('certificates in files are read again every reload_interval', async (t) => {
  const fake = await new FakeOtlpHttp({ ...pair }).start()
  t.teardown(() => fake.stop())
  const ca_file = join(t.testdir({ 'ca.pem': (await authority('another')).cert }), 'ca.pem')
  const { post, settings } = await open(t, fake.url, { tls: { ca_file, reload_interval: '1m' } })
  await t.rejects(post(), { message: /tls::ca_file/ })
  writeFileSync(ca_file, ca.cert)
  await t.rejects(post(), { message: /tls::ca_file/ })
  await settings.clock.advance(60_000)
  for (let isTrusted = false; !isTrusted; )
    isTrusted = await post().then(
      () => true,
      () => false,
    )
  t.equal(fake.requests.length, 1)
})

test('a proxy gets requests for http as they are, and tunnels for https, each with its credentials', async (t) => {
  const plain = await server(t)
  const secure = await new FakeOtlpHttp({ ...pair }).start()
  t.teardown(() => secure.stop())
  const seen: { line: string; authorization: string | undefined }[] = []
  const proxy = createServer((request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, authorization: request.headers['proxy-authorization'] })
    request.resume().on('end', () => response.end())
  })
  proxy.on('connect', (request, socket) => {
    seen.push({ line: `CONNECT ${request.url}`, authorization: request.headers['proxy-authorization'] })
    const through = connect(secure.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    through.on('error', () => {})
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  const { port } = proxy.address() as { port: number }
  const proxy_url = `http://user:p%40ss@127.0.0.1:${port}`
  const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
  const http = await open(t, plain.url, { proxy_url })
  t.equal((await http.post()).status, 200)
  const https = await open(t, secure.url, { proxy_url, tls: { ca_pem: ca.cert } })
  t.equal((await https.post()).status, 200)
  t.same(seen, [
    { line: `POST ${plain.url}/v1/traces`, authorization },
    { line: `CONNECT 127.0.0.1:${secure.port}`, authorization },
  ])
  t.equal(plain.requests.length, 0)
  t.equal(secure.requests.length, 1)

  const fromEnvironment = await open(t, 'http://otlp.example:4318', {}, { HTTP_PROXY: proxy_url })
  t.equal((await fromEnvironment.post()).status, 200)
  t.equal(seen.at(-1)!.line, 'POST http://otlp.example:4318/v1/traces')
})

test('cookies go back to who set them, when asked to', async (t) => {
  for (const cookies of [{}, undefined]) {
    const fake = await server(t, { status: 200, headers: { 'set-cookie': 'AWSALB=one; Path=/' } })
    const { post } = await open(t, fake.url, { cookies })
    await post()
    await post()
    t.equal(fake.requests[1]!.headers.get('cookie'), cookies && 'AWSALB=one')
  }
})

test('a proxy of the environment that cannot be used is an error at start, without its password', async (t) => {
  await t.rejects(open(t, 'http://otlp.example', {}, { HTTP_PROXY: 'socks5://user:hush@p:1' }), {
    message: /^HTTP_PROXY: SOCKS proxies are not supported/,
  })
})

test('certificates that cannot be read are an error at start, unless nothing needs them', async (t) => {
  const tls = { ca_file: '/does/not/exist.pem' }
  await t.rejects(open(t, 'https://otlp.example', { tls }), { message: /tls::ca_file/ })
  await open(t, 'http://otlp.example', { tls })
})

/** An authenticator that gives these headers, and mends as often as it is told to. */
function opened(t: Test, url: string, who: Partial<HttpAuthenticator>, config: object = {}) {
  const client = new HttpClient(v.parse(schema, { auth: { authenticator: 'who' }, ...config }), testSettings(), {})
  t.teardown(() => client.close())
  client.start(testHost({ extensions: new Map([['who', { ...who }]]) }))
  return {
    async post(chunks: readonly Uint8Array[] = [bytes]) {
      const target = await client.target(`${url}/v1/traces`, {
        'content-type': 'application/x-protobuf',
        'user-agent': 'test/1',
      })
      return client.post(target, chunks, bytes.length, never)
    },
  }
}

test('an authenticator sees what goes out, and its headers replace those of the config', async (t) => {
  const fake = await server(t)
  const seen: HttpAttempt[] = []
  const { post } = opened(
    t,
    fake.url,
    {
      authenticate(attempt) {
        seen.push(attempt)
        return { authorization: 'Own token' }
      },
    },
    { compression: 'gzip', headers: { Authorization: 'Basic x', 'X-Tenant': 'a' } },
  )
  await post()
  t.equal(fake.requests[0]!.headers.get('authorization'), 'Own token')
  t.match(seen[0], { method: 'POST', url: new URL(`${fake.url}/v1/traces`) })
  t.match(seen[0]!.headers, { 'content-encoding': 'gzip', 'x-tenant': 'a', host: `127.0.0.1:${fake.port}` })
  t.ok(Buffer.concat(seen[0]!.chunks).equals(fake.requests[0]!.raw))
})

test('what an authenticator mends is sent again, twice at most', async (t) => {
  const refused = { status: 401, body: 'who?' }
  const fake = await server(t, refused, refused, refused, refused)
  let asked = 0
  const who: Partial<HttpAuthenticator> = {
    authenticate: async () => ({ authorization: `token ${++asked}` }),
    mend: ({ status, body, proof }) => status === 401 && body.toString() === 'who?' && 'authorization' in proof,
  }
  t.equal((await opened(t, fake.url, who).post()).status, 401)
  t.same(
    fake.requests.map(({ headers }) => headers.get('authorization')),
    ['token 1', 'token 2', 'token 3'],
  )
  const final = opened(t, fake.url, { ...who, mend: () => false })
  t.equal((await final.post()).status, 401)
  t.equal(fake.requests.length, 4)
})

test('an authenticator without a token now is a request that may pass later', async (t) => {
  const fake = await server(t)
  const who = opened(t, fake.url, {
    async authenticate() {
      throw new RetryableError('the issuer is down', { reason: 'no_token' })
    },
  })
  await t.rejects(who.post(), { name: 'RetryableError', message: 'the issuer is down' })
  t.equal(fake.requests.length, 0)
})

test('an extension that is no authenticator is told at the start', async (t) => {
  t.throws(() => opened(t, 'http://x', {}), { message: /auth::authenticator: who is no authenticator of HTTP clients/ })
})
