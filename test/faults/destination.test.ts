// What can be wrong with a destination and the line to it, seen by a whole agent: its own accounts add up at every scrape,
// during the fault as after it (F19, F20, F22 to F25).
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { FakeOtlpGrpc, type GrpcAnswer } from '../kit/fake-otlp-grpc.ts'
import { type Answer, FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { items } from '../kit/otlp.ts'
import { contradictions, OWN_METRICS, type OwnAccount, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { bytesOf, send } from '../kit/receiver.ts'
import { TcpProxy } from '../kit/tcp-proxy.ts'

type Kind = 'otlp_http' | 'otlp_grpc'
const REQUEST = 10
const ten = bytesOf(items.traces(REQUEST))
const EDGES = [
  ['receiver otlp traces', 'processor batch traces'],
  ['processor batch traces', 'exporter otlp_http traces'],
  ['processor batch traces', 'exporter otlp_grpc traces'],
] as const

class Rig {
  readonly proxy: TcpProxy
  readonly destination: FakeOtlpHttp | FakeOtlpGrpc
  readonly #t: Test
  readonly #kind: Kind
  readonly #agent: SluiceProcess
  /** What it has acknowledged. */
  sent = 0
  scrapes = 0

  constructor(
    t: Test,
    kind: Kind,
    of: { readonly agent: SluiceProcess; readonly proxy: TcpProxy; readonly destination: FakeOtlpHttp | FakeOtlpGrpc },
  ) {
    this.#t = t
    this.#kind = kind
    this.#agent = of.agent
    this.proxy = of.proxy
    this.destination = of.destination
  }

  async send(requests: number): Promise<void> {
    const url = `${this.#agent.endpoints('receiver otlp')[0]}/v1/traces`
    for (let i = 0; i < requests; i++) {
      this.#t.equal((await send(url, ten)).status, 200)
      this.sent += REQUEST
    }
  }

  /** Scrapes until the exporter's account is as wanted; what contradicts itself on the way fails the test. */
  async when(isSo: (exporter: OwnAccount) => boolean): Promise<OwnAccount> {
    for (;;) {
      const accounts = await ownAccounts(this.#agent)
      this.scrapes++
      const wrong = contradictions(accounts, EDGES)
      if (wrong.length > 0) this.#t.strictSame(wrong, [])
      const exporter = accounts.get(`exporter ${this.#kind} traces`)
      if (exporter !== undefined && isSo(exporter)) return exporter
    }
  }

  /** Everything that was sent has left, one way or another. */
  settled(): Promise<OwnAccount> {
    return this.when(({ entered, inFlight }) => entered === this.sent && inFlight === 0)
  }
  end(): Promise<{ readonly code: number | null }> {
    return this.#agent.end()
  }
}

/** With a short time limit an attempt may be given up on a busy machine, and what was to be said to it is lost. */
async function rig(t: Test, kind: Kind, timeout: '400ms' | '30s'): Promise<Rig> {
  const destination = kind === 'otlp_http' ? new FakeOtlpHttp() : new FakeOtlpGrpc()
  await destination.start()
  const proxy = await new TcpProxy(destination.port).start()
  t.teardown(async () => {
    await proxy.stop()
    await destination.stop()
  })
  const endpoint = kind === 'otlp_http' ? `http://127.0.0.1:${proxy.port}` : `127.0.0.1:${proxy.port}`
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: {send_batch_size: ${REQUEST}}}
exporters:
  ${kind}:
    endpoint: ${endpoint}
    ${kind === 'otlp_grpc' ? 'tls: {insecure: true}' : ''}
    compression: none
    timeout: ${timeout}
    sending_queue: {num_consumers: 2}
    retry_on_failure: {initial_interval: 10ms, max_interval: 30ms, max_elapsed_time: 0s}
service:
  ${OWN_METRICS}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [${kind}]}}
`,
  )
  return new Rig(t, kind, { agent, proxy, destination })
}

for (const kind of ['otlp_http', 'otlp_grpc'] as const) {
  test(`${kind}: a line that refuses, says nothing, or is cut costs nothing but time (F22, F23, F25)`, async (t) => {
    const agent = await rig(t, kind, '400ms')
    const { proxy, destination } = agent
    await agent.send(3)
    await agent.settled()
    for (const state of ['refuse', 'blackhole', 'cut'] as const) {
      const before = agent.sent
      proxy.state = state
      // A line that falls silent does so without a word.
      if (state !== 'blackhole') proxy.kill()
      const { connections } = proxy
      await agent.send(5)
      const during = await agent.when(({ entered }) => entered === agent.sent && proxy.connections > connections)
      t.equal(during.out, before, `${state}: nothing has been delivered`)
      t.equal(during.inFlight, agent.sent - before, `${state}: everything is held`)
      proxy.state = 'pass'
      // Over HTTP it finds out by the time limit of an attempt; a gRPC connection has 20 s to introduce itself.
      if (kind === 'otlp_grpc') proxy.kill()
      const after = await agent.settled()
      t.equal(after.out, agent.sent, state)
      t.strictSame(after.dropped, {})
    }
    t.ok(destination.items >= agent.sent, 'what was cut off from its answer arrived twice')
    t.strictSame(destination.violations, [])
    t.ok(agent.scrapes > 6)
    t.equal((await agent.end()).code, 0)
  })

  test(`${kind}: a connection that is reset before its answer repeats that request and no other (F22)`, async (t) => {
    const agent = await rig(t, kind, '30s')
    const times = 7
    for (let i = 0; i < times; i++) {
      agent.destination.answers.push('reset')
      await agent.send(1)
      await agent.settled()
    }
    const { out } = await agent.settled()
    t.equal(out, agent.sent)
    t.equal(agent.destination.items, agent.sent + times * REQUEST)
  })

  test(`${kind}: an answer that trickles is waited for as long as an attempt may take (F24)`, async (t) => {
    const agent = await rig(t, kind, '30s')
    await agent.send(1)
    await agent.settled()
    agent.proxy.state = 'trickle'
    await agent.send(10)
    const { out } = await agent.settled()
    t.equal(out, agent.sent)
    t.equal(agent.destination.items, agent.sent)
  })
}

test('otlp_http: answers that are too much, or lie about their size, are given up (F24)', async (t) => {
  const agent = await rig(t, 'otlp_http', '30s')
  const { answers } = agent.destination as FakeOtlpHttp
  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20))
  const bad: readonly Answer[] = [
    { status: 200, headers: { 'content-encoding': 'gzip' }, body: bomb },
    ({ socket }) => drown(socket),
  ]
  for (const answer of bad) {
    answers.push(answer)
    await agent.send(1)
    const { out, dropped } = await agent.settled()
    t.equal(out + Object.values(dropped).reduce((sum, one) => sum + one, 0), agent.sent, JSON.stringify(dropped))
  }
  await agent.send(2)
  await agent.settled()
  t.equal(agent.destination.items, agent.sent, 'nothing was sent twice')
})

/** A head that announces 1 GiB, and bytes for as long as anybody takes them. */
function drown(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${2 ** 30}\r\n\r\n`)
  const more = (): void => {
    while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
  }
  socket.on('drain', more)
  more()
}

