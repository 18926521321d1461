import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse } from 'valibot'
import type { GrpcAuthenticator, HttpAuthenticator, ServerAuthenticator } from '../../../src/contract/index.ts'
import bearertokenauth from '../../../src/extensions/bearertokenauth/index.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { headOf, problemsOf, startExtension } from '../../kit/authenticator.ts'
import { watchComparisons } from '../../kit/comparisons.ts'
import { until } from '../../kit/until.ts'

type Both = ServerAuthenticator & Required<GrpcAuthenticator> & Required<HttpAuthenticator>
const start = (t: Parameters<typeof startExtension>[0], yaml: object) => startExtension<Both>(t, bearertokenauth, yaml)
const never = new AbortController().signal
const sends = (extension: Both) => extension.authenticate({} as never, never)
const knows = (extension: Both, header: string, name = 'authorization'): boolean => {
  try {
    extension.identify(headOf({ [name]: header }))
    return true
  } catch {
    return false
  }
}

test('each of the tokens may be used to send here, the first is sent', async (t) => {
  const { extension } = await start(t, { tokens: ['one', 'two'] })
  t.same(sends(extension), { authorization: 'Bearer one' })
  t.same(extension.authenticateCall({} as never, never), { authorization: 'Bearer one' })
  t.ok(extension.needsTls)
  for (const known of ['Bearer one', 'Bearer two', 'bearer two']) t.ok(knows(extension, known), known)
  for (const unknown of ['Bearer three', 'one', 'Bearer', 'Bearer ', 'Bearerone', 'Basic one', ''])
    t.notOk(knows(extension, unknown), unknown)
  t.throws(() => extension.identify(headOf({})), {
    name: 'UnauthenticatedError',
    message: 'missing or empty header: Authorization',
    challenge: 'Bearer',
  })
  t.throws(() => extension.identify(headOf({ authorization: 'Bearer hidden' })), { message: /^(?!.*hidden)/ })
  t.notOk(await extension.mend({ status: 401, proof: sends(extension) } as never, never))
})

test('how long it takes does not tell which token it was, or whether it was one', async (t) => {
  const { extension } = await start(t, { tokens: ['one', 'two', 'three'] })
  const compared = watchComparisons(t)
  for (const said of ['Bearer one', 'Bearer three', 'Bearer four', 'Basic one']) {
    compared.length = 0
    knows(extension, said)
    t.equal(compared.length, 3, said)
  }
})

test('header and scheme can be others, or none', async (t) => {
  const { extension } = await start(t, { token: 'key', header: 'X-Api-Key', scheme: '' })
  t.same(sends(extension), { 'x-api-key': 'key' })
  t.ok(knows(extension, 'key', 'x-api-key'))
  t.notOk(knows(extension, 'Bearer key', 'x-api-key'))
  t.notOk(knows(extension, 'key'))
  const other = await start(t, { token: 'key', scheme: 'Token' })
  t.same(sends(other.extension), { authorization: 'Token key' })
})

test('a file has tokens, and has the last word; it is read again when it changes', async (t) => {
  const filename = join(t.testdir({ token: ' one \n\ntwo\n' }), 'token')
  const { extension, settings } = await start(t, { filename, token: 'ignored' })
  t.match(settings.lines[0], { level: 'warn', message: /has no effect/ })
  t.same(sends(extension), { authorization: 'Bearer one' })
  t.ok(knows(extension, 'Bearer two'))
  t.notOk(knows(extension, 'Bearer ignored'))
  writeFileSync(filename, 'three\n')
  await settings.clock.advance(5000)
  await until(() => knows(extension, 'Bearer three'))
  t.notOk(knows(extension, 'Bearer one'))
  for (const bad of ['', '\n \n', 'a\u0007b']) t.equal(await looked(bad), 'Bearer three', JSON.stringify(bad))
  rmSync(filename)
  await settings.clock.advance(5000)
  t.same(sends(extension), { authorization: 'Bearer three' })

  async function looked(content: string): Promise<unknown> {
    writeFileSync(filename, content)
    await extension.mend({ status: 401, proof: sends(extension) } as never, never)
    return (sends(extension) as { authorization?: string }).authorization
  }
})

test('a client that is refused looks into the file at once', async (t) => {
  const filename = join(t.testdir({ token: 'one' }), 'token')
  const { extension } = await start(t, { filename })
  const proof = sends(extension)
  t.notOk(await extension.mend({ status: 401, proof } as never, never))
  writeFileSync(filename, 'two')
  t.notOk(await extension.mend({ status: 403, proof } as never, never))
  t.ok(await extension.mend({ status: 401, proof } as never, never))
  t.ok(await extension.mendCall({ authorization: 'Bearer one' }, never))
  t.same(sends(extension), { authorization: 'Bearer two' })
})

test('a file that is not there is an error, unless it is waited for', async (t) => {
  const filename = join(t.testdir({}), 'token')
  await t.rejects(start(t, { filename }), { message: /^filename: ENOENT/ })
  const retry_on_failure = { enabled: true, initial_interval: '2s', offset: '3s' }
  const { extension, settings } = await start(t, { filename, retry_on_failure })
  t.throws(() => sends(extension), { name: 'RetryableError', message: 'auth: there is no token yet' })
  t.throws(() => extension.identify(headOf({ authorization: 'Bearer ' })), { name: 'RetryableError' })
  await settings.clock.advance(2000)
  writeFileSync(filename, 'one')
  await until(() => settings.clock.pending > 0)
  await settings.clock.advance(3000)
  await until(() => knows(extension, 'Bearer one'))
  t.same(sends(extension), { authorization: 'Bearer one' })
})

test('the start waits for the file when it is told to, and gives up when it is told to', async (t) => {
  const filename = join(t.testdir({}), 'token')
  const begin = (retry: object) => {
    const settings = testSettings()
    const yaml = { filename, wait_for_token_file: true, retry_on_failure: { enabled: true, ...retry } }
    const { create, config } = bearertokenauth
    const extension = create(parse(config, yaml), settings)
    t.teardown(() => extension.stop!(AbortSignal.abort()))
    return { settings, started: extension.start!(testHost()) }
  }
  const failing = begin({ max_retries: 2 })
  const failed = t.rejects(failing.started, { message: /ENOENT/ })
  for (const ms of [1000, 5000]) {
    await until(() => failing.settings.clock.pending > 0)
    await failing.settings.clock.advance(ms)
  }
  await failed
  t.match(failing.settings.lines.at(-1), { level: 'error', fields: { retries: 2 } })
  const waiting = begin({})
  await until(() => waiting.settings.clock.pending > 0)
  writeFileSync(filename, 'one')
  await waiting.settings.clock.advance(1000)
  await waiting.started
})

test('mistakes are told at once, and never a token', async (t) => {
  t.match(problemsOf(bearertokenauth, {}), /needs token, tokens or filename/)
  t.match(problemsOf(bearertokenauth, { token: 'a', tokens: ['b'] }), /not both/)
  t.match(problemsOf(bearertokenauth, { token: '' }), /must not be empty/)
  t.match(problemsOf(bearertokenauth, { token: 'hid\nden' }), /^(?!.*hid).*line break/s)
  t.match(problemsOf(bearertokenauth, { token: 'a', header: 'a b' }), /header: must be the name of a header/)
})
