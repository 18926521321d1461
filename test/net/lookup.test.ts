// F26: names that are not there, that cannot be asked for, that hang, that point here and there.
import type { LookupOptions, lookup as systemLookup } from 'node:dns'
import { createServer } from 'node:net'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { grpcClientSettings, httpClientSettings } from '../../src/net/client-config.ts'
import { GrpcClient } from '../../src/net/grpc-client.ts'
import { HttpClient } from '../../src/net/http-client.ts'
import { createLookup, lookupAll, sharedLookup } from '../../src/net/lookup.ts'
import { askNameServers } from '../../src/net/name-servers.ts'
import { otlpNames } from '../../src/net/otlp.ts'
import { FakeClock, type TestSettings, testSettings } from '../../src/testing/index.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { NameServer } from '../kit/name-server.ts'
import { items } from '../kit/otlp.ts'
import { until } from '../kit/until.ts'

const schema = section(httpClientSettings({ compression: '' }))

async function names(t: Test): Promise<NameServer> {
  const server = await new NameServer().start()
  t.teardown(() => server.stop())
  return server
}

/** A client whose connections close after each request, so that every request looks its name up. */
async function client(t: Test, server: NameServer, url: string) {
  const settings: TestSettings = testSettings()
  const http = new HttpClient(
    v.parse(schema, { disable_keep_alives: true }),
    settings,
    {},
    createLookup(settings.clock, server.lookup),
  )
  t.teardown(() => http.close())
  const target = await http.target(`${url}/v1/traces`, { 'content-type': 'application/x-protobuf' })
  return { settings, post: (abort = new AbortController().signal) => http.post(target, [], 0, abort) }
}

async function destination(t: Test): Promise<FakeOtlpHttp> {
  const fake = await new FakeOtlpHttp().start()
  t.teardown(() => fake.stop())
  return fake
}

test('F26: a name that does not exist, or whose server fails, may be there later', async (t) => {
  const server = await names(t)
  const { port } = await destination(t)
  const { post } = await client(t, server, `http://otlp.test:${port}`)
  await t.rejects(post(), { name: 'RetryableError', message: /ENOTFOUND/ })
  server.answers.set('otlp.test', 'SERVFAIL')
  await t.rejects(post(), { name: 'RetryableError', message: /ESERVFAIL/ })
  server.answers.set('otlp.test', ['127.0.0.1'])
  t.equal((await post()).status, 200)
})

test('F26: records that flap are followed from one connection to the next', async (t) => {
  const server = await names(t)
  const { port } = await destination(t)
  const { post } = await client(t, server, `http://otlp.test:${port}`)
  const dead = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => dead.listen(port, '127.0.0.2', resolve))
  t.teardown(() => dead.close())
  for (let round = 0; round < 5; round++) {
    server.answers.set('otlp.test', ['127.0.0.2'])
    await t.rejects(post(), { name: 'RetryableError' })
    server.answers.set('otlp.test', ['127.0.0.1'])
    t.equal((await post()).status, 200)
  }
})

test('F26: a name that hangs is asked for once, holds up no other, and ends with its time limit', async (t) => {
  const server = await names(t)
  const { port } = await destination(t)
  server.answers.set('hangs.test', 'hang').set('otlp.test', ['127.0.0.1'])
  const hanging = await client(t, server, `http://hangs.test:${port}`)
  const limit = new AbortController()
  const attempts = Array.from({ length: 20 }, () => hanging.post(limit.signal))
  await until(() => (server.asked.get('hangs.test') ?? 0) > 0)
  const other = await client(t, server, `http://otlp.test:${port}`)
  t.equal((await other.post()).status, 200)
  limit.abort(new Error('the attempt took too long'))
  for (const { status } of await Promise.allSettled(attempts)) t.equal(status, 'rejected')
  t.equal(server.asked.get('hangs.test'), 1)
})

test('F26: while a name hangs that was found before, connections go to the addresses that it had', async (t) => {
  const server = await names(t)
  const { port } = await destination(t)
  server.answers.set('otlp.test', ['127.0.0.1'])
  const { post, settings } = await client(t, server, `http://otlp.test:${port}`)
  t.equal((await post()).status, 200)
  server.answers.set('otlp.test', 'hang')
  const first = post()
  await until(() => server.asked.get('otlp.test') === 2)
  await settings.clock.advance(2000)
  t.equal((await first).status, 200)
  const second = post()
  await until(() => settings.clock.pending > 0)
  await settings.clock.advance(4000)
  t.equal((await second).status, 200, 'who comes later does not wait for ever either')
  t.equal(server.asked.get('otlp.test'), 2, 'and asks no other thread')
})

/** As libuv has it: two at a time, whoever asks; the others wait. */
function twoAtATime(lookup: typeof systemLookup): typeof systemLookup {
  const queue: (() => void)[] = []
  let running = 0
  return ((name: string, options: LookupOptions, answer: (...found: unknown[]) => void) => {
    const run = (): void => {
      running++
      lookup(name, options, (...found) => {
        running--
        queue.shift()?.()
        answer(...found)
      })
    }
    if (running < 2) run()
    else queue.push(run)
  }) as typeof systemLookup
}

