// Whatever ends a run with another exit code than 0 has a code, and says where to read more.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { startCodeOf } from '../../src/cli/end-code.ts'
import { codeCalled } from '../../src/manual/errors.ts'
import { sluice } from '../kit/process.ts'

async function takenPort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const failure = (code: string, syscall = 'open'): Error =>
  new Error('receiver otlp: no', {
    cause: new Error('in words', { cause: Object.assign(new Error(code), { code, syscall }) }),
  })

test('the code of a start that failed follows from what lies behind it', async (t) => {
  const rows: readonly (readonly [error: unknown, code: string])[] = [
    [failure('EADDRINUSE', 'listen'), 'port_in_use'],
    [failure('EADDRNOTAVAIL', 'bind'), 'address_not_available'],
    [failure('EACCES', 'listen'), 'listening_not_permitted'],
    [failure('EACCES'), 'file_unusable'],
    [failure('EROFS', 'mkdir'), 'file_unusable'],
    [failure('EMFILE'), 'too_many_open_files'],
    [failure('ENOTFOUND', 'getaddrinfo'), 'host_not_found'],
    [failure('ECONNREFUSED', 'connect'), 'destination_unreachable'],
    [Object.assign(new Error('none'), { refusal: 'credentials' }), 'credentials_not_found'],
    [new Error('no licence'), 'start_failed'],
    ['a text', 'start_failed'],
  ]
  for (const [error, code] of rows) {
    t.equal(startCodeOf(error), code)
    t.ok(codeCalled(code), code)
  }
  const circle = new Error('circle')
  circle.cause = circle
  t.equal(startCodeOf(circle), 'start_failed')
})

const config = (receiver: string, exporter: string): string => `yaml:receivers: {otlp: {protocols: {${receiver}}}}
exporters: {${exporter}}
service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [${exporter.split(':')[0]}]}}}`

test('a start that fails says its code, and where to read more', async (t) => {
  const folder = t.testdir({ 'no.pem': 'no PEM' })
  const port = await takenPort(t)
  const free = 'grpc: {endpoint: "127.0.0.1:0"}'
  const rows: readonly (readonly [code: string, config: string])[] = [
    ['port_in_use', config(`grpc: {endpoint: "127.0.0.1:${port}"}`, 'debug: ')],
    ['file_unusable', config(free, `file: {path: ${join(folder, 'none', 'x.json')}}`)],
    [
      'bad_tls_files',
      config(
        `grpc: {endpoint: "127.0.0.1:0", tls: {cert_file: ${join(folder, 'no.pem')}, key_file: ${join(folder, 'no.pem')}}}`,
        'debug: ',
      ),
    ],
  ]
  await Promise.all(
    rows.map(async ([code, yaml]) => {
      const ended = await sluice(['run', '--config', yaml])
      t.equal(ended.code, 1, code)
      t.match(ended.stderr, new RegExp(`sluice did not start .*code"?[=:] ?"?${code}.*sluice explain ${code}`), code)
    }),
  )
})

test('a start without own telemetry, and a wrong command line, have their code in brackets', async (t) => {
  const port = await takenPort(t)
  const readers = `service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]`
  const args = [
    'run',
    '--config',
    config('grpc: {endpoint: "127.0.0.1:0"}', 'debug: ').replace('level: none', ''),
    '--set',
    readers,
  ]
  const ended = await sluice(args)
  t.equal(ended.code, 1)
  t.match(ended.stderr, /^sluice did not start: .* \[port_in_use\]\nsluice explain port_in_use says what to do\n$/)
  const wrong = await sluice(['run', '--confg', 'x'])
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /^error: unknown option '--confg' \[bad_command_line\]\n/)
})
