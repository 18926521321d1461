// F44 for everything that listens: connections that say nothing, wait for their next request or take their time over a head keep
// nobody out.
import { once } from 'node:events'
import { request as requestPlain } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { type Test, test } from 'tap'
import { FRAME, PREFACE } from '../../src/net/http2/frames.ts'
import { AwsEmulator, TEST_KEY } from '../emulator/server.ts'
import { authority, writePair } from '../kit/certificates.ts'
import { items } from '../kit/otlp.ts'
import { OWN_METRICS } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { callHeaders, frame, message, RawHttp2 } from '../kit/raw-http2.ts'
import { bytesOf } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

/** More than any server here has room for. */
const CROWD = 1150
const good = bytesOf(items.traces(1))

/** Something that listens: where, and whether somebody in earnest is answered. */
interface Door {
  readonly name: string
  readonly port: number
  readonly isSecure?: boolean
  /** Resolves with what a good client gets; rejects when it is turned away. */
  ask(): Promise<string>
  readonly answer: string
  /** What is answered, and after which the connection waits. */
  readonly request: string
}

async function agentWithDoors(t: Test): Promise<{ agent: SluiceProcess; doors: Door[] }> {
  const aws = new AwsEmulator({ service: '*', operations: { '*': () => undefined }, now: () => Date.now() })
  await aws.listen()
  t.teardown(() => aws.stop())
  const ca = await authority()
  const { cert_file, key_file } = writePair(t.testdir(), 'server', await ca.issue('doors.test'))
  const tls = `tls: {cert_file: ${cert_file}, key_file: ${key_file}}`
  const agent = await startSluice(
    t,
    `
extensions:
  health_check: {endpoint: "127.0.0.1:0"}
  zpages: {endpoint: "127.0.0.1:0"}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}, grpc: {endpoint: "127.0.0.1:0"}}}
  otlp/tls: {protocols: {http: {endpoint: "127.0.0.1:0", ${tls}}, grpc: {endpoint: "127.0.0.1:0", ${tls}}}}
  awslogs: {endpoint: "127.0.0.1:0"}
  awsxray: {endpoint: "127.0.0.1:0", proxy_server: {endpoint: "127.0.0.1:0", region: eu-west-1, aws_endpoint: "${aws.url}"}}
exporters: {nop: {}, prometheus: {endpoint: "127.0.0.1:0"}}
service:
  ${OWN_METRICS}
  extensions: [health_check, zpages]
  pipelines:
    traces: {receivers: [otlp, otlp/tls, awsxray], exporters: [nop]}
    logs: {receivers: [awslogs], exporters: [nop]}
    metrics: {receivers: [otlp], exporters: [prometheus]}
`,
    { env: { AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey } },
  )
  const otlp = { method: 'POST', path: '/v1/traces', type: 'application/x-protobuf', body: good }
  const page = { method: 'GET', path: '/', type: 'text/plain', body: Buffer.alloc(0) }
  const ofHttp = (name: string, label: string, scheme: string, asked: Asked, answer = '200'): Door => {
    const url = new URL(agent.endpoints(label).find((one) => one.startsWith(`${scheme}:`))!)
    const port = Number(url.port)
    const path = asked.path === '/' ? url.pathname : asked.path
    const request = `${asked.method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${asked.type}\r\nContent-Length: ${asked.body.length}\r\n\r\n${asked.body.toString('latin1')}`
    const isSecure = scheme === 'https'
    return { name, port, isSecure, answer, request, ask: () => statusOf(port, isSecure, { ...asked, path }) }
  }
  const ofGrpc = (name: string, label: string, scheme: string): Door => {
    const port = Number(
      new URL(
        agent
          .endpoints(label)
          .find((one) => one.startsWith(`${scheme}:`))!
          .replace(scheme, 'http'),
      ).port,
    )
    const request = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0)]).toString('latin1')
    return {
      name,
      port,
      isSecure: scheme === 'grpcs',
      answer: '0',
      request,
      ask: () => callStatus(t, port, scheme === 'grpcs'),
    }
  }
  return {
    agent,
    doors: [
      ofHttp('OTLP/HTTP', 'receiver otlp', 'http', otlp),
      ofHttp('OTLP/HTTP under TLS', 'receiver otlp/tls', 'https', otlp),
      ofGrpc('OTLP/gRPC', 'receiver otlp', 'grpc'),
      ofGrpc('OTLP/gRPC under TLS', 'receiver otlp/tls', 'grpcs'),
      ofHttp('awslogs', 'receiver awslogs', 'http', { ...page, path: '/' }, '405'),
      ofHttp('the proxy of awsxray', 'receiver awsxray', 'http', {
        ...page,
        path: '/GetSamplingRules',
        method: 'POST',
      }),
      ofHttp('the page of prometheus', 'exporter prometheus', 'http', page),
      ofHttp('health_check', 'extension health_check', 'http', page),
      ofHttp('zpages', 'extension zpages', 'http', page),
      ofHttp('own metrics', 'own metrics', 'http', page),
    ],
  }
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