test('F26: while two new names hang, which is all that libuv has for names, a third is found past them', async (t) => {
  const server = await names(t)
  const { port } = await destination(t)
  server.answers.set('one.test', 'hang').set('two.test', 'hang').set('otlp.shop.test', ['127.0.0.1'])
  const settings = testSettings()
  const files: Readonly<Record<string, string>> = { '/etc/resolv.conf': 'search shop.test\noptions ndots:2\n' }
  const ask = askNameServers({
    read: async (path) => files[path] ?? '',
    resolver: () => ({ resolve4: server.resolve4, resolve6: async () => [] }),
  })
  const look = createLookup(settings.clock, twoAtATime(server.lookup), ask)
  const http = new HttpClient(v.parse(schema, { disable_keep_alives: true }), settings, {}, look)
  t.teardown(() => http.close())
  const limit = new AbortController()
  const post = async (host: string) =>
    http.post(await http.target(`http://${host}:${port}/v1/traces`, {}), [], 0, limit.signal)
  const hanging = [post('one.test'), post('two.test')]
  await until(() => server.asked.size === 2)
  const third = post('otlp')
  await until(() => settings.clock.pending >= 3)
  await settings.clock.advance(2000)
  t.equal((await third).status, 200, 'over HTTP')
  const grpc = new FakeOtlpGrpc()
  await grpc.start()
  t.teardown(() => grpc.stop())
  const client = new GrpcClient(
    v.parse(section(grpcClientSettings({ compression: '' })), {
      endpoint: `otlp:${grpc.endpoint.split(':').at(-1)}`,
      tls: { insecure: true },
    }),
    5000,
    settings,
    { environment: {}, lookup: look },
  )
  await client.open()
  t.teardown(() => client.close())
  const batch = items.traces(1)
  const call = client.unary(client.method(otlpNames.traces.grpcPath), batch.chunks, batch.sizeBytes, limit.signal)
  await until(() => settings.clock.pending >= 3)
  await settings.clock.advance(4000)
  t.ok(await call, 'over gRPC')
  t.equal(server.asked.get('otlp'), undefined, 'the third name never got to the threads')
  limit.abort(new Error('the attempt took too long'))
  for (const { status } of await Promise.allSettled(hanging)) t.equal(status, 'rejected')
})

test('past the threads a name is looked for in the hosts file, below the search domains, and as it is', async (t) => {
  const asked: string[] = []
  const files: Record<string, string> = {
    '/etc/hosts': '127.0.0.1 localhost # here\n::1 localhost\n10.0.0.9\tcollector.test  Collector\n',
    '/etc/resolv.conf': 'nameserver 10.0.0.1\n# search no\nsearch a.test b.test.\noptions timeout:1 ndots:2\n',
  }
  const failing = (code: string) => Object.assign(new Error(code), { code })
  const ask = askNameServers({
    read: async (path) => {
      const text = files[path]
      if (text === undefined) throw failing('ENOENT')
      return text
    },
    resolver: () =>
      ({
        async resolve4(name: string) {
          asked.push(name)
          if (name === 'broken.a.test') throw failing('ESERVFAIL')
          if (name !== 'x.b.test' && name !== 'shop.example.test') throw failing('ENOTFOUND')
          return ['10.0.0.1', '10.0.0.2']
        },
        async resolve6(name: string) {
          if (name !== 'x.b.test') throw failing('ENODATA')
          return ['fd00::1']
        },
      }) as never,
  })
  const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }))
  t.same(await ask('COLLECTOR', 0), v4('10.0.0.9'))
  t.same(await ask('localhost', 0), [...v4('127.0.0.1'), { address: '::1', family: 6 }])
  t.same(await ask('localhost', 6), [{ address: '::1', family: 6 }])
  t.same(asked, [])
  t.same(await ask('x', 0), [...v4('10.0.0.1', '10.0.0.2'), { address: 'fd00::1', family: 6 }])
  t.same(asked.splice(0), ['x.a.test', 'x.b.test'])
  t.same(await ask('shop.example.test', 4), v4('10.0.0.1', '10.0.0.2'))
  t.same(asked.splice(0), ['shop.example.test'], 'with as many dots as ndots it is first as it is')
  t.same(await ask('gone.', 0), [])
  t.same(asked.splice(0), ['gone.'])
  await t.rejects(ask('broken', 0), { code: 'ESERVFAIL' })
  delete files['/etc/resolv.conf']
  asked.length = 0
  t.same(await ask('y', 0), [])
  t.same(asked, ['y'])
})

test('clients of one process look a name up together', async (t) => {
  const clock = new FakeClock()
  t.equal(sharedLookup(clock), sharedLookup(clock))
  t.not(sharedLookup(clock), sharedLookup(new FakeClock()))
  const found = await lookupAll(sharedLookup(clock), '127.0.0.1')
  t.same(found, [{ address: '127.0.0.1', family: 4 }])
  t.equal(clock.pending, 0)
})

test('answers go to everybody who waits, and no more than 64 names are remembered', async (t) => {
  const clock = new FakeClock()
  let isHanging = false
  let asked = 0
  const lookup = createLookup(clock, ((_name: string, _options: object, answer: (...found: unknown[]) => void) => {
    asked++
    if (!isHanging) setImmediate(() => answer(null, '127.0.0.1', 4))
  }) as never)
  const find = (name: string): Promise<unknown> =>
    new Promise((resolve, reject) =>
      lookup(name, {}, (error, address) => (error === null ? resolve(address) : reject(error))),
    )
  t.same(await Promise.all([find('a'), find('a'), find('a')]), ['127.0.0.1', '127.0.0.1', '127.0.0.1'])
  t.equal(asked, 1)
  for (let i = 0; i < 64; i++) await find(`name ${i}`)
  isHanging = true
  let isAnswered = false
  void find('a').then(() => (isAnswered = true))
  const known = find('name 63')
  await clock.advance(10_000)
  t.equal(await known, '127.0.0.1')
  t.notOk(isAnswered, 'forgotten')
})
