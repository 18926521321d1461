import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { Secret, telemetrySettings } from '../../src/config/index.ts'
import { RetryableError } from '../../src/contract/index.ts'
import { createLogger, type LogOptions, type RootLogger } from '../../src/observe/log.ts'
import { FakeClock } from '../../src/testing/index.ts'

const logSettings = (of: object) => v.parse(telemetrySettings, { logs: of }).logs

/** A log into a file; `lines` closes it and reads what is there. */
function fileLog(dir: string, of: object = {}, options: LogOptions = {}) {
  const path = join(dir, 'agent.log')
  const clock = new FakeClock()
  const settings = logSettings({ encoding: 'json', output_paths: [path], ...of })
  const log: RootLogger = createLogger(settings, { clock, ...options })
  const text = async (): Promise<string> => {
    await log.close()
    return readFileSync(path, 'utf8')
  }
  const lines = async (): Promise<Record<string, unknown>[]> =>
    (await text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  return { log, clock, text, lines }
}

test('a line of JSON has the collector’s keys, the child’s fields and the initial fields', async (t) => {
  const { log, lines } = fileLog(
    t.testdir(),
    { initial_fields: { region: 'eu' } },
    { resource: { attributes: { 'service.name': 'x' }, schemaUrl: undefined } },
  )
  log.child({ component: 'otlp', kind: 'receiver' }).info('listening', { endpoint: '127.0.0.1:4317' })
  t.same(await lines(), [
    {
      level: 'info',
      ts: '2026-01-01T00:00:00.000Z',
      resource: { 'service.name': 'x' },
      region: 'eu',
      component: 'otlp',
      kind: 'receiver',
      endpoint: '127.0.0.1:4317',
      msg: 'listening',
    },
  ])
})

test('disable_zap_resource leaves the resource out', async (t) => {
  const { log, lines } = fileLog(
    t.testdir(),
    { disable_zap_resource: true },
    { resource: { attributes: { 'service.name': 'x' }, schemaUrl: undefined } },
  )
  log.info('started')
  t.notOk('resource' in (await lines())[0]!)
})

test('lines below the level are not written', async (t) => {
  for (const [level, expected] of [
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const) {
    const { log, lines } = fileLog(t.testdir(), { level })
    for (const one of ['debug', 'info', 'warn', 'error'] as const) log[one]('hello')
    t.same(
      (await lines()).map((line) => line.level),
      expected,
    )
  }
})

test('what an attacker sends stays one line without control characters, in both encodings', async (t) => {
  const hostile = 'a\nb\r\x1b[31mred\x00\x7f\x9b2J\u2028\u202eevil "quoted" \\'
  for (const encoding of ['json', 'console']) {
    const { log, text } = fileLog(t.testdir(), { encoding })
    log.child({ [hostile]: hostile }).warn(hostile, { header: hostile, nested: { deep: [hostile] } })
    const written = await text()
    t.equal(written.split('\n').length, 2, encoding)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
    t.notMatch(written.trimEnd(), /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/, encoding)
    if (encoding === 'json') t.equal(JSON.parse(written).header, hostile, 'and nothing of it is lost')
  }
})

test('secrets and passwords in URLs are never written', async (t) => {
  for (const encoding of ['json', 'console']) {
    const { log, text } = fileLog(t.testdir(), { encoding, initial_fields: { proxy: 'http://u:hunter2@proxy:80' } })
    log.error('cannot send', {
      token: new Secret('hunter2'),
      nested: { headers: { authorization: new Secret('hunter2') } },
      error: new Error('connect https://me:hunter2@example.test/x'),
      endpoint: 'https://:hunter2@example.test',
    })
    const written = await text()
    t.notMatch(written, /hunter2/, encoding)
    t.match(written, /REDACTED/)
  }
})

test('errors read as their messages down to the cause; bytes, bigints and long texts are bounded', async (t) => {
  const { log, lines } = fileLog(t.testdir())
  const refused = new AggregateError([
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
  ])
  log.error('cannot send', {
    error: new RetryableError('destination is down', { cause: refused }),
    body: Buffer.alloc(70000),
    count: 2n ** 63n,
    text: 'x'.repeat(10_000),
    level: 'mine',
    nothing: undefined,
  })
  const [line] = await lines()
  t.equal(line!.error, 'destination is down: connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1')
  t.equal(line!.body, '70000 bytes')
  t.equal(line!.count, '9223372036854775808')
  t.match(line!.text, /^x{8192}… \(1808 more\)$/)
  t.equal(line!.level, 'error')
  t.equal(line!.level_, 'mine')
  t.notOk('stacktrace' in line!, 'an expected error has no stack')
})

test('a defect has its stack, unless stack traces are off', async (t) => {
  for (const disable_stacktrace of [false, true]) {
    const { log, lines } = fileLog(t.testdir(), { disable_stacktrace })
    log.error('a component threw', { error: new TypeError('x is not a function') })
    t.equal('stacktrace' in (await lines())[0]!, !disable_stacktrace)
  }
})

test('development adds the place in the source and the stacks of warnings', async (t) => {
  const { log, lines } = fileLog(t.testdir(), { development: true })
  log.warn('slow', { error: new Error('timeout') })
  const [line] = await lines()
  t.match(line!.caller, /observe\/log\.test\.ts:\d+$/)
  t.match(line!.stacktrace, /Error: timeout\n/)
  const quiet = fileLog(t.testdir(), { development: true, disable_caller: true })
  quiet.log.warn('slow')
  t.notOk('caller' in (await quiet.lines())[0]!)
})

test('equal lines are thinned out: ten a minute and every hundredth, and the next one says how many were left out', async (t) => {
  const { log, clock, lines } = fileLog(t.testdir())
  const component = log.child({ component: 'a' })
  for (let n = 0; n < 111; n++) component.warn('destination is down', { n })
  log.child({ component: 'b' }).warn('destination is down')
  await clock.advance(10_000)
  component.warn('destination is down', { n: 111 })
  await clock.advance(50_001)
  const written = await lines()
  t.same(
    written.filter((line) => line.component === 'a').map(({ n, suppressed }) => [n, suppressed]),
    [...Array.from({ length: 10 }, (_, n) => [n, undefined]), [109, 99], [undefined, 2]],
  )
  t.equal(written.filter((line) => line.component === 'b').length, 1, 'another component’s lines are its own')
  t.match(written.at(-1), { message: 'destination is down', suppressed: 2, msg: /left out/ })
})

test('of what is no complaint there are ten in each tick', async (t) => {
  for (const [level, expected] of [
    ['info', 30],
    ['warn', 10],
  ] as const) {
    const { log, clock, lines } = fileLog(t.testdir())
    for (let tick = 0; tick < 3; tick++) {
      for (let n = 0; n < 15; n++) log[level]('batch', { n })
      await clock.advance(10_000)
    }
    t.equal((await lines()).filter(({ msg }) => msg === 'batch').length, expected, level)
  }
})

test('sampling settings are the collector’s: tick, initial, thereafter, enabled', async (t) => {
  const counts: number[] = []
  for (const sampling of [
    { enabled: false },
    { initial: 20, thereafter: 0 },
    { initial: 2, thereafter: 10 },
    { initial: 1, thereafter: 0, tick: '1s' },
  ]) {
    const { log, clock, lines } = fileLog(t.testdir(), { sampling })
    for (let n = 0; n < 52; n++) log.info('again', { n })
    await clock.advance(1000)
    log.info('again', { n: 52 })
    counts.push((await lines()).filter((line) => line.msg === 'again').length)
  }
  t.same(counts, [53, 20, 2 + 5, 1 + 1])
})

test('what was left out is told when the log closes', async (t) => {
  const { log, lines } = fileLog(t.testdir())
  for (let n = 0; n < 15; n++) log.info('again')
  const written = await lines()
  t.equal(written.length, 11)
  t.match(written[10], { suppressed: 5, message: 'again' })
})

test('lines that belong to a line are never left out, and stand below it, indented and harmless', async (t) => {
  const { log, text } = fileLog(t.testdir(), { encoding: 'console' })
  for (let n = 0; n < 30; n++)
    log.info('Traces', { lines: ['first', `2026-01-01T00:00:00.000Z error forged\n${n}\x1b[2J`] })
  const written = (await text()).split('\n')
  t.equal(written.length, 91)
  t.same(written.slice(-4), [
    '2026-01-01T00:00:00.000Z info  Traces',
    '  first',
    '  2026-01-01T00:00:00.000Z error forged\\u000a29\\u001b[2J',
    '',
  ])
})

test('a console line reads: time, level, message, fields', async (t) => {
  const { log, text } = fileLog(t.testdir(), { encoding: 'console' })
  log.warn('queue is full', { exporter: 'otlp', size: 1000, why: 'two words', list: ['a'] })
  t.equal(
    await text(),
    '2026-01-01T00:00:00.000Z warn  queue is full exporter=otlp size=1000 why="two words" list=["a"]\n',
  )
})

test('every output gets every line, and a file is appended to', async (t) => {
  const dir = t.testdir({ 'a.log': 'before\n', 'b.log': '' })
  const output_paths = [join(dir, 'a.log'), `file://${join(dir, 'b.log')}`]
  const log = createLogger(logSettings({ output_paths, encoding: 'json' }), { clock: new FakeClock() })
  log.info('hello')
  await log.close()
  await log.close()
  log.info('too late')
  t.match(readFileSync(join(dir, 'a.log'), 'utf8'), /^before\n\{.*"hello"\}\n$/)
  t.match(readFileSync(join(dir, 'b.log'), 'utf8'), /^\{.*"hello"\}\n$/)
})

test('a file that cannot be opened is an error that names it', async (t) => {
  const path = join(t.testdir(), 'missing', 'agent.log')
  t.throws(() => createLogger(logSettings({ output_paths: [path] })), {
    message: new RegExp(`cannot open ${path}: ENOENT`),
  })
})

test('failures of writing are told elsewhere, once a minute', async (t) => {
  const errors = join(t.testdir(), 'errors.log')
  const log = createLogger(logSettings({ output_paths: ['/dev/full'], error_output_paths: [errors] }))
  for (let n = 0; n < 5; n++) log.info(`line ${n}`)
  await log.close()
  const written = readFileSync(errors, 'utf8').trimEnd().split('\n')
  t.equal(written.length, 1)
  t.match(written[0], /cannot write the log to \/dev\/full: ENOSPC/)
})

test('who listens hears the lines that are written, with all their fields', async (t) => {
  const heard: unknown[] = []
  const { log } = fileLog(t.testdir(), {}, { onLine: (line) => heard.push(line) })
  log.child({ component: 'a' }).info('hello', { n: 1 })
  log.debug('not written')
  t.same(heard, [{ level: 'info', message: 'hello', fields: { component: 'a', n: 1 } }])
  await log.close()
})
