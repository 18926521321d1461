// One agent and all destinations of the fan-out. Each in turn is down, slow, throttling, talking nonsense, or takes a part, and half of
// them are silent: the others have everything meanwhile, its account adds up, and what it comes back for is there (F18 to F24, F29, F39).
import { type Test, test } from 'tap'
import type { Signal } from '../../src/data/index.ts'
import { TEST_KEY } from '../emulator/server.ts'
import { contradictions, OWN_METRICS, type OwnAccount, type OwnAccounts, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { send } from '../kit/receiver.ts'
import { AHEAD_MS, type Destination, destinations, isNeverTaken, QUEUE, RETRY, type Saying } from './destinations.ts'
import { numbered } from './numbered.ts'

/** So long an attempt waits for a destination that says nothing; the others must have answered by then, on a busy machine too. */
const TIMEOUT = '2s'
const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs']
const REQUESTS = 3
const ITEMS = 3
const LOAD = REQUESTS * ITEMS

interface Trouble {
  readonly begin: (destination: Destination) => Promise<void> | void
  /** Whether it has had its effect; the others are done by then. `before` is what the line had heard before. */
  readonly isFelt: (destination: Destination, before: number) => boolean
  readonly end: (destination: Destination) => Promise<unknown> | void
  /** Whether something may have been taken that the agent has to send again. */
  readonly mayDouble?: true
  /** Whether nothing of it is settled before the end. */
  readonly isHeld: (destination: Destination) => boolean
  /** Whether it takes the time limit to be felt: then half of the destinations wait for it together. */
  readonly isSlow?: true
}

const always = (): boolean => true
/** A connection and a request of two pieces are one attempt at most: so the agent has come back. */
const isTriedAgain = ({ proxy }: Destination, before: number): boolean => proxy.heard > before + 3
const pass = (destination: Destination): void => {
  destination.proxy.state = 'pass'
}

const saying = (what: Saying, over: Partial<Trouble> = {}): Trouble => ({
  begin: (destination) => destination.say(what),
  isFelt: isTriedAgain,
  end: (destination) => destination.say('nothing special'),
  isHeld: always,
  ...over,
})

const troubles: Readonly<Record<string, Trouble>> = {
  'is not there': {
    begin: ({ proxy }) => proxy.stop(),
    isFelt: always,
    end: ({ proxy }) => proxy.start(),
    isHeld: always,
  },
  'resets connections': {
    begin({ proxy }) {
      proxy.state = 'refuse'
      proxy.kill()
    },
    isFelt: isTriedAgain,
    end: pass,
    isHeld: always,
  },
  'goes away before its answer': {
    begin({ proxy }) {
      proxy.state = 'cut'
    },
    isFelt: isTriedAgain,
    end: pass,
    mayDouble: true,
    isHeld: always,
  },
  'answers late': {
    begin({ proxy }) {
      proxy.state = 'late'
    },
    isFelt: ({ proxy }) => proxy.late > 0,
    end: pass,
    mayDouble: true,
    isHeld: always,
  },
  'says nothing': {
    begin({ proxy }) {
      proxy.state = 'blackhole'
      proxy.kill()
    },
    isFelt: isTriedAgain,
    end(destination) {
      pass(destination)
      destination.proxy.kill()
    },
    isHeld: always,
    isSlow: true,
  },
  throttles: saying('throttled'),
  'answers a success that is none': saying('garbage'),
  'answers a failure that is no answer': saying('broken'),
  'says that credentials have expired': saying('expired'),
}

/** What was sent to all of one signal, and what has become of it. */
interface Expected {
  readonly destination: Destination
  sent: number
  readonly dropped: Record<string, number>
}

class Agent {
  readonly #t: Test
  readonly #process: SluiceProcess
  readonly #http: string
  /** A multiple of the items of a request; there is no span 0. */
  #next = ITEMS

  constructor(t: Test, process: SluiceProcess) {
    this.#t = t
    this.#process = process
    this.#http = process.endpoints('receiver otlp')[0]!
  }

  /** The number of the first item. */
  async load(): Promise<number> {
    const first = this.#next
    for (let request = 0; request < REQUESTS; request++) {
      const numbers = Array.from({ length: ITEMS }, () => this.#next++)
      await Promise.all(
        SIGNALS.map(async (signal) => {
          const body = JSON.stringify(numbered[signal](numbers, timeOf))
          const { status } = await send(`${this.#http}/v1/${signal}`, body, {
            headers: { 'content-type': 'application/json' },
          })
          if (status !== 200) this.#t.fail(`${signal}: ${status}`)
        }),
      )
    }
    return first
  }

  /** Scrapes until it is so. Accounts that contradict themselves on the way fail the test. */
  async until(isSo: (accounts: OwnAccounts) => boolean): Promise<OwnAccounts> {
    for (;;) {
      const accounts = await ownAccounts(this.#process)
      const wrong = contradictions(accounts)
      if (wrong.length > 0) this.#t.same(wrong, [])
      if (isSo(accounts)) return accounts
    }
  }
}

const timeOf = (number: number): number => Date.now() + (isNeverTaken(number) ? AHEAD_MS : 0)

function configOf(all: ReadonlyMap<string, Expected>): string {
  const exporters = Object.fromEntries(
    [...all].map(([name, { destination }]) => [
      name,
      {
        ...destination.config,
        timeout: TIMEOUT,
        [RETRY[name] ?? 'retry_on_failure']: { initial_interval: '20ms', max_interval: '50ms', max_elapsed_time: '0s' },
        [QUEUE[name] ?? 'sending_queue']: { num_consumers: 1, ...destination.queue },
      },
    ]),
  )
  const pipelines = Object.fromEntries(
    SIGNALS.map((signal) => {
      const names = [...all].filter(([, { destination }]) => destination.signal === signal).map(([name]) => name)
      return [signal, { receivers: ['otlp'], exporters: names }]
    }),
  )
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: ${JSON.stringify(exporters)}
service:
  ${OWN_METRICS}
  pipelines: ${JSON.stringify(pipelines)}
`
}

const accountOf = (accounts: OwnAccounts, name: string, { destination }: Expected): OwnAccount =>
  accounts.get(`exporter ${name} ${destination.signal}`)!
const isSettled = ({ entered, inFlight }: OwnAccount, { sent }: Expected): boolean => entered === sent && inFlight === 0

/** Everything is where it should be: each item taken, once unless it may have been twice, or dropped with its reason. */
function checkSettled(t: Test, account: OwnAccount, of: Expected, first: number, mayDouble: boolean, lost = 0): void {
  const { destination, sent, dropped } = of
  const droppedItems = Object.values(dropped).reduce((sum, items) => sum + items, 0)
  const { entered, out, refused, inFlight } = account
  t.same(
    { entered, out, refused, inFlight, dropped: account.dropped },
    { entered: sent, out: sent - droppedItems, refused: 0, inFlight: 0, dropped },
  )
  const taken = destination.taken().filter((number) => number >= first)
  const wanted = Array.from({ length: LOAD }, (_, i) => first + i).filter(
    (number) => lost === 0 || !isNeverTaken(number),
  )
  const byNumber = (one: number, other: number): number => one - other
  t.same((mayDouble ? [...new Set(taken)] : taken).toSorted(byNumber), wanted, 'what was taken of it')
}

test('each destination fails in every way, and the others have everything meanwhile', async (t) => {
  const all = new Map<string, Expected>()
  for (const [name, start] of Object.entries(destinations))
    all.set(name, { destination: await start(t), sent: 0, dropped: {} })
  const env = { AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey }
  const agent = new Agent(t, await startSluice(t, configOf(all), { env }))

  /** Loads, and returns when all but these have everything. */
  const load = async (faulty: readonly string[] = []): Promise<number> => {
    const first = await agent.load()
    for (const each of all.values()) each.sent += LOAD
    const others = [...all].filter(([name]) => !faulty.includes(name))
    const accounts = await agent.until((now) => others.every(([name, of]) => isSettled(accountOf(now, name, of), of)))
    for (const [name, of] of others) checkSettled(t, accountOf(accounts, name, of), of, first, false)
    return first
  }
  const settled = async (name: string, of: Expected): Promise<OwnAccount> =>
    accountOf(await agent.until((now) => isSettled(accountOf(now, name, of), of)), name, of)
  const suffer = async (t: Test, trouble: Trouble, names: readonly string[]): Promise<void> => {
    const hit = names.map((name) => [name, all.get(name)!] as const)
    for (const [, { destination }] of hit) await trouble.begin(destination)
    const before = new Map(hit.map(([name, { destination }]) => [name, destination.proxy.heard]))
    const first = await load(names)
    const accounts = await agent.until(() =>
      hit.every(([name, { destination }]) => trouble.isFelt(destination, before.get(name)!)),
    )
    for (const [name, of] of hit)
      if (trouble.isHeld(of.destination))
        t.equal(accountOf(accounts, name, of).inFlight, LOAD, `${name}: all of it is held`)
    for (const [, { destination }] of hit) await trouble.end(destination)
    for (const [name, of] of hit) checkSettled(t, await settled(name, of), of, first, trouble.mayDouble ?? false)
  }

  await load()
  for (const [name, of] of all) {
    const { destination } = of
    for (const [what, trouble] of Object.entries(troubles)) {
      if (trouble.isSlow || (what.includes('expired') && !destination.sayings.includes('expired'))) continue
      await t.test(`${name} ${what}`, (t) => suffer(t, trouble, [name]))
    }
    await t.test(`${name} takes a part`, async (t) => {
      destination.partly.begin()
      const { reason } = destination.partly
      const lost = reason === undefined ? 0 : REQUESTS
      const first = await load([name])
      if (reason !== undefined) of.dropped[reason] = lost
      const account = await settled(name, of)
      destination.partly.end()
      checkSettled(t, account, of, first, false, lost)
    })
  }
  for (const [what, trouble] of Object.entries(troubles))
    for (const half of trouble.isSlow ? [0, 1] : []) {
      const names = [...all.keys()].filter((_, i) => i % 2 === half)
      await t.test(`${names.join(', ')}: ${what}`, (t) => suffer(t, trouble, names))
    }
  for (const { destination } of all.values()) t.same(destination.violations(), [])
})
