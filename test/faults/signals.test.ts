// The end of the agent, by real signals, with its exit code and what it says is lost (F33, F35, F36, F40).
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { freePort } from '../kit/free-ports.ts'
import { items } from '../kit/otlp.ts'
import { OWN_METRICS } from '../kit/own-accounts.ts'
import { type Launched, launch, type SluiceProcess, sluice, startSluice } from '../kit/process.ts'
import { bytesOf, send } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const towards = (endpoint: string, more = ''): string => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: {send_batch_size: 100, timeout: 50ms}}
exporters:
  otlp_http:
    endpoint: ${endpoint}
    compression: none
    retry_on_failure: {initial_interval: 20ms, max_interval: 20ms, max_elapsed_time: 0s}
    ${more}
service:
  ${OWN_METRICS}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}}
`
const ten = bytesOf(items.traces(10))

/** How many items the agent has acknowledged, when it takes no more. */
async function acknowledged(agent: SluiceProcess, requests: number): Promise<number> {
  const url = `${agent.endpoints('receiver otlp')[0]}/v1/traces`
  let taken = 0
  for (let i = 0; i < requests; i++) {
    const answer = await send(url, ten).catch(() => undefined)
    if (answer === undefined) return taken
    if (answer.status === 200) taken += 10
  }
  return taken
}

test('SIGTERM under load, with a destination that is well: everything acknowledged arrives, exit code 0 (F33)', async (t) => {
  const destination = await new FakeOtlpHttp().start()
  t.teardown(() => destination.stop())
  const agent = await startSluice(t, towards(destination.url))
  const senders = [1, 2, 3].map(() => acknowledged(agent, Number.POSITIVE_INFINITY))
  await destination.arrived(5)
  const { code, stderr } = await agent.end()
  const taken = (await Promise.all(senders)).reduce((sum, one) => sum + one)
  t.equal(code, 0)
  t.match(stderr, /stopped/)
  t.equal(destination.items, taken)
  t.ok(taken > 0)
  t.strictSame(destination.violations, [])
})

test('SIGTERM with a destination that is away: the exact number lost is said, exit code 3 (F35)', async (t) => {
  const agent = await startSluice(t, towards(`http://127.0.0.1:${await freePort()}`))
  t.equal(await acknowledged(agent, 25), 250)
  const { code, stderr } = await agent.end()
  t.equal(code, 3)
  t.match(stderr, /items were lost items=250 .*components=\{"exporter otlp_http":250\}/)
})

test('SIGTERM with a destination that says nothing: the exact number lost is said, in time (F35, F25)', async (t) => {
  const destination = await new FakeOtlpHttp().start()
  t.teardown(() => destination.stop())
  destination.answers.push(...Array(100).fill('hang'))
  const agent = await startSluice(t, towards(destination.url, 'timeout: 300ms'))
  t.equal(await acknowledged(agent, 12), 120)
  await destination.arrived(2)
  const { code, stderr } = await agent.end()
  t.equal(code, 3)
  t.match(stderr, /items were lost items=120 /)
})

test('a second signal while it waits for a destination ends it at once, exit code 130 (F36)', async (t) => {
  const destination = await new FakeOtlpHttp().start()
  t.teardown(() => destination.stop())
  destination.answers.push(...Array(100).fill('hang'))
  for (const [first, second] of [
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
  ] as const) {
    const agent = await startSluice(t, towards(destination.url, 'timeout: 60s'))
    const before = destination.requests.length
    t.equal(await acknowledged(agent, 1), 10)
    await destination.arrived(before + 1)
    process.kill(agent.pid, first)
    await until(() => /stopping/.test(agent.output.stderr))
    process.kill(agent.pid, second)
    t.equal((await agent.ended).code, 130, `${first}, ${second}`)
  }
})

