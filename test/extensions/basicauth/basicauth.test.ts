import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { test } from 'tap'
import * as v from 'valibot'
import type {
  Extension,
  GrpcAuthenticator,
  HttpAuthenticator,
  ServerAuthenticator,
} from '../../../src/contract/index.ts'
import otlpHttp from '../../../src/exporters/otlp_http/index.ts'
import basicauth from '../../../src/extensions/basicauth/index.ts'
import { settle, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { headOf, problemsOf, startExtension } from '../../kit/authenticator.ts'
import { watchComparisons } from '../../kit/comparisons.ts'
import { items } from '../../kit/otlp.ts'
import { startReceiver } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'
import { hasOpenssl } from './openssl.ts'

type Client = HttpAuthenticator & Required<GrpcAuthenticator>
const sent = (name: string, password: string) =>
  headOf({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` })
const never = new AbortController().signal

/** All of the same password. */
const PASSWORD = 'let: me in'
const HASHES = {
  bcrypt: hashSync(PASSWORD, 4),
  php: hashSync(PASSWORD, 4).replace(/^\$2.\$/, '$2y$'),
  sha: '{SHA}83hT12pb86dq4AdkMGhmwKdztXI=',
  nginx: `{PLAIN}${PASSWORD}`,
  plain: PASSWORD,
}

test('every kind of hash knows its password, and no other', async (t) => {
  const inline = Object.entries(HASHES).map(([name, hash]) => `${name}:${hash}`)
  const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { inline: `# people\n\n${inline.join('\n')}\n` },
  })
  for (const name of Object.keys(HASHES)) {
    const who = await extension.identify(sent(name, PASSWORD))
    t.same(who.get('username'), [name])
    t.equal(who.get('raw')?.length, 1)
    for (const wrong of ['', 'x', `${PASSWORD} `, HASHES.sha])
      await t.rejects(
        async () => extension.identify(sent(name, wrong)),
        { name: 'UnauthenticatedError' },
        `${name} ${wrong}`,
      )
  }
})

test('hashes that openssl makes are known', { skip: !hasOpenssl() && 'there is no openssl' }, async (t) => {
  for (const password of ['secret', 'a long one: more than sixteen letters', 'grüße'])
    for (const flag of ['-apr1', '-1', '-5', '-6']) {
      const hash = execFileSync('openssl', ['passwd', flag, password]).toString().trim()
      const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, {
        htpasswd: { inline: `a:${hash}` },
      })
      t.same((await extension.identify(sent('a', password))).get('username'), ['a'])
      await t.rejects(async () => extension.identify(sent('a', `${password}x`)), { name: 'UnauthenticatedError' })
    }
})

test('a check that is slow on purpose does not hold the agent, and its thread ends', async (t) => {
  const { extension, settings } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { inline: `a:${hashSync(PASSWORD, 12)}` },
  })
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  turn()
  await t.rejects(async () => extension.identify(sent('a', 'wrong')), { name: 'UnauthenticatedError' })
  isOver = true
  // In this thread it would let others go on four times.
  t.ok(turns > 20)
  t.equal(settings.clock.pending, 1)
  await settings.clock.advance(10_000)
  t.equal(settings.clock.pending, 0)
  t.same((await extension.identify(sent('a', PASSWORD))).get('username'), ['a'], 'another one is begun')
})

test('who is unknown, or says nothing that is a name and a password, is refused with a challenge', async (t) => {
  const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { inline: `a:${HASHES.bcrypt}` },
  })
  const refused = { name: 'UnauthenticatedError', challenge: 'Basic realm="sluice", charset="UTF-8"' }
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: 'Basic' },
    { authorization: 'Basic ***' },
    { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
    { authorization: `Bearer ${Buffer.from(`a:${PASSWORD}`).toString('base64')}` },
  ])
    await t.rejects(async () => extension.identify(headOf(headers)), refused, JSON.stringify(headers))
  await t.rejects(async () => extension.identify(sent('b', PASSWORD)), { ...refused, message: /name or the password/ })
  await t.rejects(async () => extension.identify(sent('__proto__', PASSWORD)), refused)
  t.ok(await extension.identify(headOf({ authorization: `basic ${Buffer.from(`a:${PASSWORD}`).toString('base64')}` })))
})

