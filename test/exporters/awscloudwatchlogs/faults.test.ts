// The whole way, signed and over a socket, to a strict CloudWatch Logs that fails: what was acknowledged arrives or is counted.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import type { AwsClient } from '../../../src/aws/index.ts'
import { LOGS_API } from '../../../src/aws/logs/index.ts'
import { LogsService } from '../../emulator/logs.ts'
import { EmulatedError, TEST_KEY } from '../../emulator/server.ts'
import { type SceneOptions, sceneOf } from '../aws-rig.ts'
import { logs, nanos, startOn } from './rig.ts'

async function scene(t: Test, { config, ...of }: SceneOptions = {}) {
  const all = await sceneOf(
    t,
    { signal: 'logs', api: LOGS_API, service: (now) => new LogsService(now), start: startOn<AwsClient> },
    { ...of, config: { raw_log: true, ...config } },
  )
  let sent = 0
  return {
    ...all,
    /** Sends so many records, each with its number, one a second from `fromMs` on. */
    send(count: number, fromMs: number = all.settings.clock.now()): Promise<void> {
      const logRecords = Array.from({ length: count }, (_, i) => ({
        timeUnixNano: nanos(fromMs + i * 1000),
        body: { stringValue: String(sent++) },
      }))
      return all.consume(logs({ scopeLogs: [{ logRecords }] }))
    },
    /** The numbers of the records that have arrived. */
    arrived: (): number[] => [...all.service.events()].map(({ message }) => Number(message)).toSorted((a, b) => a - b),
  }
}
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

for (const fault of [
  'reset',
  'throttled',
  'unavailable',
  'garbage',
  'denied',
  { status: 500, body: '<html>' },
] as const)
  test(`a destination that is ${typeof fault === 'string' ? fault : 'broken'} for a while loses nothing, and nothing comes twice`, async (t) => {
    const { emulator, send, settled, arrived, settings, drops, exporter } = await scene(t)
    await send(3)
    await settled()
    emulator.fault = fault
    await send(4)
    await send(2)
    for (let i = 0; i < 20; i++) await settings.clock.advance(1000)
    const ledger = settings.ledger('logs')
    t.equal(ledger.held, 6, 'all of it waits')
    t.equal(ledger.outItems, 3)
    emulator.fault = undefined
    await settled()
    t.same(arrived(), numbers(9))
    t.same(drops(), {})
    t.equal(ledger.outItems, 9)
    await exporter.stop?.(new AbortController().signal)
  })

test('one that is slow beyond the time limit is asked again', async (t) => {
  const { emulator, send, settled, arrived, settings } = await scene(t, { config: { request_timeout_seconds: 5 } })
  emulator.faults.push('hang', 'hang')
  await send(2)
  await settled()
  t.same(arrived(), numbers(2))
  t.ok(settings.clock.monotonicMs() > 10_000, 'each attempt had its five seconds')
  t.equal(
    emulator.requests.length,
    7,
    'two without an answer, one that found no stream, four that made it, and the events',
  )
})

test('an answer without end is given up, and counted: AWS may have the events', async (t) => {
  const { emulator, send, settled, settings } = await scene(t)
  await send(1)
  await settled()
  emulator.faults.push('flood')
  await send(1)
  await settled()
  const ledger = settings.ledger('logs')
  t.equal(ledger.enteredItems, ledger.outItems + ledger.droppedItems)
})

test('an answer that is lost after AWS has taken the events brings them twice, and never loses them', async (t) => {
  const { emulator, send, settled, arrived } = await scene(t)
  await send(1)
  await settled()
  emulator.faults.push('taken_and_reset')
  await send(2)
  await settled()
  t.same(arrived(), [0, 1, 1, 2, 2])
})

test('credentials that expire are renewed, and nothing is lost', async (t) => {
  const fresh = { accessKeyId: 'AKIAFRESH', secretAccessKey: 'another' }
  const { emulator, send, settled, arrived, settings, drops } = await scene(t, { keys: [TEST_KEY, fresh] })
  emulator.keys.set(TEST_KEY.accessKeyId, { ...TEST_KEY, expiresAt: settings.clock.now() + 1000 })
  emulator.keys.set(fresh.accessKeyId, fresh)
  await send(2)
  await settled()
  await settings.clock.advance(2000)
  await send(3)
  await settled()
  t.same(arrived(), numbers(5))
  t.same(drops(), {})
  t.equal(emulator.requests.at(-1)?.accessKeyId, 'AKIAFRESH')
})

test('credentials that have expired, and no others, are waited for', async (t) => {
  const { emulator, send, settled, arrived, settings } = await scene(t)
  const key = { ...TEST_KEY, expiresAt: settings.clock.now() }
  emulator.keys.set(TEST_KEY.accessKeyId, key)
  await send(2)
  for (let i = 0; i < 10; i++) await settings.clock.advance(1000)
  t.equal(settings.ledger('logs').held, 2)
  key.expiresAt = Infinity
  await settled()
  t.same(arrived(), numbers(2))
})

