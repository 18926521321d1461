// Every file under configs/ is complete: it is valid without a warning, and it runs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { sluice, startSluice } from '../kit/process.ts'
import { onFreePorts, taskMetadata } from '../scenarios/kit.ts'

const files = readdirSync('configs').filter((name) => name.endsWith('.yaml'))

test('every config is valid, without a warning', async (t) => {
  for (const file of files) {
    const { code, stdout, stderr } = await sluice(['validate', '--config', join('configs', file)])
    t.equal(code, 0, `${file}: ${stderr}`)
    t.equal(stderr, '', file)
    t.match(stdout, /^valid: /)
  }
  t.ok(files.length > 0)
})

test('every config starts, says where it listens, and stops cleanly', async (t) => {
  const metadata = await taskMetadata(t)
  for (const file of files) {
    const env = { ECS_CONTAINER_METADATA_URI_V4: metadata.url }
    const agent = await startSluice(t, onFreePorts(readFileSync(join('configs', file), 'utf8')), { env })
    t.match(agent.output.stderr, /^ {2}extension health_check +http:\/\/|receiver otlp/m, file)
    const { code } = await agent.end()
    t.equal(code, 0, file)
  }
})

test('the local config takes what generate sends, and shows it where it says', async (t) => {
  const agent = await startSluice(t, onFreePorts(readFileSync('configs/local.yaml', 'utf8')))
  const http = agent.endpoints('receiver otlp').find((endpoint) => endpoint.startsWith('http://'))!
  const { code, stdout, stderr } = await sluice([
    'generate',
    'all',
    '--endpoint',
    http,
    '--rate',
    '200',
    '--duration',
    '2s',
  ])
  t.equal(code, 0, stderr)
  t.match(stdout, /sent \d+ spans, \d+ data points, \d+ log records/)
  const [page] = agent.endpoints('exporter prometheus')
  for (let tries = 0; tries < 100; tries++) {
    if ((await (await fetch(page!)).text()).includes('service_name=')) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.match(await (await fetch(page!)).text(), /service_name="/)
  t.equal((await fetch(agent.endpoints('extension health_check')[0]!)).status, 200)
  const ended = await agent.end()
  t.equal(ended.code, 0)
  t.match(ended.stderr, /Traces/)
  for (const signal of ['traces', 'metrics', 'logs']) {
    const path = join(agent.folder, 'data', `${signal}.jsonl`)
    t.ok(existsSync(path) && readFileSync(path, 'utf8').startsWith('{"resource'), `${signal} are in ${path}`)
  }
})