function statusOf(port: number, isSecure: boolean, { method, path, type, body }: Asked): Promise<string> {
  const send = isSecure ? requestSecurely : requestPlain
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': body.length }
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false as const, rejectUnauthorized: false }
    const asked = send(options, (answer) => {
      answer.resume().once('close', () => resolve(String(answer.statusCode)))
    })
    asked.on('error', reject).end(body)
  })
}

async function callStatus(t: Test, port: number, isSecure: boolean): Promise<string> {
  const socket = isSecure
    ? connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    : connect(port, '127.0.0.1')
  await once(socket, isSecure ? 'secureConnect' : 'connect')
  const client = RawHttp2.on(t, socket)
  client.headers(1, callHeaders())
  client.data(1, message(good))
  const { 'grpc-status': status } = await client.answer(1)
  client.socket.destroy()
  return String(status)
}

/** Each connection is begun by `begin`, fifty at a time; afterwards somebody in earnest is answered, while they are still there. */
async function crowd(t: Test, door: Door, what: string, begin: (socket: Socket) => unknown): Promise<void> {
  const sockets: Socket[] = []
  for (let opened = 0; opened < CROWD; opened += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(door.port, '127.0.0.1').on('error', () => {})
        sockets.push(socket)
        await once(socket, 'connect')
        await begin(socket)
      }),
    )
    if (opened % 500 === 0) t.equal(await door.ask(), door.answer, `${door.name}: ${what}, after ${opened + 50}`)
  }
  t.equal(await door.ask(), door.answer, `${door.name}: ${what}`)
  for (const socket of sockets) socket.destroy()
}

/** A request, and its answer; who has to give way while it waits gets none. */
const askOnce = (request: string) => async (socket: Socket) => {
  socket.write(request, 'latin1')
  await Promise.race([once(socket, 'data'), once(socket, 'close')])
}

test('F44: whoever listens serves good clients among connections that cost nothing', async (t) => {
  const { agent, doors } = await agentWithDoors(t)
  for (const door of doors) {
    await crowd(t, door, 'silent connections', (socket) => socket.resume())
    if (door.isSecure) continue
    await crowd(t, door, 'connections that wait', askOnce(door.request))
    await crowd(t, door, 'heads that do not end', (socket) => void socket.resume().write(door.request[0]!))
  }
  t.equal((await agent.end()).code, 0)
})

test('F44: connections under TLS that wait for their next request give way', async (t) => {
  const { doors } = await agentWithDoors(t)
  const door = doors.find(({ name }) => name === 'OTLP/HTTP under TLS')!
  const sockets: Socket[] = []
  for (let opened = 0; opened < CROWD; opened += 50)
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connectSecurely({ port: door.port, host: '127.0.0.1', rejectUnauthorized: false })
        socket.on('error', () => {})
        sockets.push(socket)
        await once(socket, 'secureConnect')
        await askOnce(door.request)(socket)
      }),
    )
  t.equal(await door.ask(), door.answer)
  await until(() => sockets.filter(({ destroyed }) => !destroyed).length <= 1024)
  for (const socket of sockets) socket.destroy()
})
