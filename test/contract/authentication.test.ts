// Nobody gets past a server that has an authenticator, whichever component it belongs to.
import { test } from 'tap'
import { type Shape, shapeOf } from '../../src/config/shape.ts'
import type { Component, Consume, Consumers, Factory, Settings } from '../../src/contract/index.ts'
import { grpcServerAuth, httpServerAuth } from '../../src/net/authentication.ts'
import { Sink, testSettings } from '../../src/testing/index.ts'
import { Doorkeeper, guardedHost, WORD } from '../kit/doorkeeper.ts'
import { grpcSender } from '../kit/grpc.ts'
import { items } from '../kit/otlp.ts'
import { bytesOf, send } from '../kit/receiver.ts'
import { parse, registry, surroundings } from './driven.ts'

/** Where a server's `auth` stands in a component's settings, as keys. */
function serverAuths(shape: Shape, at: readonly string[] = []): { path: readonly string[]; isGrpc: boolean }[] {
  return [...shape.entries()].flatMap(([key, entry]) => {
    const path = [...at, key]
    if (entry === shapeOf(httpServerAuth)) return [{ path, isGrpc: false }]
    if (entry === shapeOf(grpcServerAuth)) return [{ path, isGrpc: true }]
    return serverAuths(entry, path)
  })
}

const found: string[] = []
for (const { kind, type, factory, minimal } of await registry())
  for (const { path, isGrpc } of serverAuths(shapeOf(factory.config))) {
    const title = `${kind} ${type}: ${path.join('::')}`
    found.push(title)
    test(`${title} is asked before anything else`, async (t) => {
      const keeper = new Doorkeeper()
      const config = withAuth(minimal(await surroundings(t)), path)
      const sink = new Sink()
      const one = create(factory, parse(factory, config), testSettings(), sink.consume as Consume)
      await one.start!(guardedHost(keeper))
      t.teardown(() => one.stop!(AbortSignal.timeout(60_000)))
      const endpoint = endpointsOf(one).find((each) => each.startsWith(isGrpc ? 'grpc:' : 'http:'))
      await (isGrpc ? gets401OverGrpc : gets401)(t, endpoint!)
      t.equal(sink.items, 0)
      t.same(
        keeper.asked.map(({ address }) => address),
        keeper.asked.map(() => '127.0.0.1'),
      )
    })

    test(`${title} must be an authenticator`, async (t) => {
      const config = withAuth(minimal(await surroundings(t)), path)
      const one = create(factory, parse(factory, config), testSettings(), new Sink().consume as Consume)
      t.teardown(() => one.stop!(AbortSignal.timeout(60_000)))
      const host = guardedHost({ stop: async () => {} } as unknown as Doorkeeper)
      await t.rejects(one.start!(host), { message: /auth::authenticator: door is no authenticator of servers/ })
    })
  }

test('these are all the servers that there are', async (t) => {
  t.same(found.toSorted(), [
    'exporter prometheus: auth',
    'extension health_check: auth',
    'extension zpages: auth',
    'receiver awslogs: auth',
    'receiver otlp: protocols::grpc::auth',
    'receiver otlp: protocols::http::auth',
  ])
})

/** What listens and asks nobody who they are, as in the collector: each is on this machine unless its config says otherwise. */
const OPEN: Readonly<Record<string, string>> = {
  'extension awsproxy': 'signs for whoever reaches it',
  'extension pprof': 'loopback',
  'receiver awsemf': 'a protocol without a place for it',
  'receiver awsxray': 'a protocol without a place for it',
  'receiver statsd': 'a protocol without a place for it',
}

test('whatever else listens has no auth on purpose', async (t) => {
  const open: string[] = []
  for (const { kind, type, factory, minimal } of await registry()) {
    const title = `${kind} ${type}`
    if (found.some((each) => each.startsWith(`${title}:`)) || (kind !== 'receiver' && kind !== 'extension')) continue
    const config = parse(factory, minimal(await surroundings(t)))
    const one = create(factory, config, testSettings(), new Sink().consume as Consume)
    if ('endpoints' in one) open.push(title)
    await one.stop?.(AbortSignal.abort())
  }
  t.same(open.toSorted(), Object.keys(OPEN))
})

async function gets401(t: Tap, endpoint: string): Promise<void> {
  const url = new URL(endpoint)
  const target = url.pathname === '/' ? `${url.origin}/v1/traces` : endpoint
  for (const method of ['GET', 'POST', 'PUT'])
    for (const where of [target, `${url.origin}/no/such/path`])
      for (const headers of [{}, { authorization: 'please' }]) {
        const answer = await send(where, method === 'GET' ? '' : bytesOf(items.traces(1)), { method, headers })
        t.equal(answer.status, 401, `${method} ${where}`)
        t.equal(answer.headers['www-authenticate'], 'Word realm="test"')
      }
  const method = url.pathname === '/' || url.pathname.includes('awslogs') ? 'POST' : 'GET'
  const answer = await send(target, '', { method, headers: { authorization: WORD } })
  t.not(answer.status, 401)
}

async function gets401OverGrpc(t: Tap, endpoint: string): Promise<void> {
  const sender = grpcSender(t, Number(new URL(endpoint).port))
  for (const metadata of [{}, { authorization: 'please' }]) {
    const error = await sender.failing('traces', bytesOf(items.traces(1)), { metadata })
    t.equal(error.code, 16)
    t.match(error.details, 'authorization' in metadata ? /the word is wrong/ : /no word was said/)
    t.same(error.metadata.get('www-authenticate'), ['Word realm="test"'])
  }
  await sender.export('traces', bytesOf(items.traces(0)), { metadata: { authorization: WORD } })
}

type Tap = Parameters<typeof surroundings>[0]

function withAuth(config: object, path: readonly string[]): object {
  const [key, ...rest] = path
  const inner = (config as Record<string, object>)[key!] ?? {}
  return { ...config, [key!]: rest.length === 0 ? { authenticator: 'door' } : withAuth(inner, rest) }
}

function create(factory: Factory, config: unknown, settings: Settings, consume: Consume): Component {
  const next: Consumers = { traces: consume, metrics: consume, logs: consume }
  if (factory.kind === 'receiver') return factory.create(config, settings, next)
  if (factory.kind === 'exporter' || factory.kind === 'extension') return factory.create(config, settings)
  throw new Error(`a ${factory.kind} with a server`)
}

const endpointsOf = (one: Component): readonly string[] =>
  'endpoints' in one ? (one.endpoints as readonly string[]) : []
