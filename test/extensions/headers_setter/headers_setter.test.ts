import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse } from 'valibot'
import type {
  Extension,
  GrpcAuthenticator,
  HttpAttempt,
  HttpAuthenticator,
  Proof,
  Sender,
} from '../../../src/contract/index.ts'
import headersSetter from '../../../src/extensions/headers_setter/index.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { problemsOf, startExtension } from '../../kit/authenticator.ts'
import { until } from '../../kit/until.ts'

type Both = Required<GrpcAuthenticator> & Required<HttpAuthenticator>
type T = Parameters<typeof startExtension>[0]
const never = new AbortController().signal

const start = (t: T, headers: object[], more: object = {}, host = testHost()) =>
  startExtension<Both>(t, headersSetter, { headers, ...more }, host)
const hostWith = (other: object) =>
  testHost({ extensions: new Map<string, Extension>([['other', other as Extension]]) })

const sender = (metadata: Record<string, string[]>, auth: Record<string, string[]> = {}): Sender => ({
  metadata: new Map(Object.entries(metadata)),
  auth: new Map(Object.entries(auth)),
})
const attempt = (headers: Record<string, string>, context?: Sender): HttpAttempt => ({
  method: 'POST',
  url: new URL('http://x/'),
  headers,
  chunks: [],
  context,
})
/** What goes out, over both protocols: they must agree. */
function sent(t: T, extension: Both, headers: Record<string, string>, context?: Sender): Record<string, string> {
  const http = extension.authenticate(attempt(headers, context), never) as Proof
  const grpc = extension.authenticateCall({ path: '/x', metadata: headers, context }, never) as Proof
  t.same({ ...grpc }, { ...http })
  return Object.fromEntries(
    Object.entries({ ...headers, ...http }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}

test('insert, update, upsert and delete do what they say', async (t) => {
  const value = 'new'
  const { extension } = await start(t, [
    { action: 'insert', key: 'A-There', value },
    { action: 'insert', key: 'B-Gone', value },
    { action: 'update', key: 'C-There', value },
    { action: 'update', key: 'D-Gone', value },
    { action: 'upsert', key: 'E-There', value },
    { key: 'F-Gone', value },
    { action: 'delete', key: 'G-There' },
    { action: 'delete', key: 'F-Gone' },
    { action: 'insert', key: 'G-There', value: 'again' },
  ])
  const old = { 'a-there': 'old', 'c-there': 'old', 'e-there': 'old', 'g-there': 'old', 'h-there': 'old' }
  t.same(sent(t, extension, old), {
    'a-there': 'old',
    'b-gone': 'new',
    'c-there': 'new',
    'e-there': 'new',
    'g-there': 'again',
    'h-there': 'old',
  })
  t.notOk(extension.needsTls)
})

test('values come from who sent the batch, or are the default', async (t) => {
  const { extension } = await start(t, [
    { key: 'tenant', from_context: 'X-Tenant', default_value: 'nobody' },
    { key: 'subject', from_attribute: 'subject', default_value: 'anybody' },
    { key: 'groups', from_attribute: 'membership' },
  ])
  const context = sender({ 'x-tenant': ['a'] }, { subject: ['me'], membership: ['x', 'y'] })
  t.same(sent(t, extension, {}, context), { tenant: 'a', subject: 'me', groups: '["x","y"]' })
  t.same(sent(t, extension, {}, sender({})), { tenant: 'nobody', subject: 'anybody', groups: '' })
  t.same(sent(t, extension, {}), { tenant: 'nobody', subject: 'anybody', groups: '' })
})

test('what cannot be set fails for good: trying again would not help', async (t) => {
  const { extension } = await start(t, [{ key: 'tenant', from_context: 'tenant' }])
  const setting = (value: string[]) => () => extension.authenticate(attempt({}, sender({ tenant: value })), never)
  t.throws(setting(['a', 'b']), { name: 'PermanentError', reason: 'ambiguous_header' })
  t.throws(setting(['a\r\nx: b']), { name: 'PermanentError', reason: 'bad_header' })
})

test('a value in a file is read again when it changes', async (t) => {
  const value_file = join(t.testdir({ value: 'one\n' }), 'value')
  const { extension, settings } = await start(t, [{ key: 'token', value_file }])
  t.same(sent(t, extension, {}), { token: 'one' })
  writeFileSync(value_file, 'two\n')
  await settings.clock.advance(5000)
  await until(() => sent(t, extension, {}).token === 'two')
  writeFileSync(value_file, 'a\nb')
  await settings.clock.advance(5000)
  await until(() => settings.lines.some(({ level }) => level === 'warn'))
  t.same(sent(t, extension, {}), { token: 'two' })
  await t.rejects(start(t, [{ key: 'a', value_file: '/no/such' }]), { message: /^headers \(a\)::value_file: ENOENT/ })
})

test('over HTTP another authenticator sees what is set here, and mends what it gave itself', async (t) => {
  const seen: HttpAttempt[] = []
  const given: Proof = { authorization: 'signed' }
  let asked: unknown
  const other: HttpAuthenticator = {
    async authenticate(attempt) {
      seen.push(attempt)
      return given
    },
    mend: ({ proof }) => {
      asked = proof
      return true
    },
  }
  const { extension } = await start(t, [{ key: 'Tenant', value: 'a' }], { additional_auth: 'other' }, hostWith(other))
  const proof = await extension.authenticate(attempt({ host: 'x' }), never)
  t.same({ ...proof }, { tenant: 'a', authorization: 'signed' })
  t.same(seen[0]!.headers, { host: 'x', tenant: 'a' })
  t.ok(await extension.mend({ proof, status: 401 } as never, never))
  t.equal(asked, given)
  t.throws(() => extension.authenticateCall({ path: '/', metadata: {} }, never), {
    message: /no authenticator of gRPC/,
  })
})

test('over gRPC what another authenticator gives can be changed here', async (t) => {
  const other: GrpcAuthenticator = {
    needsTls: true,
    authenticateCall: () => ({ authorization: 'Bearer x', kept: 'y' }),
    mendCall: async (refused) => refused.authorization === 'Bearer x',
  }
  const headers = [
    { action: 'update', key: 'Authorization', value: 'Bearer z' },
    { action: 'insert', key: 'kept', value: 'not' },
  ]
  const { extension } = await start(t, headers, { additional_auth: 'other' }, hostWith(other))
  t.ok(extension.needsTls)
  const proof = await extension.authenticateCall({ path: '/', metadata: {} }, never)
  t.same({ ...proof }, { authorization: 'Bearer z', kept: 'y' })
  t.ok(await extension.mendCall(proof, never))
  t.notOk(await extension.mendCall({}, never))
})

test('mistakes are told at once, and never a value', async (t) => {
  const problems = (...headers: object[]) => problemsOf(headersSetter, { headers })
  t.match(problemsOf(headersSetter, {}), /headers: /)
  t.match(problems(), /at least one header/)
  t.match(problems({ value: 'x' }), /key/)
  t.match(problems({ key: 'a' }), /needs one of value, value_file, from_context, from_attribute/)
  t.match(problems({ key: 'a', value: 'x', from_context: 'y' }), /has value and from_context: one source is enough/)
  t.match(problems({ key: 'a b', value: 'x' }), /must be the name of a header/)
  t.match(problems({ key: 'Content-Length', value: 'x' }), /Content-Length is set by the client itself/)
  t.match(problems({ key: 'a', value: 'hid\nden' }), /^(?!.*hid).*value: has a line break/s)
  t.equal(problems({ key: 'a', action: 'delete' }), '')
  await t.rejects(start(t, [{ key: 'a', value: 'b' }], { additional_auth: 'other' }, hostWith({})), {
    message: 'additional_auth: other is no authenticator of clients',
  })
  const extensions = new Map<string, Extension>()
  const host = testHost({ extensions })
  const loop = headersSetter.create(
    parse(headersSetter.config, { headers: [{ key: 'a', value: 'b' }], additional_auth: 'me' }),
    testSettings(),
  )
  extensions.set('me', loop)
  await t.rejects(loop.start!(host), { message: 'additional_auth: me leads back here' })
})
