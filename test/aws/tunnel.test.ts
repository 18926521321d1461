// AWS behind a proxy, as in networks that let nobody out by himself: the client asks it for a tunnel (CONNECT) and speaks TLS
// with AWS through it. The name of the service is the real one; only the proxy knows where it is.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { type AwsApi, AwsClient, awsSettings, deliveryError } from '../../src/aws/index.ts'
import { section } from '../../src/config/schema.ts'
import { RetryableError } from '../../src/contract/index.ts'
import { type TestSettings, testSettings } from '../../src/testing/index.ts'
import { AwsEmulator, TEST_KEY } from '../emulator/server.ts'
import { authority } from '../kit/certificates.ts'
import { until } from '../kit/until.ts'

const HOST = 'logs.eu-west-1.amazonaws.com'
const api: AwsApi = {
  signingName: 'logs',
  endpointPrefix: 'logs',
  endpointVariable: 'CLOUDWATCH_LOGS',
  protocol: { type: 'json', version: '1.1', targetPrefix: 'Logs_20140328' },
}
const call = { operation: 'PutLogEvents', chunks: [Buffer.from('{}')], sizeBytes: 2 }
const never = new AbortController().signal
const ca = await authority()
const pair = await ca.issue(HOST)

/** A proxy that tunnels to one port whatever name it is asked for, or answers as it is told to. */
class TunnelProxy {
  readonly asked: { readonly authority: string; readonly authorization: string | undefined }[] = []
  /** What it says instead of opening a tunnel; an empty text is silence. */
  answer: string | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(targetPort: number) {
    this.#server = createServer((_, response) => response.writeHead(500).end())
    this.#server.on('connect', (request, socket: Socket) => {
      this.asked.push({ authority: request.url ?? '', authorization: request.headers['proxy-authorization'] })
      this.#track(socket)
      if (this.answer === '') return void socket.on('end', () => socket.destroy()).resume()
      if (this.answer !== undefined) return void socket.end(this.answer)
      const through = connect(targetPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        through.pipe(socket).pipe(through)
      })
      this.#track(through)
    })
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }
  /** Ends of connections, its own and those of its tunnels. */
  get open(): number {
    return this.#sockets.size
  }
  /** Every tunnel is cut. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
  async stop(): Promise<void> {
    this.cut()
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

interface Scene {
  readonly emulator: AwsEmulator
  readonly proxy: TunnelProxy
  /** A client for the real name of the service. */
  client(
    input: object,
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ readonly client: AwsClient; readonly settings: TestSettings }>
}

/** CloudWatch Logs over TLS, with a certificate for its real name, behind a proxy. */
async function scene(t: Test): Promise<Scene> {
  const { clock } = testSettings()
  const emulator = await AwsEmulator.start(t, {
    service: 'logs',
    operations: { PutLogEvents: () => ({ nextSequenceToken: '1' }) },
    now: () => clock.now(),
  })
  const tls = createTlsServer(pair, (socket) => {
    const inside = connect(emulator.port, '127.0.0.1')
    for (const one of [socket, inside]) one.on('error', () => {})
    inside.pipe(socket).pipe(inside)
    socket.on('close', () => inside.destroy())
  })
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  const proxy = await new TunnelProxy((tls.address() as AddressInfo).port).start()
  t.teardown(async () => {
    await proxy.stop()
    tls.close()
  })
  const file = join(t.testdir({}), 'ca.pem')
  writeFileSync(file, ca.cert)
  return {
    emulator,
    proxy,
    async client(input, environment = {}) {
      const settings = testSettings()
      const config = v.parse(section(awsSettings), { region: 'eu-west-1', certificate_file_path: file, ...input })
      const client = new AwsClient(api, config, settings, { environment, load: async () => TEST_KEY })
      t.teardown(() => client.close())
      await client.start()
      return { client, settings }
    },
  }
}

async function errorOf(client: AwsClient): Promise<{ message: string; refusal?: string; code?: string }> {
  const error: unknown = await client.call(call, never).catch((reason: unknown) => reason)
  if (!(error instanceof Error)) throw new Error('the call was answered')
  if (!(deliveryError(error) instanceof RetryableError)) throw new Error(`it is final: ${error.message}`)
  return error
}

test('AWS is reached through a tunnel of the proxy, by the name that only the proxy can resolve; credentials go along', async (t) => {
  const { emulator, proxy, client } = await scene(t)
  const proxy_address = proxy.url.replace('://', '://team:s%40cret@')
  const { client: tunnelled } = await client({ proxy_address })
  for (let i = 0; i < 3; i++) t.same(await tunnelled.call(call, never), { nextSequenceToken: '1' })
  const authorization = `Basic ${Buffer.from('team:s@cret').toString('base64')}`
  t.strictSame(proxy.asked, [{ authority: `${HOST}:443`, authorization }], 'one tunnel for all of them')
  t.equal(emulator.requests.length, 3)
  t.equal(emulator.requests[0]!.headers.host, HOST)
  t.notOk('proxy-authorization' in emulator.requests[0]!.headers, 'AWS never sees the password of the proxy')
})

