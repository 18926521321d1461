import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import factory from '../../../src/extensions/pprof/index.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { until } from '../../kit/until.ts'

const run = promisify(execFile)

async function started(t: Test, of: object = {}) {
  const settings = testSettings()
  const extension = factory.create(v.parse(factory.config, { endpoint: '127.0.0.1:0', ...of }), settings)
  await extension.start!(testHost())
  t.teardown(() => extension.stop!(AbortSignal.timeout(0)))
  const [endpoint] = extension.endpoints!
  return { ...settings, extension, endpoint: endpoint!, ask: (path: string) => fetch(new URL(path, endpoint)) }
}

/** Long enough for samples on a busy machine. */
function work(): void {
  const { user: from } = process.cpuUsage()
  while (process.cpuUsage().user - from < 100_000) burnTheCpu()
}
/** What shows in a profile of the CPU. Without a loop: V8 loses sight of functions that it replaces while they loop. */
const burnTheCpu = (depth = 30): number => (depth < 2 ? depth : burnTheCpu(depth - 1) + burnTheCpu(depth - 2))

/** A profile of the CPU, with work in it. */
async function cpuOf({ ask, clock }: Awaited<ReturnType<typeof started>>, query = ''): Promise<Buffer> {
  const answer = ask(`/debug/pprof/profile?seconds=10${query}`)
  await until(() => clock.pending > 0)
  work()
  await clock.advance(10_000)
  return Buffer.from(await (await answer).arrayBuffer())
}

const goHas = async (): Promise<string | false> => {
  const found = await run('go', ['tool', '-n', 'pprof']).catch(() => undefined)
  return found === undefined ? 'go tool pprof is not installed' : false
}

test('a CPU profile names the functions that took the time, in pprof’s format', async (t) => {
  const bytes = await cpuOf(await started(t))
  const text = gunzipSync(bytes).toString('latin1')
  for (const expected of ['samples', 'count', 'cpu', 'nanoseconds', 'burnTheCpu', 'pprof.test.ts'])
    t.ok(text.includes(expected), expected)
  t.notOk(text.includes('(idle)'))
})

test('go tool pprof reads both profiles', { skip: await goHas() }, async (t) => {
  const one = await started(t)
  const kept: unknown[] = []
  const leak = function keepsEverything(): void {
    for (let n = 0; n < 4000; n++) kept.push(new Array(1000).fill(n))
  }
  leak()
  const files = { cpu: join(t.testdir(), 'cpu.pb.gz'), heap: join(t.testdir(), 'heap.pb.gz') }
  writeFileSync(files.cpu, await cpuOf(one))
  writeFileSync(files.heap, Buffer.from(await (await one.ask('/debug/pprof/heap')).arrayBuffer()))
  const top = async (file: string): Promise<string> => (await run('go', ['tool', 'pprof', '-top', file])).stdout
  t.match(await top(files.cpu), /Type: cpu[\s\S]*\d+m?s .*burnTheCpu/)
  t.match(await top(files.heap), /Type: inuse_space[\s\S]*[kM]B .*keepsEverything/)
  t.equal(kept.length, 4000)
})

test('a browser’s developer tools get V8’s own format', async (t) => {
  const one = await started(t)
  const profile = JSON.parse((await cpuOf(one, '&format=cpuprofile')).toString())
  t.ok(
    profile.nodes.some((node: { callFrame: { functionName: string } }) => node.callFrame.functionName === 'burnTheCpu'),
  )
  t.equal(profile.samples.length, profile.timeDeltas.length)
  const heap = await one.ask('/debug/pprof/heap?format=heapprofile')
  t.match(heap.headers.get('content-disposition'), /heap\.heapprofile/)
  t.match(await heap.json(), { head: { callFrame: { functionName: '(root)' } }, samples: Array })
})

test('a heap profile of some seconds has only what came in them and stayed', async (t) => {
  const { ask, clock } = await started(t)
  const kept: unknown[] = []
  const grow = (): void => {
    for (let n = 0; n < 4000; n++) kept.push(new Array(1000).fill(n))
  }
  const before = function cameBefore(): void {
    grow()
  }
  const during = function cameDuring(): void {
    grow()
  }
  before()
  const answer = ask('/debug/pprof/heap?seconds=5')
  await until(() => clock.pending > 0)
  during()
  await clock.advance(5000)
  const text = gunzipSync(Buffer.from(await (await answer).arrayBuffer())).toString('latin1')
  t.ok(text.includes('cameDuring'))
  t.notOk(text.includes('cameBefore'))
  t.equal(kept.length, 8000)
})

