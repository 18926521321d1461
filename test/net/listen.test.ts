import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import { type Address, addressEntries, addressIsValid, isWildcard, listen } from '../../src/net/listen.ts'

const schema = v.pipe(section(addressEntries('localhost:4318')), addressIsValid())
const problemsOf = (config: object) =>
  (v.safeParse(schema, config).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
const close = async (server: Server): Promise<void> => {
  server.close()
  await once(server, 'close')
}
const tcp = (endpoint: string, transport: Address['transport'] = 'tcp'): Address => ({ endpoint, transport })

test('endpoints that cannot be listened on are refused with what would be right', async (t) => {
  for (const endpoint of ['localhost:4318', ':4318', '0.0.0.0:0', '[::1]:4318', '/run/otlp.sock', 'unix:///run/x.sock'])
    t.same(problemsOf({ endpoint }), [], endpoint)
  for (const endpoint of [
    '',
    '4318',
    'localhost',
    'localhost:',
    'localhost:http',
    'a:b:1',
    '::1:4318',
    'localhost:70000',
  ])
    t.match(problemsOf({ endpoint }), [/^endpoint: must be host:port/], endpoint)
  t.match(problemsOf({ endpoint: 'http://localhost:4318' }), [/must be host:port, without http/])
  t.same(problemsOf({ endpoint: '/run/otlp.sock', transport: 'unix' }), [])
  t.match(problemsOf({ endpoint: 'otlp.sock', transport: 'unix' }), [/absolute path/])
  t.match(problemsOf({ endpoint: '/run/otlp.sock', transport: 'tcp4' }), [/as transport is tcp4/])
  t.match(problemsOf({ endpoint: `/${'x'.repeat(107)}` }), [/at most 107 bytes long, as sockets have it, got 108/])
  t.match(problemsOf({ transport: 'udp' }), [/transport: must be one of tcp/])
})

test('a name is its IPv4 address, and no host is every interface', async (t) => {
  const server = createServer()
  t.match(await listen(server, tcp('localhost:0')), /^127\.0\.0\.1:[1-9]\d*$/)
  await close(server)
  t.match(await listen(server, tcp(':0')), /^0\.0\.0\.0:\d+$/)
  t.equal((server.address() as AddressInfo).family, existsSync('/proc/net/if_inet6') ? 'IPv6' : 'IPv4', 'either kind')
  await close(server)
  t.match(await listen(server, tcp('0.0.0.0:0', 'tcp4')), /^0\.0\.0\.0:\d+$/)
  t.equal((server.address() as AddressInfo).family, 'IPv4')
  await close(server)
  for (const [endpoint, expected] of [
    [':1', true],
    ['0.0.0.0:1', true],
    ['[::]:1', true],
    ['127.0.0.1:1', false],
    ['/run/x.sock', false],
  ] as const)
    t.equal(isWildcard(tcp(endpoint)), expected, endpoint)
})

test('a port that is taken, and an address that is not ours, are said in words', async (t) => {
  const first = createServer()
  const where = await listen(first, tcp('127.0.0.1:0'))
  await t.rejects(listen(createServer(), tcp(where)), {
    message: `${where} is in use: another process listens there, or another receiver of this config`,
  })
  await close(first)
  await t.rejects(listen(createServer(), tcp('192.0.2.1:0')), { message: /this machine has no such address/ })
  await t.rejects(listen(createServer(), tcp('no.such.host.invalid:0')), {
    message: /^no\.such\.host\.invalid has no address/,
  })
})

test('a unix socket is for its owner and group, and what a killed process left is no obstacle', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'otlp.sock')
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'))
  t.equal(await listen(server, tcp(path, 'unix')), `unix:${path}`)
  t.equal(statSync(path).mode & 0o777, 0o660)
  await t.rejects(listen(createServer(), tcp(path, 'unix')), { message: /is in use/ }, 'somebody answers there')
  const client = connect(path)
  await once(client, 'data')
  await close(server)
  // A socket file that nobody listens on, as after SIGKILL: a listening child that is killed.
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ])
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  t.ok(existsSync(path))
  t.equal(await listen(server, tcp(path, 'unix')), `unix:${path}`)
  await close(server)
})
