// Plain requests are read without node:http. Whatever bytes arrive, however they are cut: the answers must be those of node.
import { connect } from 'node:net'
import { type Test, test } from 'tap'
import { seeded } from '../data/random.ts'
import { Doorkeeper, guardedHost, WORD } from '../kit/doorkeeper.ts'
import { items } from '../kit/otlp.ts'
import { type StartedReceiver, startReceiver } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const body = Buffer.concat([...items.traces(2).chunks])

/** Sends the pieces one by one; the statuses of all answers, until the other side closes or has nothing more to say. */
async function statuses(port: number, pieces: readonly Buffer[]): Promise<string[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  const answers: Buffer[] = []
  socket.on('data', (bytes: Buffer) => answers.push(bytes))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  for (const piece of pieces) {
    if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve))
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
  await closed
  return [
    ...Buffer.concat(answers)
      .toString('latin1')
      .matchAll(/HTTP\/1\.1 (\d{3})/g),
  ].map((match) => match[1]!)
}

/** The same receiver, once with the plain reader, once (since its answers carry a header of their own) without. */
async function both(
  t: Test,
  http: object = {},
  keeper?: Doorkeeper,
): Promise<[plain: StartedReceiver, node: StartedReceiver]> {
  const options = keeper === undefined ? {} : { host: guardedHost(keeper) }
  return [
    await startReceiver(t, { http }, options),
    await startReceiver(t, { http: { ...http, response_headers: { 'X-Node': 'yes' } } }, options),
  ]
}

const request = (lines: readonly string[], content: Buffer = body): Buffer =>
  Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content])

const usual = [
  'POST /v1/traces HTTP/1.1',
  'Host: localhost',
  'Content-Type: application/x-protobuf',
  `Content-Length: ${body.length}`,
]

test('heads of every kind are answered as node answers them', async (t) => {
  const [plain, node] = await both(t)
  const heads: readonly (readonly string[])[] = [
    usual,
    [...usual, 'Connection: keep-alive'],
    [...usual, 'Connection: close'],
    [...usual, 'connection:KEEP-ALIVE', 'X-Anything:  at all \t'],
    [...usual, `content-length: ${body.length}`],
    [...usual, 'Content-Length: 1'],
    [...usual, 'Transfer-Encoding: chunked'],
    [...usual, 'Content-Encoding: identity'],
    [...usual, 'Content-Encoding: gzip'],
    [...usual, 'Content-Encoding: br'],
    [...usual, 'Expect: 100-continue'],
    [...usual, 'Upgrade: h2c', 'Connection: Upgrade'],
    [...usual, ' folded: line'],
    [...usual, 'Bad Name: x'],
    [...usual, ': no name'],
    [...usual, 'no colon'],
    [...usual, `X-Large: ${'x'.repeat(20_000)}`],
    [...usual, 'X-Latin: \xe9'],
    [...usual, 'X-Nul: \0'],
    ['POST /v1/traces HTTP/1.0', ...usual.slice(1)],
    ['POST /v1/traces HTTP/1.1', ...usual.slice(2)],
    ['POST /v1/none HTTP/1.1', ...usual.slice(1)],
    ['POST /v1/traces?x=1 HTTP/1.1', ...usual.slice(1)],
    ['POST http://x/v1/traces HTTP/1.1', ...usual.slice(1)],
    ['POST  /v1/traces HTTP/1.1', ...usual.slice(1)],
    ['GET /v1/traces HTTP/1.1', ...usual.slice(1)],
    ['post /v1/traces HTTP/1.1', ...usual.slice(1)],
    [...usual.slice(0, 2), 'Content-Type: application/x-protobuf; charset=utf-8', usual[3]!],
    [...usual.slice(0, 2), 'Content-Type: text/plain', usual[3]!],
    usual.slice(0, 3),
    [...usual.slice(0, 3), 'Content-Length: -1'],
    [...usual.slice(0, 3), 'Content-Length: 1e2'],
    [...usual.slice(0, 3), 'Content-Length: 99999999999999999999'],
    [...usual.slice(0, 3), 'Content-Length: 0'],
  ]
  for (const lines of heads) {
    const bytes = request(lines)
    const name = lines.slice(-2).join(' | ').slice(0, 80)
    t.strictSame(await statuses(plain.port, [bytes]), await statuses(node.port, [bytes]), name)
  }
  t.equal(plain.sinks.traces.items, node.sinks.traces.items)
  t.equal(plain.host.admittedBytes, 0)
})