test('there is one profile at a time, and who goes away ends it', async (t) => {
  const { ask, clock, endpoint } = await started(t)
  const asked = request(new URL('/debug/pprof/profile?seconds=300', endpoint))
  asked.on('error', () => {})
  asked.end()
  await until(() => clock.pending > 0)
  for (const path of ['/debug/pprof/profile?seconds=1', '/debug/pprof/heap'])
    t.same([(await ask(path)).status, (await ask(path)).status], [409, 409], path)
  asked.destroy()
  await new Promise((resolve) => asked.once('close', resolve))
  let status = 409
  while (status === 409) status = (await ask('/debug/pprof/heap')).status
  t.equal(status, 200)
})

test('what cannot be asked is refused with what can', async (t) => {
  const { ask } = await started(t)
  const answers = {
    '/debug/pprof/profile?seconds=0': [400, /whole number from 1 to 300/],
    '/debug/pprof/profile?seconds=301': [400, /from 1 to 300/],
    '/debug/pprof/profile?seconds=-1': [400, /from 1 to 300/],
    '/debug/pprof/heap?seconds=1e9': [400, /from 0 to 300/],
    '/debug/pprof/profile?format=heapprofile': [400, /pprof or cpuprofile/],
    '/debug/pprof/goroutine': [404, /there are/],
  } as const
  for (const [path, [status, text]] of Object.entries(answers)) {
    const answer = await ask(path)
    t.equal(answer.status, status, path)
    t.match(await answer.text(), text, path)
  }
})

test('the index says what there is', async (t) => {
  const { ask, endpoint } = await started(t)
  t.match(endpoint, /\/debug\/pprof\/$/)
  const page = await ask('/debug/pprof/')
  t.match(page.headers.get('content-type'), /text\/html/)
  const text = await page.text()
  t.match(text, /\/debug\/pprof\/heap/)
  t.ok(text.includes(`'http://${new URL(endpoint).host}/debug/pprof/profile?seconds=10'`), 'the command leads here')
})

test('a page of another site is refused although its name leads here', async (t) => {
  const { endpoint } = await started(t)
  const statusFor = async (host: string): Promise<number | undefined> => {
    const asked = request(endpoint, { headers: { host } })
    asked.end()
    const [answer] = await once(asked, 'response')
    answer.resume()
    return answer.statusCode
  }
  t.equal(await statusFor('evil.example.com:1777'), 403)
  for (const host of ['localhost:1777', '127.0.0.1:1777', '[::1]:1777']) t.equal(await statusFor(host), 200, host)
})

test('an endpoint that others reach is warned about', async (t) => {
  const local = await started(t)
  t.same(
    local.lines.filter(({ level }) => level === 'warn'),
    [],
  )
  const open = await started(t, { endpoint: '0.0.0.0:0' })
  t.match(open.lines, [{ level: 'warn', message: /ANYBODY/ }])
})

test('settings for Go’s other profiles are said to do nothing', async (t) => {
  const { lines } = await started(t, {
    block_profile_fraction: 1,
    mutex_profile_fraction: 2,
    dialer: { timeout: '1s' },
  })
  const said = lines
    .filter(({ level }) => level === 'info')
    .map(({ fields }) => (fields as { setting?: string }).setting)
  t.same(said.filter(Boolean).sort(), ['block_profile_fraction', 'dialer', 'mutex_profile_fraction'])
})

test('save_to_file has the CPU from the start to the stop, and nobody else can profile it meanwhile', async (t) => {
  for (const name of ['cpu.pb.gz', 'cpu.cpuprofile']) {
    const file = join(t.testdir(), name)
    const { ask, extension } = await started(t, { save_to_file: file })
    t.equal((await ask('/debug/pprof/profile?seconds=1')).status, 409)
    t.equal((await ask('/debug/pprof/heap')).status, 200)
    work()
    t.notOk(existsSync(file))
    await extension.stop!(AbortSignal.timeout(1000))
    const bytes = readFileSync(file)
    t.ok((name.endsWith('gz') ? gunzipSync(bytes) : bytes).toString('latin1').includes('burnTheCpu'), name)
  }
})

test('a file that cannot be written is told, and the agent stops all the same', async (t) => {
  const { extension, lines } = await started(t, { save_to_file: join(t.testdir(), 'no', 'such', 'folder') })
  await extension.stop!(AbortSignal.timeout(1000))
  t.match(lines.at(-1), { level: 'error', message: /could not be written/ })
})

test('it stops twice, before it has started, and in the middle of a profile', async (t) => {
  const never = factory.create(v.parse(factory.config, {}), testSettings())
  await never.stop!(AbortSignal.timeout(0))
  const { ask, clock, extension } = await started(t)
  const answer = ask('/debug/pprof/profile?seconds=300')
  await until(() => clock.pending > 0)
  await extension.stop!(AbortSignal.timeout(60_000))
  t.equal((await answer).status, 200, 'with what there is by then')
  await extension.stop!(AbortSignal.timeout(0))
})
