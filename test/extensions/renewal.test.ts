// A destination that refuses credentials which somebody renews loses nothing; one that refuses those that nobody does is believed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { ExporterFactory, Extension, ExtensionFactory, HttpAuthenticator } from '../../src/contract/index.ts'
import elasticsearch from '../../src/exporters/elasticsearch/index.ts'
import openSearch from '../../src/exporters/opensearch/index.ts'
import otlpGrpc from '../../src/exporters/otlp_grpc/index.ts'
import otlpHttp from '../../src/exporters/otlp_http/index.ts'
import prometheusRemoteWrite from '../../src/exporters/prometheusremotewrite/index.ts'
import basicauth from '../../src/extensions/basicauth/index.ts'
import bearertokenauth from '../../src/extensions/bearertokenauth/index.ts'
import headersSetter from '../../src/extensions/headers_setter/index.ts'
import oauth2client from '../../src/extensions/oauth2client/index.ts'
import sigv4auth from '../../src/extensions/sigv4auth/index.ts'
import { HttpDestination, type TestHost, testHost } from '../../src/testing/index.ts'
import { BulkEmulator } from '../emulator/bulk.ts'
import { startExtension } from '../kit/authenticator.ts'
import { authority } from '../kit/certificates.ts'
import { FakeOtlpGrpc } from '../kit/fake-otlp-grpc.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { items } from '../kit/otlp.ts'
import { startExporter, steadyRetry } from '../kit/otlp-exporter.ts'
import { until } from '../kit/until.ts'

interface Destination {
  readonly factory: ExporterFactory
  readonly signal: 'traces' | 'metrics'
  readonly config: object
  /** To the requests that come next; then they are taken. */
  refuse(times: number): void
  readonly received: () => number
}

const kinds: Readonly<Record<string, (t: Test) => Promise<Destination>>> = {
  async otlp_http(t) {
    const fake = await new FakeOtlpHttp().start()
    t.teardown(() => fake.stop())
    return {
      factory: otlpHttp,
      signal: 'traces',
      config: { endpoint: fake.url, auth: { authenticator: 'who' } },
      refuse: (times) => fake.answers.push(...Array<{ status: number }>(times).fill({ status: 401 })),
      received: () => fake.requests.length,
    }
  },
  async otlp_grpc(t) {
    const ca = await authority()
    const fake = await new FakeOtlpGrpc(await ca.issue('localhost')).start()
    t.teardown(() => fake.stop())
    return {
      factory: otlpGrpc,
      signal: 'traces',
      config: { endpoint: fake.endpoint, tls: { ca_pem: ca.cert }, auth: { authenticator: 'who' } },
      refuse: (times) => fake.answers.push(...Array<{ code: number }>(times).fill({ code: 16 })),
      received: () => fake.calls.length,
    }
  },
  async prometheusremotewrite(t) {
    const destination = await HttpDestination.start()
    t.teardown(() => destination.stop())
    return {
      factory: prometheusRemoteWrite,
      signal: 'metrics',
      config: { endpoint: destination.url, auth: { authenticator: 'who' } },
      refuse: (times) => destination.answers.push(...Array<{ status: number }>(times).fill({ status: 401 })),
      received: () => destination.requests.length,
    }
  },
  async opensearch(t) {
    const server = await BulkEmulator.start(t, 'opensearch')
    return {
      factory: openSearch,
      signal: 'traces',
      config: { http: { endpoint: server.url, auth: { authenticator: 'who' } } },
      refuse: (times) => server.faults.push(...Array<{ status: number }>(times).fill({ status: 401 })),
      received: () => server.requests.length,
    }
  },
  async elasticsearch(t) {
    const server = await BulkEmulator.start(t, 'elasticsearch')
    return {
      factory: elasticsearch,
      signal: 'traces',
      config: {
        endpoint: server.url,
        auth: { authenticator: 'who' },
        sending_queue: { batch: { min_size: 0 } },
        retry: { max_interval: '1s', initial_interval: '1s' },
      },
      refuse: (times) => server.faults.push(...Array<{ status: number }>(times).fill({ status: 401 })),
      received: () => server.requests.length,
    }
  },
}

async function hostWith(t: Test, factory: ExtensionFactory, yaml: object): Promise<TestHost> {
  const { extension } = await startExtension<Extension>(t, factory, yaml)
  return testHost({ extensions: new Map([['who', extension]]) })
}
const tokenFile = (t: Test): string => join(t.testdir({ token: 'old\n' }), 'token')

