import { test } from 'tap'
import { ShutdownError } from '../../src/contract/index.ts'
import { settle, testContext } from '../../src/testing/index.ts'
import { batchProcessor, extension, pipeline, planned, TestExporter, TestReceiver, testAgent } from '../kit/graph.ts'
import { items } from '../kit/otlp.ts'

/** Says in `diary` what happens to it. */
const living = (name: string, diary: string[]) => ({
  async start() {
    diary.push(`start ${name}`)
  },
  async stop() {
    diary.push(`stop ${name}`)
  },
})

function shop(
  diary: string[],
  of: { exporterStart?: () => Promise<void>; processorStop?: (abort: AbortSignal) => Promise<void> } = {},
) {
  const receiver = new TestReceiver(living('receiver', diary))
  const exporterLife = living('exporter', diary)
  const exporter = new TestExporter(of.exporterStart ? { ...exporterLife, start: of.exporterStart } : exporterLife)
  const first = batchProcessor((next) => ({ ...living('first', diary), consume: next }))
  const second = batchProcessor((next) => ({
    ...living('second', diary),
    ...(of.processorStop ? { stop: of.processorStop } : {}),
    consume: next,
  }))
  const made = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'first', first),
      planned('processor', 'second', second),
      planned('exporter', 'e', exporter.factory),
      planned('extension', 'x', extension(living('extension', diary))),
    ],
    [pipeline('traces', ['r'], ['first', 'second'], ['e'])],
    ['x'],
  )
  return { ...made, receiver, exporter }
}

test('everything starts against the flow and stops with it', async (t) => {
  const diary: string[] = []
  const { agent, health } = shop(diary)
  t.notOk(health.isReady)
  await agent.start()
  t.ok(health.isReady)
  t.strictSame(diary.splice(0), ['start extension', 'start exporter', 'start second', 'start first', 'start receiver'])
  t.strictSame(await agent.stop(), { lostItems: 0, lostBy: {}, isComplete: true })
  t.notOk(health.isReady)
  t.strictSame(diary, ['stop receiver', 'stop first', 'stop second', 'stop exporter', 'stop extension'])
  t.strictSame(new Set(health.components().map(({ state }) => state)), new Set(['stopped']))
})

test('a component that does not start fails the start by name, and what had started is stopped', async (t) => {
  const diary: string[] = []
  const { agent, health } = shop(diary, {
    exporterStart: async () => {
      throw new Error('address in use')
    },
  })
  await t.rejects(agent.start(), { name: 'StartError', message: 'exporter e: address in use' })
  t.strictSame(diary, ['start extension', 'stop exporter', 'stop extension'])
  t.notOk(health.isReady)
})

test('stopping twice is stopping once', async (t) => {
  const diary: string[] = []
  const { agent } = shop(diary)
  await agent.start()
  t.equal(agent.stop(), agent.stop())
  await agent.stop()
  t.equal(diary.filter((line) => line === 'stop exporter').length, 1)
})

test('stopping during the start ends the start', async (t) => {
  const diary: string[] = []
  let go = (): void => {}
  const { agent } = shop(diary, { exporterStart: () => new Promise((resolve) => (go = resolve)) })
  const started = agent.start()
  await settle()
  const stopped = agent.stop()
  go()
  await t.rejects(started, new ShutdownError('stopped during start'))
  await stopped
  t.notOk(diary.includes('start receiver'))
})

test('a component that never ends its start is named, and does not keep the agent from stopping', async (t) => {
  const { agent, settings } = shop([], { exporterStart: () => new Promise(() => {}) })
  const started = agent.start()
  started.catch(() => {})
  const { clock, lines } = settings
  await clock.advance(25_000)
  t.strictSame(
    lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields),
    [
      { component: 'e', kind: 'exporter' },
      { component: 'e', kind: 'exporter' },
    ],
  )
  t.match(await agent.stop(), { lostItems: 0 })
})

test('a component that never stops does not keep the others, and is named', async (t) => {
  const diary: string[] = []
  const { agent, settings } = shop(diary, { processorStop: () => new Promise(() => {}) })
  await agent.start()
  const stopped = agent.stop()
  await settle()
  await settings.clock.advance(24_000)
  await stopped
  t.ok(diary.includes('stop exporter'))
  t.match(settings.lines.find(({ message }) => message === 'component did not stop in time')?.fields, {
    component: 'second',
  })
})

test('a component that throws while it stops does not keep the others', async (t) => {
  const diary: string[] = []
  const { agent, settings } = shop(diary, {
    processorStop() {
      throw new Error('broken')
    },
  })
  await agent.start()
  await agent.stop()
  t.ok(diary.includes('stop exporter'))
  t.match(settings.lines.find(({ level }) => level === 'error')?.fields, { component: 'second', error: 'broken' })
})

test('what is still held at the end is reported as lost, exactly', async (t) => {
  const receiver = new TestReceiver()
  const exporter = new TestExporter()
  const keeper = batchProcessor(() => ({ async consume() {} }))
  const { agent } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'keep', keeper),
      planned('exporter', 'e', exporter.factory),
    ],
    [pipeline('traces', ['r'], ['keep'], ['e'])],
  )
  await agent.start()
  await receiver.next.traces!(items.traces(7), testContext())
  t.match(await agent.stop(), { lostItems: 7, lostBy: { 'processor keep': 7 } })
})

test('of many components that have lost something those with the most are named, the rest is one number', async (t) => {
  const names = Array.from({ length: 13 }, (_, index) => `keep${index}`)
  const receivers = names.map(() => new TestReceiver())
  const keeper = batchProcessor(() => ({ async consume() {} }))
  const { agent } = testAgent(
    [
      ...names.map((name, index) => planned('receiver', `to-${name}`, receivers[index]!.factory)),
      ...names.map((name) => planned('processor', name, keeper)),
      planned('exporter', 'e', new TestExporter().factory),
    ],
    names.map((name) => pipeline(`traces/${name}`, [`to-${name}`], [name], ['e'])),
  )
  await agent.start()
  for (const [index, receiver] of receivers.entries())
    await receiver.next.traces!(items.traces(index + 1), testContext())
  const { lostItems, lostBy } = await agent.stop()
  t.equal(lostItems, 91)
  t.equal(Object.keys(lostBy)[0], 'processor keep12')
  t.match(lostBy, { 'processor keep12': 13, 'processor keep3': 4, others: 1 + 2 + 3 })
  t.equal(Object.keys(lostBy).length, 11)
})

test('what hangs in an exporter that never settles is lost once, whoever waits for it', async (t) => {
  const receiver = new TestReceiver()
  const stuck = new TestExporter()
  stuck.sink.gate = new Promise(() => {})
  const waiting = batchProcessor((next) => ({ consume: next }))
  const { agent, settings, held } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'waits', waiting),
      planned('exporter', 'stuck', stuck.factory),
    ],
    [pipeline('traces', ['r'], ['waits'], ['stuck'])],
  )
  await agent.start()
  void receiver.next.traces!(items.traces(7), testContext())
  await settings.clock.advance(0)
  t.strictSame(held(), { 'receiver r': 7, 'processor waits in traces': 7, 'exporter stuck': 7 })
  t.match(await agent.stop(), { lostItems: 7, lostBy: { 'exporter stuck': 7 } })
})

test('an extension that is not in service::extensions is named with those that are', async (t) => {
  const diary: string[] = []
  const { agent, receiver } = shop(diary)
  receiver.component.start = async (host) => void host.extension('basicauth')
  await t.rejects(agent.start(), { message: /extension basicauth is not in service::extensions \(there: x\)/ })
})