const plugin = `
import { defineExtension, defineExporter, defineReceiver, section } from 'sluice/plugin'
const common = { stability: 'alpha', config: section({}) }
export default [
  defineExtension({
    ...common, type: 'slowstart', summary: 'Takes its time.',
    create: () => ({ start: () => (process.stderr.write('starting slowly\\n'), new Promise((done) => setTimeout(done, 500))) }),
  }),
  defineExporter({
    ...common, type: 'stuck', summary: 'Never settles.', signals: ['traces'],
    create: () => ({ consumers: { traces: () => (process.stderr.write('got it\\n'), new Promise(() => {})) } }),
  }),
  defineExporter({
    ...common, type: 'untidy', summary: 'Stops on a timer that holds no process, and leaves one running that does.',
    signals: ['traces'],
    create: (config, { clock }) => ({
      start: async () => void setInterval(() => {}, 1000),
      consumers: { traces: async () => { Promise.reject(new Error('nobody looks')) } },
      stop: () => new Promise((done) => clock.after(100, done)),
    }),
  }),
  defineReceiver({
    ...common, type: 'quiet', summary: 'Has no socket.', signals: ['traces'],
    create: (config, settings, next) => ({
      start: async () => void settings.clock.after(10, () => process.stderr.write('still here\\n')),
    }),
  }),
]
`

/** A folder with a config and the plugin that it names. */
function withPlugin(t: Test, exporter: string, more: { receiver?: string; service?: string } = {}): string {
  const folder = t.testdir({
    'plugin.ts': plugin,
    'config.yaml': `
plugins: [./plugin.ts]
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}, quiet: }
exporters: {${exporter}: }
extensions: {slowstart: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [${more.receiver ?? 'otlp'}], exporters: [${exporter}]}}
  ${more.service ?? ''}
`,
  })
  return join(folder, 'config.yaml')
}

function begin(t: Test, config: string): Launched {
  const launched = launch(['run', '--config', config])
  t.teardown(() => launched.child.kill('SIGKILL'))
  return launched
}

test('a signal while it starts ends it cleanly, with exit code 0 (F36)', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, output, ended } = begin(t, withPlugin(t, 'stuck', { service: 'extensions: [slowstart]' }))
    await until(() => output.stderr.includes('starting slowly'))
    child.kill(signal)
    const { code, stderr } = await ended
    t.equal(code, 0, `${signal}: ${stderr}`)
    t.notMatch(stderr, /sluice is ready|did not start/)
  }
})

test('an exporter that never settles does not keep the agent from ending, and its items are lost once (F40)', async (t) => {
  const { child, output, ended } = begin(t, withPlugin(t, 'stuck'))
  const endpoint = await httpOf(output)
  const unanswered = send(endpoint, ten).catch(() => undefined)
  await until(() => output.stderr.includes('got it'))
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  t.not((await unanswered)?.status, 200)
  t.equal(code, 3, stderr)
  t.match(stderr, /items were lost items=10 /)
})

test('what a plugin leaves running, or rejects where nobody looks, neither ends the agent nor keeps it (F40)', async (t) => {
  const { child, output, ended } = begin(t, withPlugin(t, 'untidy'))
  const endpoint = await httpOf(output)
  t.equal((await send(endpoint, ten)).status, 200)
  await until(() => output.stderr.includes('nobody looked'))
  t.equal((await send(endpoint, ten)).status, 200, 'it goes on')
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  t.match(stderr, /nobody looks/)
  t.match(stderr, /stopped/)
  t.equal(code, 3, 'what it took and never delivered is lost')
  t.match(stderr, /items=20 code=items_lost /)
})

test('a plugin that starts a timer when it is loaded does not keep a command from ending', async (t) => {
  const folder = t.testdir({
    'plugin.ts': `setInterval(() => {}, 1000)\n${plugin}`,
    'config.yaml':
      'receivers: {quiet: }\nexporters: {stuck: }\nservice: {pipelines: {traces: {receivers: [quiet], exporters: [stuck]}}}',
  })
  const { code, stderr } = await sluice([
    'validate',
    '--config',
    join(folder, 'config.yaml'),
    '--plugin',
    join(folder, 'plugin.ts'),
  ])
  t.equal(code, 0, stderr)
})

test('an agent without a socket runs until it is told to stop', async (t) => {
  const { child, output, ended } = begin(t, withPlugin(t, 'stuck', { receiver: 'quiet' }))
  await until(() => output.stderr.includes('still here'))
  child.kill('SIGTERM')
  t.equal((await ended).code, 0)
})

async function httpOf(output: Launched['output']): Promise<string> {
  await until(() => /sluice is ready[\s\S]*\n\n/.test(output.stderr))
  return `${/receiver otlp\s+(\S+)/.exec(output.stderr)![1]}/v1/traces`
}