test('a connection carries many requests, cut anywhere, with every span of each', async (t) => {
  const [plain, node] = await both(t)
  const random = seeded(11)
  let expected = 0
  let cases = 0
  for (let round = 0; round < 60; round++) {
    const requests: Buffer[] = []
    for (let count = 1 + random(5); count > 0; count--) {
      const content = Buffer.concat([...items.traces(1 + random(200)).chunks])
      requests.push(request([...usual.slice(0, 3), `Content-Length: ${content.length}`], content))
    }
    const all = Buffer.concat(requests)
    const pieces: Buffer[] = []
    for (let at = 0; at < all.length; ) {
      const size = random(3) === 0 ? 1 + random(100) : 1 + random(all.length)
      pieces.push(all.subarray(at, at + size))
      at += size
    }
    const answers = await statuses(plain.port, pieces)
    t.strictSame(answers, await statuses(node.port, pieces))
    expected += answers.length
    cases++
  }
  t.ok(expected > 60)
  t.equal(plain.sinks.traces.items, node.sinks.traces.items)
  t.equal(plain.host.admittedBytes, 0)
  t.ok(cases > 0)
})

test('a head with bytes changed at random is answered as node answers it', async (t) => {
  const [plain, node] = await both(t)
  const random = seeded(23)
  const whole = request([...usual, 'User-Agent: test/1.0'])
  const headSize = whole.length - body.length
  let cases = 0
  for (let round = 0; round < 250; round++) {
    const bytes = Buffer.from(whole)
    for (let flips = 1 + random(2); flips > 0; flips--) bytes[random(headSize)] = random(256)
    t.strictSame(
      await statuses(plain.port, [bytes]),
      await statuses(node.port, [bytes]),
      bytes.subarray(0, headSize).toString('latin1'),
    )
    cases++
  }
  t.equal(plain.sinks.traces.items, node.sinks.traces.items)
  t.ok(cases > 0)
})

test('a body that does not come whole is taken back, and nothing of it arrives', async (t) => {
  const [plain] = await both(t)
  t.strictSame(await statuses(plain.port, [request(usual, body.subarray(1))]), [])
  t.equal(plain.sinks.traces.items, 0)
  t.equal(plain.refused.get('aborted'), 1)
  t.strictSame(await statuses(plain.port, [request(usual)]), ['200'])
})

test('connections that say nothing, stop in the middle or stay idle are closed in time', async (t) => {
  const [plain] = await both(t)
  const silent = connect(plain.port, '127.0.0.1')
  const half = connect(plain.port, '127.0.0.1')
  const idle = connect(plain.port, '127.0.0.1')
  half.write(request(usual, body.subarray(1)))
  idle.write(request(usual))
  const [answer] = (await new Promise((resolve) => idle.once('data', (bytes: Buffer) => resolve([bytes])))) as [Buffer]
  t.match(answer.toString('latin1'), /^HTTP\/1\.1 200 OK\r\n/)
  const closed = (socket: typeof silent) =>
    new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (bytes) => (text += bytes.toString('latin1')))
      socket.once('close', () => resolve(text))
    })
  const ends = [closed(silent), closed(half), closed(idle)]
  await plain.settings.clock.advance(11_000)
  t.match(await ends[0], /408/)
  await plain.settings.clock.advance(20_000)
  t.match(await ends[1], /408/)
  await plain.settings.clock.advance(90_000)
  t.equal(await ends[2], '')
  t.strictSame(
    [...plain.refused],
    [
      ['header_timeout', 1],
      ['body_timeout', 1],
    ],
  )
})

