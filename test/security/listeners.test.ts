// Every server of the agent has room for a bounded number of connections. test/faults/doors.test.ts asks the most used ones from
// outside, test/faults/clients.test.ts those of OTLP with ten thousand; here are the others, and the rule that leaves none out.
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import type { Factory } from '../../src/contract/index.ts'
import awsproxy from '../../src/extensions/awsproxy/index.ts'
import pprof from '../../src/extensions/pprof/index.ts'
import statsd from '../../src/receivers/statsd/index.ts'
import { type Driven, startComponent } from '../../src/testing/index.ts'
import { AwsEmulator } from '../emulator/server.ts'
import { until } from '../kit/until.ts'

const MAX_CONNECTIONS = 1024
const CROWD = 1100

test('security 4: whoever makes a server limits its connections', async (t) => {
  const making = globSync('src/**/*.ts').filter(
    (path) => !path.startsWith('src/testing/') && /\bcreate(Secure|Tls)?Server\(/.test(readFileSync(path, 'utf8')),
  )
  // What the first makes goes through `limitConnections` of who called it; the other makes an HttpServer.
  const others = ['src/net/tls.ts', 'src/exporters/prometheus/exporter.ts']
  for (const path of making)
    if (!others.includes(path)) t.match(readFileSync(path, 'utf8'), /\blimitConnections\(server/, path)
  t.ok(making.length > others.length)
  // Resets, frames and streams of HTTP/2 are bounded by src/net/http2, which one server speaks.
  for (const path of making) t.notMatch(readFileSync(path, 'utf8'), /node:http2/, path)
})

/** So many connections at once, each begun by `begin`. */
async function crowd(t: Test, port: number, begin: (socket: Socket) => unknown): Promise<Set<Socket>> {
  const open = new Set<Socket>()
  t.teardown(() => {
    for (const socket of open) socket.destroy()
  })
  for (let i = 0; i < CROWD; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        open.add(socket.once('close', () => open.delete(socket)))
        await once(socket, 'connect')
        begin(socket.resume())
      }),
    )
  return open
}

async function listening(t: Test, factory: Factory, config: object): Promise<{ one: Driven; url: URL }> {
  const one = await startComponent(factory, { endpoint: '127.0.0.1:0', ...config })
  t.teardown(() => one.stop(AbortSignal.abort()))
  const { endpoints } = one.component as unknown as { readonly endpoints: readonly string[] }
  return { one, url: new URL(endpoints[0]!) }
}

for (const [name, factory, path] of [
  ['pprof', pprof, '/debug/pprof/'],
  ['awsproxy', awsproxy, '/GetSamplingRules'],
] as const)
  test(`security 4: ${name} serves good clients among more connections than it has room for`, async (t) => {
    const aws = await AwsEmulator.start(t, { service: '*', operations: { '*': () => undefined } })
    const config = factory === awsproxy ? { region: aws.region, aws_endpoint: aws.url } : {}
    const { url } = await listening(t, factory, config)
    const ask = async (): Promise<number> => {
      const response = await fetch(new URL(path, url), { method: 'GET', headers: { connection: 'close' } })
      await response.bytes()
      return response.status
    }
    const status = await ask()
    const open = await crowd(t, Number(url.port), (socket) => socket.write('G'))
    t.equal(await ask(), status)
    await until(() => open.size <= MAX_CONNECTIONS)
  })

test('security 4: statsd over TCP takes lines from newcomers when all others have gone quiet', async (t) => {
  const { one, url } = await listening(t, statsd, { transport: 'tcp', aggregation_interval: '60s' })
  const open = await crowd(t, Number(url.port), (socket) => socket.write('a:1|c\nb'))
  await until(() => open.size <= MAX_CONNECTIONS)
  await one.settings.clock.advance(10_000)
  const newcomer = connect(Number(url.port), '127.0.0.1')
  newcomer.end('new:1|c\n')
  await once(newcomer.resume(), 'close')
  await one.settings.clock.advance(60_000)
  await until(() => one.sinks.metrics.batches.some(({ chunks }) => Buffer.concat(chunks).includes('new')))
  t.ok(open.size >= MAX_CONNECTIONS - 1, 'one gave way')
})
