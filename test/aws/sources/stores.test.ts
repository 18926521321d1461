// Values from Secrets Manager and SSM in a config: each asked for once, and every refusal says what to do.
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { AwsSources } from '../../../src/aws/sources/index.ts'
import { ConfigError, type LoadOptions, loadConfig, type ProblemCode } from '../../../src/config/index.ts'
import { FakeClock, testSettings } from '../../../src/testing/index.ts'
import { EmulatedError } from '../../emulator/server.ts'
import { StoresEmulator } from '../../emulator/stores.ts'
import { until } from '../../kit/until.ts'

const optionsOf = (env: NodeJS.ProcessEnv, clock = new FakeClock(Date.now())): LoadOptions => ({
  sources: [],
  env,
  openRemote: async (environment) => new AwsSources({ ...testSettings(), clock }, environment),
})

/** No faster than the emulator answers. */
async function passTime(clock: FakeClock, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await sleep(5)
    await clock.advance(100)
  }
}

async function start(t: Parameters<typeof StoresEmulator.start>[0]) {
  const stores = await StoresEmulator.start(t)
  const clock = new FakeClock(Date.now())
  const load = (yaml: string, env: NodeJS.ProcessEnv = stores.environment) =>
    loadConfig({ ...optionsOf(env, clock), sources: [`yaml:${yaml}`] })
  const value = async (written: string): Promise<unknown> => (await load(`a: '${written}'`)).root.a
  const problems = async (yaml: string, env?: NodeJS.ProcessEnv) => {
    try {
      await load(yaml, env)
    } catch (error) {
      if (error instanceof ConfigError) return error.problems
      throw error
    }
    return []
  }
  return { stores, clock, load, value, problems }
}

test('a secret is named by its name or its ARN, and one key of it may be taken', async (t) => {
  const { stores, value } = await start(t)
  stores.secrets.set(
    'prod/db',
    '{"user":"app","password":"pa$$w${rd","port":5432,"id":12345678901234567890,"tags":[1]}',
  )
  stores.secrets.set('plain', '0123')
  stores.secrets.set('prod/db AWSPREVIOUS', 'before')
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf'
  t.equal(await value('${secretsmanager:prod/db#user}'), 'app')
  t.equal(await value('${secretsmanager:prod/db#password}'), 'pa$$w${rd', 'dollars are that')
  t.equal(await value('<${secretsmanager:prod/db#password}>'), '<pa$$w${rd>')
  t.equal(await value('${secretsmanager:prod/db#port}'), 5432)
  t.equal((await value('x${secretsmanager:prod/db#id}')) as string, 'x12345678901234567890', 'no digit is lost')
  t.same(await value('${secretsmanager:prod/db#tags}'), [1])
  t.equal(await value('${secretsmanager:plain}'), 83)
  t.equal(await value('<${secretsmanager:plain}>'), '<0123>')
  t.equal(await value(`\${secretsmanager:${arn}#user}`), 'app')
  t.equal(await value(`\${secretsmanager:${arn}:user::}`), 'app', 'as in task definitions of ECS')
  t.equal(await value('${secretsmanager:prod/db?version-stage=AWSPREVIOUS}'), 'before')
  t.equal(await value(`\${secretsmanager:${arn}::AWSPREVIOUS:}`), 'before')
  t.equal(await value('${secretsmanager:nope:-instead}'), 'instead')
  t.equal(await value('${secretsmanager:prod/db#nope:-7}'), 7)
})

test('a parameter is decrypted, in the version that is named', async (t) => {
  const { stores, value } = await start(t)
  stores.parameters.set('/app/token', { value: 'open' })
  stores.parameters.set('/app/token:3', { value: 'third' })
  stores.parameters.set('/app/json', { value: '{"a": "of json"}' })
  stores.parameters.set('hosts', { value: 'a,b', type: 'StringList' })
  t.equal(await value('${ssm:/app/token}'), 'open')
  t.equal(await value('${ssm:/app/token:3}'), 'third')
  t.equal(await value('${ssm:/app/json#a}'), 'of json')
  t.equal(await value('${ssm:hosts}'), 'a,b')
  t.equal(await value('${ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/app/token}'), 'open')
  t.equal(await value('${ssm:/nope:-instead}'), 'instead')
})

