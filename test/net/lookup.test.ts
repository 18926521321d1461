// F26: names that are not there, that cannot be asked for, that hang, that point here and there.
import { createServer } from 'node:net'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { httpClientSettings } from '../../src/net/client-config.ts'
import { HttpClient } from '../../src/net/http-client.ts'
import { createLookup } from '../../src/net/lookup.ts'
import { FakeClock, type TestSettings, testSettings } from '../../src/testing/index.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { NameServer } from '../kit/name-server.ts'
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