for (const [kind, open] of Object.entries(kinds)) {
  const retry = kind === 'elasticsearch' ? {} : { retry_on_failure: steadyRetry }

  test(`${kind}: a token that the destination does not know yet loses nothing`, async (t) => {
    const filename = tokenFile(t)
    const { factory, signal, config, refuse, received } = await open(t)
    const host = await hostWith(t, bearertokenauth, { filename })
    const { send, settled, account, settings, waits } = await startExporter(t, factory, config, retry, host)
    const batch = items[signal](3)
    refuse(3)
    await send(batch)
    let seen = 0
    for (let refused = 1; refused <= 3; refused++) {
      const wait = (): number | undefined => waits.slice(seen).find((ms) => ms >= 500 && ms <= 1500)
      await until(() => received() === refused && wait() !== undefined)
      t.equal(settings.ledger(signal).held, batch.items)
      const ms = wait()!
      seen = waits.length
      await settings.clock.advance(ms)
    }
    await settled(signal)
    t.same(account(signal), { out: batch.items, held: 0, dropped: {} })
    t.equal(received(), 4)
  })

  test(`${kind}: a token that nobody renews is refused for good`, async (t) => {
    const { factory, signal, config, refuse, received } = await open(t)
    const host = await hostWith(t, bearertokenauth, { token: 'wrong' })
    const { send, settled, account } = await startExporter(t, factory, config, retry, host)
    const batch = items[signal](3)
    refuse(1)
    await send(batch)
    await settled(signal)
    const reason = kind === 'otlp_grpc' ? 'grpc_unauthenticated' : 'http_401'
    t.same(account(signal), { out: 0, held: 0, dropped: { [reason]: batch.items } })
    t.equal(received(), 1)
  })
}

test('it is given up when its time is over, and counted', async (t) => {
  const filename = tokenFile(t)
  const { factory, config, refuse } = await kinds.otlp_http!(t)
  const host = await hostWith(t, bearertokenauth, { filename })
  const retry_on_failure = { ...steadyRetry, max_elapsed_time: '5s' }
  const { send, passWait, settled, account } = await startExporter(t, factory, config, { retry_on_failure }, host)
  refuse(100)
  await send(items.traces(3))
  for (let i = 0; i < 5; i++) await passWait(1000)
  await settled('traces')
  t.same(account('traces'), { out: 0, held: 0, dropped: { max_elapsed_time: 3 } })
})

test('a token that is replaced meanwhile goes out with the next try', async (t) => {
  const filename = tokenFile(t)
  const fake = await new FakeOtlpHttp().start()
  t.teardown(() => fake.stop())
  fake.answers.push({ status: 401 }, { status: 401, headers: { 'retry-after': '7' } }, { status: 401 })
  const host = await hostWith(t, bearertokenauth, { filename })
  const config = { endpoint: fake.url, auth: { authenticator: 'who' } }
  const { send, passWait, settled, settings, waits } = await startExporter(t, otlpHttp, config, undefined, host)
  await send(items.traces(3))
  await passWait(1000)
  // It has looked at the file when it waits.
  await until(() => waits.includes(7000))
  writeFileSync(filename, 'new\n')
  await passWait(7000)
  // It has been seen by the look at the file, or is by the one that follows the refusal.
  while (settings.ledger('traces').held > 0) {
    await settings.clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await settled('traces')
  const sent = fake.requests.map(({ headers }) => headers.get('authorization'))
  t.same([sent.length, ...sent.slice(0, 2), sent.at(-1)], [4, 'Bearer old', 'Bearer old', 'Bearer new'])
})

test('another answer than 401 is as final as ever', async (t) => {
  const filename = tokenFile(t)
  const fake = await new FakeOtlpHttp().start()
  t.teardown(() => fake.stop())
  fake.answers.push({ status: 403 })
  const host = await hostWith(t, bearertokenauth, { filename })
  const config = { endpoint: fake.url, auth: { authenticator: 'who' } }
  const { send, settled, account } = await startExporter(t, otlpHttp, config, undefined, host)
  await send(items.traces(3))
  await settled('traces')
  t.same(account('traces'), { out: 0, held: 0, dropped: { http_403: 3 } })
})

test('which credentials are renewed', async (t) => {
  const file = tokenFile(t)
  const oauth = { client_id: 'a', client_secret: 'b', token_url: 'https://a.test/token' }
  const header = { headers: [{ key: 'a', value: 'b' }] }
  const table: [factory: ExtensionFactory, yaml: object, renews: boolean][] = [
    [bearertokenauth, { filename: file }, true],
    [bearertokenauth, { token: 'x' }, false],
    [basicauth, { client_auth: { username: 'a', password_file: file } }, true],
    [basicauth, { client_auth: { username_file: file, password: 'x' } }, true],
    [basicauth, { client_auth: { username: 'a', password: 'x' } }, false],
    [oauth2client, oauth, true],
    [sigv4auth, { region: 'eu-west-1', service: 'es' }, true],
    [headersSetter, header, false],
    [headersSetter, { headers: [{ key: 'a', value_file: file }] }, true],
  ]
  for (const [factory, yaml, renews] of table) {
    const { extension } = await startExtension<HttpAuthenticator>(t, factory, yaml)
    t.equal(extension.renews ?? false, renews, `${factory.type} ${JSON.stringify(yaml)}`)
    const host = testHost({ extensions: new Map<string, Extension>([['who', extension]]) })
    const around = await startExtension<HttpAuthenticator>(
      t,
      headersSetter,
      { ...header, additional_auth: 'who' },
      host,
    )
    t.equal(around.extension.renews, renews, `${factory.type} behind headers_setter`)
  }
})