test('a right password is remembered, and checks that cost much do not pile up', async (t) => {
  const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { inline: `a:${HASHES.bcrypt}` },
  })
  const first = extension.identify(sent('a', PASSWORD))
  t.ok(first instanceof Promise)
  await first
  t.notOk(extension.identify(sent('a', PASSWORD)) instanceof Promise, 'the second time nothing is computed')
  const answers = await Promise.allSettled(
    Array.from({ length: 150 }, async (_, i) => extension.identify(sent('a', `${i}`))),
  )
  const names = answers.map((one) => (one.status === 'rejected' ? (one.reason as Error).name : 'taken'))
  t.equal(names.filter((name) => name === 'UnauthenticatedError').length, 100)
  t.equal(names.filter((name) => name === 'RetryableError').length, 50)
})

test('the file is read again when it changes; inline wins; what is of no use changes nothing', async (t) => {
  const file = join(t.testdir({}), 'htpasswd')
  writeFileSync(file, 'a:one\nb:one\n')
  const { extension, settings } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { file, inline: 'b:inline' },
  })
  const knows = async (name: string, password: string) =>
    (async () => extension.identify(sent(name, password)))().then(
      () => true,
      () => false,
    )
  t.ok(await knows('a', 'one'))
  t.ok(await knows('b', 'inline'))
  t.notOk(await knows('b', 'one'))
  writeFileSync(`${file}.new`, 'a:two\n')
  renameSync(`${file}.new`, file)
  await settings.clock.advance(5000)
  await until(() => settings.lines.some(({ message }) => message === 'file has changed and was read again'))
  t.notOk(await knows('a', 'one'), 'what was remembered is forgotten')
  t.ok(await knows('a', 'two'))
  writeFileSync(file, 'no entry')
  await settings.clock.advance(5000)
  await until(() => settings.lines.some(({ level }) => level === 'warn'))
  t.match(settings.lines.at(-1)!.fields, { error: 'htpasswd::file: line 1: must be name:hash, as htpasswd writes it' })
  t.ok(await knows('a', 'two'))
})

test('a password that was right when it was asked about, and is not any more, is refused', async (t) => {
  const file = join(t.testdir({}), 'htpasswd')
  const entry = `a:${hashSync(PASSWORD, 12)}\n`
  writeFileSync(file, entry)
  const { extension, settings } = await startExtension<ServerAuthenticator>(t, basicauth, { htpasswd: { file } })
  const isReadAgain = (times: number) =>
    settings.lines.filter(({ message }) => message === 'file has changed and was read again').length === times
  let hasMet = false
  // The check takes its time; a machine that is busy may still be slower to read the file.
  for (let times = 1; !hasMet && times < 40; times += 2) {
    let isOver = false
    const asked = Promise.resolve(extension.identify(sent('a', PASSWORD))).then(
      () => 'taken',
      ({ name }: Error) => name,
    )
    void asked.then(() => (isOver = true))
    writeFileSync(file, 'a:another\n')
    await settings.clock.advance(5000)
    await until(() => isReadAgain(times))
    hasMet = !isOver
    if (hasMet) t.equal(await asked, 'UnauthenticatedError')
    else {
      writeFileSync(file, entry)
      await settings.clock.advance(5000)
      await until(() => isReadAgain(times + 1))
    }
  }
  t.ok(hasMet)
})

test('so many passwords are remembered at most; the oldest goes', async (t) => {
  const names = Array.from({ length: 1001 }, (_, i) => `user${i}`)
  const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, {
    htpasswd: { inline: names.map((name) => `${name}:p`).join('\n') },
  })
  for (const name of names) await extension.identify(sent(name, 'p'))
  t.notOk(extension.identify(sent('user1', 'p')) instanceof Promise)
  t.ok(extension.identify(sent('user0', 'p')) instanceof Promise)
})

test('how long it takes does not tell whether a name is known', async (t) => {
  const { extension } = await startExtension<ServerAuthenticator>(t, basicauth, { htpasswd: { inline: 'a:p' } })
  const compared = watchComparisons(t)
  for (const name of ['a', 'b']) {
    compared.length = 0
    await t.rejects(async () => extension.identify(sent(name, 'wrong')), { name: 'UnauthenticatedError' })
    t.equal(compared.length, 1, name)
  }
})

