// When detectors are asked, by whom, and what becomes of their answers.
import { createServer, type ServerResponse } from 'node:http'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { config as schema } from '../../../src/processors/resource_detection/config.ts'
import { createResourceDetection } from '../../../src/processors/resource_detection/processor.ts'
import { settle, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { until } from '../../kit/until.ts'
import { detecting, found, listening, machine } from './detecting.ts'

const env = (text: string) => machine({ environment: { OTEL_RESOURCE_ATTRIBUTES: text } })

/** A task metadata endpoint whose answers the test gives, one by one. */
async function heldTask(t: Test) {
  const waiting: ServerResponse[] = []
  const server = createServer((_request, response) => void waiting.push(response))
  const host = await listening(t, server)
  t.teardown(() => server.closeAllConnections())
  return {
    waiting,
    environment: { ECS_CONTAINER_METADATA_URI_V4: `http://${host}` },
    async answer(status: number, body = '{}') {
      await until(() => waiting.length > 0)
      waiting.shift()!.writeHead(status).end(body)
    },
  }
}
const family = (name: string): string => JSON.stringify({ Family: name })

test('of two detectors that find the same the first counts', async (t) => {
  const on = machine({ environment: { OTEL_RESOURCE_ATTRIBUTES: 'faas.name=mine,a=1', AWS_LAMBDA_FUNCTION_NAME: 'f' } })
  t.match(await found({ detectors: [' env ', 'lambda'] }, on), { 'faas.name': 'mine', a: '1', 'cloud.provider': 'aws' })
  t.match(await found({ detectors: ['lambda', 'env'] }, on), { 'faas.name': 'f', a: '1' })
  t.same(await found({ detectors: ['lambda', 'env'], attributes: ['a', 'faas.name'] }, on), {
    'faas.name': 'f',
    a: '1',
  })
})

test('a detector that nobody knows is a mistake in the config', async (t) => {
  t.throws(() => v.parse(schema, { detectors: ['gcp'] }), /must be one of env, system, docker, ec2/)
})

test('retries without any limit are a mistake in the config', async (t) => {
  t.throws(() => v.parse(schema, { timeout: 0 }), /retry needs a limit/)
  v.parse(schema, { timeout: 0, retry: { enabled: false } })
  v.parse(schema, { timeout: 0, retry: { max_elapsed_time: '1m' } })
  t.pass()
})

test('all detectors are asked at the same time, once for all pipelines', async (t) => {
  const task = await heldTask(t)
  const on = machine({ environment: { ...task.environment, OTEL_RESOURCE_ATTRIBUTES: 'a=1' } })
  const create = createResourceDetection(on)
  const config = v.parse(schema, { detectors: ['ecs', 'env'] })
  const pipelines = ['traces', 'logs', 'metrics'].map((pipeline) => {
    const settings = testSettings({ pipeline })
    return { settings, processor: create(config, settings) }
  })
  const starts = pipelines.map(({ processor }) => processor.start!(testHost()))
  await task.answer(200, family('f'))
  await task.answer(200)
  await Promise.all(starts)
  t.equal(task.waiting.length, 0, 'one task, one container')
  for (const { processor } of pipelines) {
    const batch = items.logs(1).rewrite([processor.visitor], testContext())
    batch.visit({
      onResource: ({ attributes }) =>
        t.ok(attributes.equals('a', '1') && attributes.equals('aws.ecs.task.family', 'f')),
    })
  }
  t.equal(
    pipelines.flatMap(({ settings }) => settings.lines).filter(({ message }) => message === 'resource detected').length,
    1,
  )
  for (const { processor } of pipelines) await processor.stop!(AbortSignal.abort())
})

test('a detector that does not answer holds up the start for the timeout, no longer', async (t) => {
  const task = await heldTask(t)
  const on = machine({ environment: { ...task.environment, OTEL_RESOURCE_ATTRIBUTES: 'a=1' } })
  const one = detecting({ detectors: ['ecs', 'env'], timeout: '2s' }, on)
  let isStarted = false
  const start = one.start().then(() => {
    isStarted = true
  })
  await until(() => task.waiting.length === 1)
  await one.settings.clock.advance(1999)
  t.notOk(isStarted)
  await one.settings.clock.advance(1)
  await start
  t.same(one.found(), { a: '1' })
  t.match(one.settings.lines[0], { level: 'error', fields: { detector: 'ecs', error: /no answer in time/ } })
  await one.stop()
})

test('a detector that fails is asked again, after waits that grow, until the timeout', async (t) => {
  const task = await heldTask(t)
  const retry = { initial_interval: '1s', randomization_factor: 0, multiplier: 2, max_interval: '3s' }
  const one = detecting({ detectors: ['ecs'], timeout: '20s', retry }, machine({ environment: task.environment }))
  const start = one.start()
  for (const waitMs of [1000, 2000, 3000, 3000]) {
    await task.answer(500)
    await until(() => one.settings.clock.pending === 2)
    await one.settings.clock.advance(waitMs - 1)
    t.equal(task.waiting.length, 0)
    await one.settings.clock.advance(1)
    await until(() => task.waiting.length === 1)
  }
  await task.answer(200, family('late'))
  await task.answer(200)
  await start
  t.match(one.found(), { 'aws.ecs.task.family': 'late' })
  t.equal(one.settings.lines.filter(({ level }) => level === 'warn').length, 4)
  await one.stop()
})

test('with max_elapsed_time the timeout is for each attempt', async (t) => {
  const task = await heldTask(t)
  const retry = { initial_interval: '1s', randomization_factor: 0, max_elapsed_time: '10s' }
  const one = detecting({ detectors: ['ecs'], timeout: '2s', retry }, machine({ environment: task.environment }))
  const start = one.start()
  await until(() => task.waiting.length === 1)
  await one.settings.clock.advance(2000)
  await one.settings.clock.advance(1000)
  await until(() => task.waiting.length === 2)
  await one.settings.clock.advance(7000)
  await start
  t.match(one.settings.lines.at(-2), { level: 'error', message: 'a detector fails' })
  await one.stop()
})

test('it looks again every refresh_interval, and keeps what it knew when that fails', async (t) => {
  const environment: Record<string, string> = { OTEL_RESOURCE_ATTRIBUTES: 'a=1' }
  const one = detecting({ refresh_interval: '1m', retry: { enabled: false } }, machine({ environment }))
  await one.start()
  t.same(one.found(), { a: '1' })
  environment.OTEL_RESOURCE_ATTRIBUTES = 'a=2'
  await one.settings.clock.advance(59_999)
  t.same(one.found(), { a: '1' })
  await one.settings.clock.advance(1)
  t.same(one.found(), { a: '2' })
  environment.OTEL_RESOURCE_ATTRIBUTES = 'broken'
  await one.settings.clock.advance(60_000)
  t.same(one.found(), { a: '2' })
  t.match(one.host.states.at(-1), { state: 'degraded' })
  delete environment.OTEL_RESOURCE_ATTRIBUTES
  await one.settings.clock.advance(60_000)
  t.same(one.found(), {}, 'nothing found is an answer')
  t.match(one.host.states.at(-1), { state: 'ok' })
  await one.stop()
  t.equal(one.settings.clock.pending, 0)
})

test('a stop ends the looking', async (t) => {
  const task = await heldTask(t)
  const one = detecting({ detectors: ['ecs'] }, machine({ environment: task.environment }))
  const start = one.start()
  await until(() => task.waiting.length === 1)
  await one.stop()
  await start
  await settle()
  t.equal(one.settings.clock.pending, 0)
})

test('settings of the HTTP client that change nothing are told', async (t) => {
  const settings = {
    endpoint: 'x',
    tls: {},
    headers: {},
    compression: 'gzip',
    compression_params: {},
    proxy_url: 'x',
    auth: {},
    middlewares: [],
  }
  const buffers = { read_buffer_size: 1, write_buffer_size: 1, cookies: {}, keepalive: {} }
  const idle = {
    max_idle_conns: 1,
    max_idle_conns_per_host: 1,
    max_conns_per_host: 1,
    idle_conn_timeout: 1,
    disable_keep_alives: true,
  }
  const http2 = { force_attempt_http2: true, http2_read_idle_timeout: 1, http2_ping_timeout: 1 }
  const given = { ...settings, ...buffers, ...idle, ...http2 }
  const one = detecting(given, env('a=1'))
  await one.start()
  const { message, fields } = one.settings.lines[0]!
  t.equal(message, 'settings have no effect')
  t.same([...(fields as { settings: string[] }).settings].toSorted(), Object.keys(given).toSorted())
  await one.stop()
})
