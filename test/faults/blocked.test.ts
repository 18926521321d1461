// F42: the event loop is held for five seconds.
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { items } from '../kit/otlp.ts'
import { OWN_METRICS } from '../kit/own-accounts.ts'
import { sluice, startSluice } from '../kit/process.ts'
import { bytesOf, send } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

/** Stands still for five seconds when a span called "block" comes, without taking a processor. */
const BLOCK = `
import { defineProcessor, section } from 'sluice/plugin'
export default defineProcessor({
  type: 'blocks', summary: 'x', stability: 'alpha', config: section({}),
  create: {
    traces: () => ({
      visitor: {
        onSpan(span) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
        },
      },
    }),
  },
})
`

test('F42: while the agent stands still connections wait, none is dropped, and it says how long it was', async (t) => {
  const file = join(t.testdir({ 'blocks.ts': BLOCK }), 'blocks.ts')
  const agent = await startSluice(
    t,
    `
plugins: ["${file}"]
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {blocks: {}}
exporters: {nop: {}}
extensions: {health_check: {endpoint: "127.0.0.1:0"}, zpages: {endpoint: "127.0.0.1:0"}}
service:
  extensions: [health_check, zpages]
  ${OWN_METRICS}
  pipelines:
    traces: {receivers: [otlp], processors: [blocks], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
`,
  )
  const url = agent.endpoints('receiver otlp')[0]!
  const port = Number(new URL(url).port)
  const log = bytesOf(items.logs(1))
  const request = Buffer.concat([
    Buffer.from(
      `POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${log.length}\r\n\r\n`,
    ),
    log,
  ])
  const sockets: Socket[] = []
  let answered = 0
  let broken = 0
  const open = (begin: (socket: Socket) => void): void => {
    const socket = connect(port, '127.0.0.1', () => begin(socket))
    sockets.push(socket)
    socket.on('data', (bytes) => (answered += String(bytes).startsWith('HTTP/1.1 200') ? 1 : 0))
    socket.on('error', () => {})
    socket.on('close', () => broken++)
  }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  // Some are in the middle of a request when it stops, the others come while it stands.
  for (let i = 0; i < 50; i++) open((socket) => socket.write(request.subarray(0, -10)))
  await until(() => sockets.every(({ connecting }) => !connecting))
  const blocking = send(`${url}/v1/traces`, bytesOf(items.traces(1)))
  for (let i = 0; i < 200; i++) open((socket) => socket.write(request))
  for (const socket of sockets.slice(0, 50)) socket.write(request.subarray(-10))
  t.equal((await blocking).status, 200)
  await until(() => answered + broken >= 250)
  t.equal(answered, 250)
  t.equal(broken, 0)
  await until(() => /stood still/.test(agent.output.stderr))
  const ms = Number(/stood still: nothing was received or sent ms=(\d+)/.exec(agent.output.stderr)?.[1])
  t.ok(ms >= 3500, `${ms} ms`)
  const health = agent.endpoints('extension health_check')[0]!
  const live = await fetch(health)
  t.equal(live.status, 200, 'it lives: a restart would lose what it holds, and not make it faster')
  const { status, eventLoopDelay } = (await live.json()) as {
    status: string
    eventLoopDelay: { worstOfMinuteMs: number }
  }
  t.equal(status, 'Server available')
  t.ok(eventLoopDelay.worstOfMinuteMs >= 3500, `${eventLoopDelay.worstOfMinuteMs} ms`)
  t.match((await sluice(['healthcheck', health])).stderr, /it stood still for \d+\.\d s within the last minute/)
  const pages = await fetch(new URL('/debug/servicez', agent.endpoints('extension zpages')[0]))
  t.match(await pages.text(), /\d+ ms late, \d{4,} ms at worst within the last minute/)
  const page = await (await fetch(agent.endpoints('own metrics')[0]!)).text()
  t.match(page, /^nodejs_eventloop_delay_p99/m)
})