test('however many references there are, each secret is asked for once', async (t) => {
  const { stores, load } = await start(t)
  stores.secrets.set('db', '{"user":"app","password":"hush"}')
  stores.parameters.set('/p', { value: 'x' })
  const { root } = await load(`
a: \${secretsmanager:db#user}
b: ['\${secretsmanager:db#password}', '\${secretsmanager:db#user}:\${secretsmanager:db#password}', '\${ssm:/p}\${ssm:/p}']
c: {d: '\${ssm:/p}'}
`)
  t.same(root.b, ['hush', 'app:hush', 'xx'])
  t.same(stores.calls.toSorted(), ['GetParameter /p', 'GetSecretValue db'])
})

test('the region of an ARN is asked, and signed for', async (t) => {
  const { stores, problems } = await start(t)
  const { AWS_REGION: _, ...noRegion } = stores.environment
  const arn = 'arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:db-AbCdEf'
  stores.aws.fault = 'denied'
  await problems(`a: \${secretsmanager:${arn}}`, { ...noRegion, AWS_EC2_METADATA_DISABLED: 'true' })
  t.match(stores.aws.requests[0]?.headers.authorization, /\/ap-southeast-2\/secretsmanager\/aws4_request/)
})

test('everything that cannot be had is said at once, with its place and what to do', async (t) => {
  const { stores, problems } = await start(t)
  const who = 'User: arn:aws:sts::123456789012:assumed-role/agent/i is not authorized to perform: it'
  stores.secrets.set('text', 'hush hush')
  stores.secrets.set('json', '{"user":"hush","password":"hush"}')
  stores.refused.set('denied', new EmulatedError('AccessDeniedException', who))
  stores.refused.set('/denied', new EmulatedError('AccessDeniedException', who))
  stores.refused.set('key', new EmulatedError('AccessDeniedException', 'Access to KMS is not allowed'))
  stores.refused.set('gone', new EmulatedError('InvalidRequestException', 'it was marked for deletion.'))
  const rows: readonly (readonly [reference: string, code: ProblemCode, message: RegExp, hint?: RegExp])[] = [
    [
      'secretsmanager:denied',
      'secret_access_denied',
      /^may not read secretsmanager:denied \(/,
      /^allow secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:123456789012:secret:denied-\?{6}$/,
    ],
    [
      'ssm:/denied',
      'secret_access_denied',
      /^may not read ssm:\/denied/,
      /^allow ssm:GetParameter on arn:aws:ssm:eu-west-1:123456789012:parameter\/denied$/,
    ],
    ['secretsmanager:key', 'secret_access_denied', /^may not decrypt secretsmanager:key/, /kms:Decrypt/],
    ['secretsmanager:gone', 'secret_not_found', /marked for deletion/],
    ['secretsmanager:nope', 'secret_not_found', /^secretsmanager:nope is not there, in region eu-west-1/, /region\?/],
    ['ssm:/nope', 'secret_not_found', /^ssm:\/nope is not there/],
    ['secretsmanager:text#user', 'bad_reference', /^secretsmanager:text is no JSON object/, /leave # /],
    [
      'secretsmanager:json#usr',
      'secret_not_found',
      /^secretsmanager:json has no key "usr"$/,
      /^there are user, password$/,
    ],
    [
      'secretsmanager:arn:aws:ssm:eu-west-1:123456789012:parameter/x',
      'bad_reference',
      /is no name$/,
      /write \$\{ssm:…\}/,
    ],
    ['secretsmanager:json?stage=x', 'bad_reference', /no option stage/, /version-stage/],
    ['secretsmanager:', 'bad_reference', /is no name$/, /prod\/db/],
    ['ssm:a/b', 'bad_reference', /is no name of a parameter/, /\/a\/b/],
  ]
  const found = await problems(rows.map(([reference], index) => `k${index}: '\${${reference}}'`).join('\n'))
  t.equal(found.length, rows.length)
  for (const [index, [reference, code, message, hint]] of rows.entries()) {
    const problem = found.find(({ path }) => path[0] === `k${index}`)
    t.equal(problem?.code, code, reference)
    t.match(problem?.message, message, reference)
    if (hint !== undefined) t.match(problem?.hint, hint, reference)
    t.match(problem?.location, { source: '--config yaml', line: index + 1 }, reference)
  }
  t.notMatch(JSON.stringify(found), /hush/)
})

test('a service that fails for a moment is asked again, and not for ever', async (t) => {
  const { stores, clock, load, problems } = await start(t)
  stores.secrets.set('db', 'hush')
  stores.aws.faults.push('throttled', 'unavailable')
  let isDone = false
  const advance = (): Promise<void> => passTime(clock, () => isDone)
  const loading = load('a: ${secretsmanager:db}').finally(() => (isDone = true))
  await Promise.all([loading, advance()])
  t.equal((await loading).root.a, 'hush')
  t.equal(stores.aws.requests.length, 3)
  isDone = false
  stores.aws.fault = 'unavailable'
  const failing = problems('a: ${secretsmanager:db}').finally(() => (isDone = true))
  await Promise.all([failing, advance()])
  t.match((await failing)[0], { message: /^cannot get secretsmanager:db: .*503/, hint: /sluice validate --offline/ })
  t.equal(stores.aws.requests.length, 6)
})

test('a default stands in for what is not there, and for nothing else', async (t) => {
  const { stores, clock, problems, value } = await start(t)
  const failing: readonly (readonly [what: string, fault: typeof stores.aws.fault, code: ProblemCode])[] = [
    ['throttled', 'throttled', 'source_unreachable'],
    ['a service that is down', 'unavailable', 'source_unreachable'],
    ['an answer that is no JSON', 'garbage', 'source_unreachable'],
    ['no network', 'reset', 'source_unreachable'],
    ['no answer', 'hang', 'source_unreachable'],
    ['access denied', 'denied', 'secret_access_denied'],
  ]
  const yaml = ['secretsmanager:db', 'secretsmanager:db#user', 'ssm:/p', 'ssm:/p#user']
    .map((reference, index) => `k${index}: '\${${reference}:-instead}'`)
    .join('\n')
  for (const [what, fault, code] of failing) {
    stores.aws.fault = fault
    let isDone = false
    const failed = problems(yaml).finally(() => (isDone = true))
    await passTime(clock, () => isDone)
    t.same(
      (await failed).map((problem) => problem.code),
      [code, code, code, code],
      what,
    )
  }
  stores.aws.fault = undefined
  stores.refused.set('db', new EmulatedError('DecryptionFailure', 'the key is disabled'))
  t.match(await problems("a: '${secretsmanager:db:-instead}'"), [{ code: 'secret_access_denied' }])
  stores.refused.set('db', new EmulatedError('InvalidRequestException', 'it was marked for deletion.'))
  t.match(await problems("a: '${secretsmanager:db:-instead}'"), [{ code: 'secret_not_found', message: /deletion/ }])
  stores.refused.clear()
  t.equal(await value('${secretsmanager:db:-instead}'), 'instead')
  t.equal(await value('${ssm:/p:-instead}'), 'instead')
})

test('a service that does not answer is waited for a bounded time, for all values together', async (t) => {
  const { stores, clock, problems } = await start(t)
  stores.aws.fault = 'hang'
  const startMs = clock.monotonicMs()
  const failing = problems(Array.from({ length: 20 }, (_, i) => `k${i}: \${ssm:/p${i}}`).join('\n'))
  let isDone = false
  void failing.finally(() => (isDone = true))
  await until(() => stores.aws.requests.length === 20)
  while (!isDone) await clock.advance(500)
  const found = await failing
  t.equal(found.length, 20)
  t.match(found[0]?.message, /^cannot get ssm:\/p0: no answer within \d+ s$/)
  t.ok(clock.monotonicMs() - startMs <= 20_000, `${clock.monotonicMs() - startMs} ms`)
})

test('without credentials and without a region it says where they are looked for', async (t) => {
  const { problems } = await start(t)
  const nothing = {
    AWS_EC2_METADATA_DISABLED: 'true',
    HOME: t.testdir(),
    AWS_CONFIG_FILE: '/none',
    AWS_SHARED_CREDENTIALS_FILE: '/none',
  }
  const [noRegion] = await problems('a: ${ssm:/p}', nothing)
  t.match(noRegion, {
    code: 'source_unreachable',
    message: /^cannot get ssm:\/p: region: not known/,
    hint: /AWS_REGION/,
  })
})

test('what AWS does not have is not asked, and nothing is opened for it', async (t) => {
  let opened = 0
  const { root } = await loadConfig({
    ...optionsOf({}),
    sources: ['yaml:a: "${env:NOPE:-1}"'],
    openRemote: async () => {
      opened++
      throw new Error('not here')
    },
  })
  t.equal(root.a, 1)
  t.equal(opened, 0)
})