/** The endpoint beside an ECS task; what it answers is up to the test. */
async function credentialEndpoint(t: Test) {
  const endpoint = { url: '', answer: { status: 500, body: 'no' } }
  const server = createServer((_, response) => {
    response.statusCode = endpoint.answer.status
    response.end(endpoint.answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/credentials/x`
  return endpoint
}

test('an endpoint of credentials that is down costs nothing: old keys until they expire, then what comes waits (F30)', async (t) => {
  const endpoint = await credentialEndpoint(t)
  const { emulator, send, arrived, settings, drops } = await scene(t, {
    config: { retry_on_failure: { initial_interval: '1s', max_interval: '5s', max_elapsed_time: 0 } },
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      HOME: t.testdir({}),
    },
  })
  const { clock } = settings
  const ledger = settings.ledger('logs')
  /** In small steps: keys must not expire while a machine that is busy takes its time. */
  const settled = async (): Promise<void> => {
    while (ledger.held > 0) await clock.advance(10)
  }
  /** When they expire. */
  const keys = (number: number, minutes: number): number => {
    const known = { accessKeyId: `ASIA${number}`, secretAccessKey: 'x', sessionToken: `token ${number}` }
    const expiresAt = clock.now() + minutes * 60_000
    emulator.keys.set(known.accessKeyId, { ...known, expiresAt })
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token } = known
    const Expiration = new Date(expiresAt).toISOString()
    endpoint.answer = { status: 200, body: JSON.stringify({ AccessKeyId, SecretAccessKey, Token, Expiration }) }
    return expiresAt
  }
  const broken = [
    { status: 500, body: 'no' },
    { status: 200, body: '{"AccessKeyId": "ASIA' },
  ] as const
  const isAway = async (): Promise<void> => {
    for (const answer of broken) {
      endpoint.answer = answer
      for (let second = 0; second < 30; second++) await clock.advance(1000)
    }
  }

  // There is none at the start.
  await send(2)
  await isAway()
  t.equal(ledger.held, 2)
  t.equal(emulator.requests.length, 0, 'nothing goes out unsigned')
  const expiresAt = keys(1, 20)
  await settled()
  t.same(arrived(), numbers(2))
  // It goes away when the keys have four minutes left.
  await clock.advance(expiresAt - 4 * 60_000 - clock.now())
  endpoint.answer = broken[0]
  await send(2)
  await settled()
  await isAway()
  await send(1)
  await settled()
  t.same(arrived(), numbers(5), 'the old keys are good until they expire')
  await clock.advance(4 * 60_000)
  await send(3)
  await isAway()
  t.equal(ledger.held, 3)
  keys(2, 60)
  await settled()
  t.same(arrived(), numbers(8))
  t.same(drops(), {})
  t.equal(ledger.outItems, 8)
})

test('one group that is refused holds up no other, and comes when it may', async (t) => {
  const { service, settings, consume, settled } = await scene(t, { config: { log_group_name: '/ecs/{service.name}' } })
  service.beforeTaking = (_operation, { logGroupName }) => {
    if (logGroupName === '/ecs/b') throw new EmulatedError('AccessDeniedException', 'not authorized', 403)
  }
  const of = (name: string) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
    scopeLogs: [{ logRecords: [{ timeUnixNano: nanos(settings.clock.now()), body: { stringValue: name } }] }],
  })
  await consume(logs(of('a'), of('b'), of('c')))
  const ledger = settings.ledger('logs')
  while (ledger.held > 1) await settings.clock.advance(100)
  t.same([...service.events()].map(({ message }) => message).toSorted(), ['a', 'c'])
  service.beforeTaking = () => {}
  await settled()
  t.same([...service.events()].map(({ message }) => message).toSorted(), ['a', 'b', 'c'])
  t.equal(ledger.outItems, 3)
})

test('events that become too old while the destination is down are counted, the others arrive (F32)', async (t) => {
  const day = 86_400_000
  const { emulator, send, settled, arrived, settings, drops } = await scene(t, {
    config: { retry_on_failure: { initial_interval: '1h', max_interval: '1h', max_elapsed_time: 0 } },
  })
  emulator.fault = 'reset'
  await send(5, settings.clock.now() - 13 * day)
  await send(3)
  await settings.clock.advance(day - 2000)
  emulator.fault = undefined
  await settled()
  const { too_old = 0, ...others } = drops()
  t.ok(too_old === 5, `${too_old} are too old`)
  t.same(others, {})
  t.same(arrived(), numbers(3, 5))
  const ledger = settings.ledger('logs')
  t.equal(ledger.enteredItems, ledger.outItems + ledger.droppedItems)
})

test('what AWS rejects of a request is counted by its reason, and the rest is there', async (t) => {
  const day = 86_400_000
  const { service, send, settled, arrived, settings, drops } = await scene(t)
  await send(1)
  await settled()
  service.groups.get('/ecs/shop')!.retentionInDays = 1
  await send(4, settings.clock.now() - day - 2500)
  await settled()
  t.same(drops(), { expired: 3 })
  t.same(arrived(), [0, 4])
})

test('what cannot be delivered before the end is counted as lost with it', async (t) => {
  const { emulator, send, settings, drops, exporter } = await scene(t)
  emulator.fault = 'hang'
  await send(4)
  await settings.clock.advance(100)
  await exporter.stop?.(AbortSignal.abort())
  t.same(drops(), { shutdown: 4 })
  t.equal(settings.ledger('logs').held, 0)
})