test('mistakes are told at once, and never a hash', async (t) => {
  t.match(problemsOf(basicauth, {}), /needs htpasswd .* or client_auth/)
  t.match(problemsOf(basicauth, { htpasswd: { inline: 'a:b' }, client_auth: { username: 'a' } }), /not both/)
  t.match(problemsOf(basicauth, { htpasswd: {} }), /htpasswd: needs file or inline/)
  t.match(problemsOf(basicauth, { client_auth: { password: 'x' } }), /needs username or username_file/)
  t.match(problemsOf(basicauth, { client_auth: { username: 'a:b' } }), /colon/)
  const start = (inline: string) => startExtension(t, basicauth, { htpasswd: { inline } })
  await t.rejects(start('a:$6$salt$hidden'), { message: /^htpasswd::inline: line 1: unknown kind of hash(?!.*hidden)/ })
  const { settings } = await start('a:rqXexS6ZhobKA')
  t.match(settings.lines[0], {
    level: 'warn',
    fields: { setting: 'htpasswd::inline', why: /^line 1: taken as the password itself; if it is a hash of crypt/ },
  })
  await t.rejects(start('a:x\nb:{SSHA}aa'), { message: /line 2/ })
  await t.rejects(start('a:{SHA}aa'), { message: /line 1: unknown kind/ })
  await t.rejects(start(`a:$6$rounds=5000000$salt$${'h'.repeat(86)}`), {
    message: /^htpasswd::inline: line 1: rounds=5000000 is not from 1000 to 200000(?!.*hhh)/,
  })
  await t.rejects(start(`a:${HASHES.bcrypt.replace('$04$', '$15$')}`), { message: /cost of 15, .* -C 10/ })
  await t.rejects(startExtension(t, basicauth, { htpasswd: { file: '/no/such' } }), {
    message: /^htpasswd::file: ENOENT/,
  })
})

test('a client sends name and password, those of its files when they change, and once more when it is refused', async (t) => {
  const folder = t.testdir({ name: 'shop\n', password: 'one\n' })
  const client_auth = { username_file: join(folder, 'name'), password_file: join(folder, 'password') }
  const { extension } = await startExtension<Client>(t, basicauth, { client_auth })
  const proof = { authorization: `Basic ${Buffer.from('shop:one').toString('base64')}` }
  t.same(await extension.authenticate({} as never, never), proof)
  const first = await extension.authenticateCall({} as never, never)
  t.same(first, proof)
  t.equal(extension.needsTls, true)
  t.notOk(await extension.mendCall(first, never))
  writeFileSync(client_auth.password_file, 'two\n')
  t.ok(await extension.mendCall(first, never))
  t.same(await extension.authenticateCall({} as never, never), {
    authorization: `Basic ${Buffer.from('shop:two').toString('base64')}`,
  })
})

test('both sides know each other, and a wrong password loses nothing without a count', async (t) => {
  const server = basicauth.create(
    v.parse(basicauth.config, { htpasswd: { inline: `shop:${HASHES.bcrypt}` } }),
    testSettings(),
  )
  await server.start!(testHost())
  const host = testHost({ extensions: new Map<string, Extension>([['door', server]]) })
  const { url, sinks, refused } = await startReceiver(t, { http: { auth: { authenticator: 'door' } } }, { host })
  for (const password of [PASSWORD, 'wrong']) {
    const client = basicauth.create(
      v.parse(basicauth.config, { client_auth: { username: 'shop', password } }),
      testSettings(),
    )
    await client.start!(testHost())
    const settings = testSettings()
    const config = v.parse(otlpHttp.config, { endpoint: url, auth: { authenticator: 'me' } })
    const exporter = otlpHttp.create(config, settings)
    await exporter.start!(testHost({ extensions: new Map<string, Extension>([['me', client]]) }))
    await exporter.consumers.traces!(items.traces(3), testContext())
    await exporter.stop!(AbortSignal.timeout(60_000))
    await settle()
    const ledger = settings.ledger('traces')
    t.equal(ledger.outItems, password === PASSWORD ? 3 : 0)
    t.equal(ledger.droppedItems, password === PASSWORD ? 0 : 3)
  }
  t.equal(sinks.traces.items, 3)
  t.same([...sinks.traces.contexts[0]!.auth!.get('username')!], ['shop'])
  t.equal(refused.get('unauthenticated'), 1)
})
