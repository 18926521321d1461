import { test } from 'tap'
import { CredentialCache } from '../../src/aws/credentials.ts'
import { AwsError, type Credentials } from '../../src/aws/index.ts'
import { settle, testSettings } from '../../src/testing/index.ts'

const HOUR_MS = 3_600_000

/** A source whose answers the test holds. */
function scene(of: { readonly skewMs?: number } = {}) {
  const settings = testSettings()
  const { clock, log, lines } = settings
  const source: { answer: () => Promise<Credentials>; loads: number } = { answer: async () => keys(1), loads: 0 }
  const now = (): number => clock.now() + (of.skewMs ?? 0)
  const cache = new CredentialCache({
    load() {
      source.loads++
      return source.answer()
    },
    now,
    clock,
    log,
  })
  const keys = (nth: number, leftMs: number | undefined = HOUR_MS): Credentials => ({
    accessKeyId: `AKIA${nth}`,
    secretAccessKey: 's',
    ...(leftMs !== undefined && { expiresAt: now() + leftMs }),
  })
  return { cache, source, clock, keys, lines }
}

test('credentials are loaded once, however many ask', async (t) => {
  const { cache, source } = scene()
  const all = await Promise.all([cache.get(), cache.get(), cache.get()])
  t.equal(new Set(all).size, 1)
  t.equal(await cache.get(), all[0])
  t.equal(source.loads, 1)
})

test('those that never expire are never asked for again', async (t) => {
  const { cache, source, clock, keys } = scene()
  source.answer = async () => ({ accessKeyId: keys(1).accessKeyId, secretAccessKey: 's' })
  await cache.get()
  await clock.advance(1000 * HOUR_MS)
  await cache.get()
  t.equal(source.loads, 1)
})

test('five minutes before they expire new ones are fetched, and nobody waits for them', async (t) => {
  const { cache, source, clock, keys } = scene()
  await cache.get()
  await clock.advance(54 * 60_000)
  t.equal((await cache.get()).accessKeyId, 'AKIA1')
  t.equal(source.loads, 1)
  source.answer = async () => keys(2)
  await clock.advance(2 * 60_000)
  t.equal((await cache.get()).accessKeyId, 'AKIA1')
  await settle()
  t.equal((await cache.get()).accessKeyId, 'AKIA2')
  t.equal(source.loads, 2)
})

const broken: Readonly<Record<string, () => Promise<Credentials>>> = {
  'is down': async () => {
    throw new Error('connect ECONNREFUSED')
  },
  'answers 500': async () => {
    throw new Error('169.254.170.2: answers 500')
  },
  'talks nonsense': async () => {
    throw new Error('169.254.170.2: the answer has no JSON')
  },
  'never answers': () => new Promise(() => {}),
}
for (const [name, answer] of Object.entries(broken))
  test(`a source that ${name} leaves the old ones in use until they expire, and is asked again every ten seconds`, async (t) => {
    const { cache, source, clock, keys, lines } = scene()
    await cache.get()
    source.answer = answer
    await clock.advance(HOUR_MS - 4 * 60_000)
    for (let second = 0; second < 60; second++) {
      t.equal((await cache.get()).accessKeyId, 'AKIA1')
      await clock.advance(1000)
    }
    t.ok(source.loads >= 3 && source.loads <= 7, `asked ${source.loads - 1} times in a minute`)
    t.match(lines[0], { level: 'warn', message: /cannot be renewed, the old ones are used until they expire/ })
    await clock.advance(4 * 60_000)
    const late = cache.get().catch((error: unknown) => error)
    await clock.advance(21_000)
    const error = await late
    t.ok(error instanceof AwsError && error.refusal === 'credentials' && /^no AWS credentials: /.test(error.message))
    source.answer = async () => keys(2)
    await clock.advance(3000)
    t.equal((await cache.get()).accessKeyId, 'AKIA2')
    t.equal(clock.pending, 0)
  })

test('who is refused gets others: those that came meanwhile, or new ones; the same when there are no others', async (t) => {
  const { cache, source, clock, keys } = scene()
  const first = await cache.get()
  source.answer = async () => keys(2)
  await clock.advance(3000)
  const second = await cache.renew(first)
  t.equal(second.accessKeyId, 'AKIA2')
  t.equal(await cache.renew(first), second)
  t.equal(source.loads, 2)
  source.answer = async () => ({ ...second })
  await clock.advance(3000)
  t.equal(await cache.renew(second), second)
  t.equal(await cache.renew(second), second)
  t.equal(source.loads, 3, 'a service that refuses all does not make us ask all the time')
})

test('a clock that is a year ahead takes new credentials for expired ones: they are used, and renewed at a measured pace', async (t) => {
  const { cache, source, clock, keys, lines } = scene({ skewMs: 365 * 24 * HOUR_MS })
  source.answer = async () => keys(source.loads, HOUR_MS - 365 * 24 * HOUR_MS)
  for (let second = 0; second < 30; second++) {
    await cache.get()
    await clock.advance(1000)
  }
  t.ok(source.loads <= 4, `${source.loads} loads in 30 s`)
  t.match(lines[0], { message: /expired already: is the clock of this machine right/ })
})
