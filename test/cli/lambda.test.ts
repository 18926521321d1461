// The module as Lambda's runtime uses it: imported once, its handler called with one event after the other.
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'

const subscription = (...messages: string[]) => {
  const logEvents = messages.map((message, i) => ({ id: String(i), timestamp: 1705312800123, message }))
  const document = { messageType: 'DATA_MESSAGE', owner: '1', logGroup: '/ecs/a', logStream: 's', logEvents }
  return { awslogs: { data: gzipSync(JSON.stringify(document)).toString('base64') } }
}

const config = (endpoint: string): string => `
receivers:
  awslogs: {endpoint: "127.0.0.1:0"}
processors:
  batch: {timeout: 200ms}
exporters:
  otlp_http: {endpoint: "${endpoint}", compression: none}
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    logs: {receivers: [awslogs], processors: [batch], exporters: [otlp_http]}
`

/** What each invocation came to, in order: `ok`, or what it was rejected with. */
async function invoke(
  t: Test,
  yaml: string,
  events: readonly unknown[],
  { remainingMs = 60_000, module = 'src/lambda.ts' } = {},
): Promise<string[]> {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'sluice.yaml'), yaml)
  const program = `
    const { handler } = await import(${JSON.stringify(resolve(module))})
    for (const event of ${JSON.stringify(events)}) {
      const context = { getRemainingTimeInMillis: () => ${remainingMs} }
      const said = await handler(event ?? undefined, context).then(() => 'ok', (error) => error.message)
      console.log(JSON.stringify(said))
    }
    process.exit()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env.PATH, LAMBDA_TASK_ROOT: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let stdout = ''
  child.stdout.on('data', (text) => (stdout += text))
  await new Promise((done) => child.once('close', done))
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

async function destination(t: Test): Promise<FakeOtlpHttp> {
  const http = new FakeOtlpHttp()
  await http.start()
  t.teardown(() => http.stop())
  return http
}

for (const module of ['src/lambda.ts', 'dist/lambda.js']) {
  const skip = existsSync(module) ? false : 'nothing is built: npm run build'
  test(`${module}: an invocation ends when its events have arrived, batch and queue included`, { skip }, async (t) => {
    const http = await destination(t)
    const events = [subscription('a', 'b'), subscription('c')]
    t.same(await invoke(t, config(http.url), events, { module }), ['ok', 'ok'])
    t.same(
      http.requests.map(({ items }) => items),
      [2, 1],
      'each before the next',
    )
  })
}

test('what does not arrive fails the invocation', async (t) => {
  const http = await destination(t)
  http.answers.push({ status: 400 })
  const [failed, ok] = await invoke(t, config(http.url), [subscription('a', 'b'), subscription('c')])
  t.equal(failed, 'not everything has arrived: 2 items lost by otlp_http (http_400)')
  t.equal(ok, 'ok')
})

test('so does time that runs out', async (t) => {
  const http = await destination(t)
  http.answers.push('hang')
  const [late] = await invoke(t, config(http.url), [subscription('a')], { remainingMs: 2000 })
  t.equal(late, "the function's time is nearly over, and 1 items have not arrived")
})

test('an event that nobody takes, and a config that is wrong, are said', async (t) => {
  const http = await destination(t)
  const [unknown, none, good] = await invoke(t, config(http.url), [{ Records: [] }, null, subscription('a')])
  t.equal(unknown, 'no receiver takes this event (it has Records); there are awslogs')
  t.match(none, /no receiver takes this event/)
  t.equal(good, 'ok')

  const [wrong] = await invoke(t, config(http.url).replace('awslogs:', 'awslog:'), [subscription('a')])
  t.match(wrong, /sluice\.yaml:\d+:\d+/)
})