test('headers are handed on as node hands them on', async (t) => {
  const [plain, node] = await both(t, { include_metadata: true })
  const heads: readonly (readonly string[])[] = [
    [...usual, 'X-Tenant: a'],
    [
      ...usual,
      'X-Tenant: a',
      'x-tenant:\tb \t',
      'X-Empty:',
      'X-Colons: a:b: c',
      'Authorization: one',
      'authorization: two',
    ],
  ]
  for (const lines of heads) {
    t.strictSame(await statuses(plain.port, [request(lines)]), ['200'])
    t.strictSame(await statuses(node.port, [request(lines)]), ['200'])
  }
  const [first, second] = [plain, node].map(({ sinks }) => sinks.traces.contexts.map(({ metadata }) => [...metadata]))
  t.equal(first!.length, heads.length)
  t.strictSame(first, second)
  t.strictSame(new Map(first![1]).get('x-tenant'), ['a', 'b'])
})

test('who sends is asked as node asks it, at once or after a while, with the body cut anywhere', async (t) => {
  const keeper = new Doorkeeper()
  const [plain, node] = await both(t, { auth: { authenticator: 'door' } }, keeper)
  const random = seeded(37)
  const said = [WORD, 'something else', undefined]
  let cases = 0
  for (let round = 0; round < 60; round++) {
    keeper.until = random(2) === 0 ? undefined : new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    const pieces: Buffer[] = []
    // With a refusal a connection ends.
    const last = said[random(said.length)]
    for (const word of [...Array.from({ length: random(3) }, () => WORD), last]) {
      const bytes = request(word === undefined ? usual : [...usual, `Authorization: ${word}`])
      const at = random(bytes.length)
      pieces.push(bytes.subarray(0, at), bytes.subarray(at))
    }
    const [expected, got] = [await statuses(node.port, pieces), await statuses(plain.port, pieces)]
    t.strictSame(got, expected)
    cases++
  }
  t.equal(plain.sinks.traces.items, node.sinks.traces.items)
  t.ok(plain.sinks.traces.items > 0)
  t.equal(plain.refused.get('unauthenticated'), node.refused.get('unauthenticated'))
  t.equal(plain.host.admittedBytes, 0)
  t.ok(cases > 0)
})

test('what node is asked of a header that comes twice is what the plain reader is asked', async (t) => {
  const keeper = new Doorkeeper()
  const [plain, node] = await both(t, { auth: { authenticator: 'door' } }, keeper)
  const lines = [...usual, `authorization: ${WORD}`, 'Authorization: another']
  t.strictSame(await statuses(plain.port, [request(lines)]), ['200'])
  t.strictSame(await statuses(node.port, [request(lines)]), ['200'])
  t.strictSame(
    keeper.asked.map(({ transport, said }) => [transport, said]),
    [
      ['http', WORD],
      ['http', WORD],
    ],
  )
  t.strictSame(keeper.asked[0], keeper.asked[1])
})

test('nothing is reserved for who is not known yet, and nothing stays of who is gone by then', async (t) => {
  const keeper = new Doorkeeper()
  const { promise, resolve } = Promise.withResolvers<void>()
  keeper.until = promise
  const [plain] = await both(t, { auth: { authenticator: 'door' } }, keeper)
  const socket = connect(plain.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(request([...usual, `Authorization: ${WORD}`]))
  await until(() => keeper.asked.length === 1)
  t.equal(plain.host.admittedBytes, 0)
  const stopped = plain.stop(AbortSignal.abort())
  await new Promise((closed) => socket.once('close', closed))
  resolve()
  await stopped
  t.equal(plain.host.admittedBytes, 0)
  t.equal(plain.sinks.traces.items, 0)
})