test('HTTPS_PROXY and NO_PROXY are followed, a setting comes before them', async (t) => {
  const { proxy, client } = await scene(t)
  for (const name of ['HTTPS_PROXY', 'https_proxy']) {
    const { client: tunnelled } = await client({}, { [name]: proxy.url })
    t.same(await tunnelled.call(call, never), { nextSequenceToken: '1' })
  }
  t.equal(proxy.asked.length, 2)
  const { client: configured } = await client(
    { proxy_address: proxy.url },
    { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' },
  )
  t.same(await configured.call(call, never), { nextSequenceToken: '1' })
  t.equal(proxy.asked.length, 3)
  const endpoint = 'https://logs.invalid'
  const { client: direct } = await client({ endpoint }, { HTTPS_PROXY: proxy.url, NO_PROXY: '.invalid' })
  t.match((await errorOf(direct)).message, /logs\.invalid/)
  t.equal(proxy.asked.length, 3, 'what NO_PROXY names does not go there')
})

test('a proxy that refuses is named with what it answers, and asked again later', async (t) => {
  const { emulator, proxy, client } = await scene(t)
  const proxy_address = proxy.url.replace('://', '://team:secret@')
  const { client: tunnelled } = await client({ proxy_address })
  const { host } = new URL(proxy.url)
  for (const [status, text] of [
    [407, 'Proxy Authentication Required'],
    [403, 'Forbidden'],
    [502, 'Bad Gateway'],
  ] as const) {
    proxy.answer = `HTTP/1.1 ${status} ${text}\r\ncontent-length: 0\r\nproxy-authenticate: Basic realm="x"\r\n\r\n`
    const { message, refusal } = await errorOf(tunnelled)
    t.equal(refusal, 'transient')
    t.match(message, new RegExp(`^${HOST}: proxy ${host} answers ${status} to CONNECT`))
    t.equal(/wants a user and a password/.test(message), status === 407)
    t.notMatch(message, /secret/)
  }
  proxy.answer = undefined
  t.same(await tunnelled.call(call, never), { nextSequenceToken: '1' })
  t.equal(emulator.requests.length, 1)
})

test('a proxy that is not there, talks nonsense, or closes the connection: the error says that it is the proxy', async (t) => {
  const { proxy, client } = await scene(t)
  const { client: tunnelled } = await client({ proxy_address: proxy.url })
  const { host } = new URL(proxy.url)
  for (const answer of ['SSH-2.0-OpenSSH_9.6\r\n', '\r\n\r\n']) {
    proxy.answer = answer
    t.match(
      (await errorOf(tunnelled)).message,
      new RegExp(`^${HOST}: proxy ${host}: .*(closed the connection|is no HTTP)`),
      JSON.stringify(answer),
    )
  }
  await proxy.stop()
  const { message } = await errorOf(tunnelled)
  t.match(message, new RegExp(`^${HOST}: proxy ${host}: .*nothing listens there`))
})

test('a proxy that says nothing, and a tunnel that is cut, cost an attempt', async (t) => {
  const { emulator, proxy, client } = await scene(t)
  const { client: tunnelled, settings } = await client({ proxy_address: proxy.url, request_timeout_seconds: 7 })
  proxy.answer = ''
  const silent = errorOf(tunnelled)
  await until(() => proxy.asked.length === 1)
  await settings.clock.advance(7000)
  t.match(await silent, { code: 'RequestTimeout', message: 'no answer within 7 s' })
  await until(() => proxy.open === 0)
  proxy.answer = undefined
  emulator.faults.push('hang')
  const cut = errorOf(tunnelled)
  await until(() => emulator.requests.length === 1)
  proxy.cut()
  t.match(await cut, { refusal: 'transient', code: 'ConnectionError' })
  t.same(await tunnelled.call(call, never), { nextSequenceToken: '1' })
})

test('who is behind the tunnel must be AWS: its certificate is checked against the name', async (t) => {
  const { proxy, client } = await scene(t)
  const { client: strict } = await client({ proxy_address: proxy.url, certificate_file_path: '' })
  t.match((await errorOf(strict)).message, /not signed by an authority that is trusted/)
  const { client: misled } = await client({ proxy_address: proxy.url, endpoint: 'https://logs.example.com' })
  t.match((await errorOf(misled)).message, /the certificate is for another name/)
})