test('what a destination asks for with Retry-After is waited for; nonsense is not (F19)', async (t) => {
  const agent = await rig(t, 'otlp_http', '30s')
  const { answers } = agent.destination as FakeOtlpHttp
  const busy = (status: number, retryAfter: string): Answer => ({ status, headers: { 'retry-after': retryAfter } })
  answers.push(busy(429, 'soon'), busy(503, 'Wed, 21 Oct 2015 07:28:00 GMT'), busy(429, '-1'), busy(503, '1 day'))
  await agent.send(1)
  t.equal((await agent.settled()).out, agent.sent, 'four nonsensical waits did not take 30 years')
  answers.push(busy(429, '315360000'))
  const before = agent.destination.items
  await agent.send(1)
  t.equal((await agent.when(() => agent.destination.items === before + REQUEST)).inFlight, REQUEST)
  await agent.send(1)
  const others = await agent.when(({ out }) => out === agent.sent - REQUEST)
  t.equal(others.inFlight, REQUEST, 'others do not wait for it')
  t.equal((await agent.end()).code, 0, 'the last attempt at the end delivers it')
  t.equal(agent.destination.items, agent.sent + 5 * REQUEST, 'five were answered with a refusal first')
})

test('what a destination does not want is dropped with its reason, what is too large is halved (F20)', async (t) => {
  const http = await rig(t, 'otlp_http', '30s')
  const expected: Record<string, number> = {}
  for (const status of [400, 401, 403, 404, 500]) {
    ;(http.destination.answers as Answer[]).push({ status })
    await http.send(1)
    await http.settled()
    expected[`http_${status}`] = REQUEST
  }
  t.strictSame((await http.settled()).dropped, expected)
  ;(http.destination.answers as Answer[]).push({ status: 413 }, { status: 413 })
  await http.send(1)
  const { dropped, out } = await http.settled()
  t.strictSame(dropped, expected)
  t.equal(out, REQUEST)
  const grpc = await rig(t, 'otlp_grpc', '30s')
  for (const code of [3, 16, 7, 5, 13]) {
    ;(grpc.destination.answers as GrpcAnswer[]).push({ code })
    await grpc.send(1)
    await grpc.settled()
  }
  const refused = await grpc.settled()
  t.equal(refused.out, 0)
  t.strictSame(Object.values(refused.dropped), [10, 10, 10, 10, 10])
})
