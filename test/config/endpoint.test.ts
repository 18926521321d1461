import { test } from 'tap'
import * as v from 'valibot'
import { endpoint, headers, parseEndpoint, url } from '../../src/config/index.ts'

const problem = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).issues?.[0].message

test('an endpoint is a host and a port, or the path of a socket', async (t) => {
  t.same(parseEndpoint('localhost:4317'), { host: 'localhost', port: 4317 })
  t.same(parseEndpoint(':4317'), { host: '', port: 4317 })
  t.same(parseEndpoint('0.0.0.0:0'), { host: '0.0.0.0', port: 0 })
  t.same(parseEndpoint('[::1]:4317'), { host: '::1', port: 4317 })
  t.same(parseEndpoint('[fe80::1%eth0]:1'), { host: 'fe80::1%eth0', port: 1 })
  t.same(parseEndpoint('unix:///run/x.sock'), { path: '/run/x.sock' })
  t.same(parseEndpoint('unix:x.sock'), { path: 'x.sock' })
  t.same(parseEndpoint('/run/x.sock'), { path: '/run/x.sock' })
  t.equal(v.parse(endpoint, 'a.b-c_d:1'), 'a.b-c_d:1')
})

test('an endpoint that is none says why', async (t) => {
  const cases: [unknown, string][] = [
    ['', 'must not be empty'],
    ['localhost', 'the port is missing'],
    ['4317', 'the host is missing: localhost:4317, or :4317 for every interface'],
    ['localhost:', 'the port is missing'],
    ['localhost:http', 'http is no port: ports go from 0 to 65535'],
    ['localhost:65536', '65536 is no port: ports go from 0 to 65535'],
    ['localhost:-1', '-1 is no port: ports go from 0 to 65535'],
    ['http://localhost:4318', 'must be host:port, without http://'],
    ['file:///etc/passwd', 'must be host:port, without file://'],
    ['::1:4317', 'an IPv6 address stands in brackets: [::1:4317]:4317'],
    ['a:b:c', 'must be host:port'],
    ['[::g]:1', '[::g] is no IPv6 address'],
    ['[::1]', 'the port is missing'],
    ['a b:1', '"a b" is no host'],
    ['user@host:1', '"user@host" is no host'],
    ['unix://', 'the path of the socket is missing'],
    ['/a\0b', 'a path has no zero byte'],
    [4317, 'must be a text'],
  ]
  for (const [text, message] of cases) t.equal(problem(endpoint, text), message, String(text))
})

test('a URL is http or https', async (t) => {
  for (const text of ['http://localhost:4318', 'https://a.b/c?d=e', 'HTTPS://x', 'http://[::1]:1/'])
    t.equal(problem(url, text), undefined, text)
  t.equal(problem(url, ''), 'must not be empty')
  t.equal(problem(url, 'localhost:4318'), 'must begin with http:// or https://')
  t.equal(problem(url, 'file:///etc/passwd'), 'must begin with http:// or https://, not file://')
  t.equal(problem(url, 'http://'), 'is no URL')
  t.equal(problem(url, 'http://a b'), 'is no URL')
  t.equal(problem(url, 'http://a:99999'), 'is no URL')
})

test('headers are a mapping or a list, and secrets', async (t) => {
  const shown = (value: unknown) =>
    Object.entries(v.parse(headers, value)).map(([name, secret]) => [name, secret.reveal()])
  t.same(shown({ 'X-Scope': 'a', n: 5, e: null, __proto__: 'b' }), [
    ['X-Scope', 'a'],
    ['n', '5'],
    ['e', ''],
  ])
  t.same(shown(JSON.parse('{"__proto__": "b"}')), [['__proto__', 'b']])
  t.same(shown([{ name: 'a', value: 'b' }]), [['a', 'b']])
  t.equal(JSON.stringify(v.parse(headers, { a: 'hush' })), '{"a":"[REDACTED]"}')
})

test('a header cannot break out of its line', async (t) => {
  for (const value of ['a\r\nX: y', 'a\nb', 'a\0', '\u007f'])
    t.equal(problem(headers, { a: value }), 'the value has a line break or another control character in it')
  t.match(problem(headers, { a: 'token\n' }), /^the value ends with a line break; what \$\{file:…\} reads/)
  t.equal(problem(headers, { 'a b': 'x' }), '"a b" is no name of a header')
  t.equal(problem(headers, { 'a\r\nb': 'x' }), '"a\\r\\nb" is no name of a header')
  t.equal(problem(headers, { '': 'x' }), '"" is no name of a header')
  t.equal(problem(headers, { A: 'x', a: 'y' }), 'a is here twice')
  t.equal(problem(headers, 'a: b'), 'must be a mapping from names to values')
  t.same(
    v.safeParse(headers, { a: 'b\n' }).issues?.[0].path?.map(({ key }) => key),
    ['a'],
  )
})
