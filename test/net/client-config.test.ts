import { test } from 'tap'
import * as v from 'valibot'
import { section } from '../../src/config/schema.ts'
import {
  checkHttpClient,
  grpcClientSettings,
  httpClientSettings,
  keepaliveOf,
  noteWithoutEffect,
} from '../../src/net/client-config.ts'
import { testSettings } from '../../src/testing/index.ts'

const http = v.pipe(section(httpClientSettings({ compression: 'gzip' })), checkHttpClient())
const grpc = section(grpcClientSettings({ compression: 'gzip' }))

const problems = (schema: v.GenericSchema, config: object): string =>
  (v.safeParse(schema, config).issues ?? []).map(({ message }) => message).join('\n')

test('every setting of the collector is known, and the defaults are its own', async (t) => {
  const all = {
    endpoint: 'http://localhost:4318',
    tls: { insecure: true },
    headers: { a: 'b' },
    compression: 'zstd',
    compression_params: { level: 3 },
    proxy_url: 'http://proxy:3128',
    max_conns_per_host: 3,
    cookies: {},
    force_attempt_http2: false,
    http2_read_idle_timeout: '10s',
    http2_ping_timeout: '15s',
    read_buffer_size: 1,
    write_buffer_size: 1,
  }
  t.equal(problems(http, { ...all, keepalive: { max_idle_conns: 1 } }), '')
  t.equal(problems(http, { ...all, idle_conn_timeout: '1s', max_idle_conns: 1, disable_keep_alives: false }), '')
  t.match(v.parse(http, {}), { compression: 'gzip', endpoint: '', max_conns_per_host: 0 })
  t.equal(
    problems(grpc, {
      endpoint: 'localhost:4317',
      keepalive: { time: '30s', timeout: '5s', permit_without_stream: true },
      balancer_name: 'pick_first',
      wait_for_ready: true,
      authority: 'a',
      user_agent: 'u',
      read_buffer_size: 1,
      write_buffer_size: 1,
    }),
    '',
  )
  t.match(v.parse(grpc, {}), { compression: 'gzip', balancer_name: 'round_robin', wait_for_ready: false })
  t.equal(v.parse(grpc, { keepalive: null }).keepalive, undefined)
})

test('headers that the client sets itself are refused, values are never shown', async (t) => {
  t.equal(v.parse(http, { headers: { 'X-Key': 'abc' } }).headers['X-Key']!.reveal(), 'abc')
  t.match(problems(http, { headers: { 'Content-Length': '5' } }), /Content-Length is set by the client itself/)
  t.match(problems(grpc, { headers: { 'grpc-timeout': '1' } }), /set by the client itself/)
  t.match(problems(http, { headers: { a: 'secret\u20ac' } }), /^(?!.*secret)the value of a has a letter/)
})

test('a compression that gRPC does not have names one that it has', async (t) => {
  t.match(problems(grpc, { compression: 'lz4' }), /lz4 is none of gRPC's: use zstd/)
  t.match(problems(grpc, { compression: 'deflate' }), /deflate is none of gRPC's/)
  t.match(problems(http, { compression: 'brotli' }), /must be one of/)
  t.match(problems(http, { compression: 'gzip', compression_params: { level: 12 } }), /-2 to 9 for gzip, got 12/)
  t.equal(problems(http, { compression: 'zstd', compression_params: { level: 12 } }), '')
  t.match(problems(http, { compression: 'none', compression_params: { level: 1 } }), /no level without a compression/)
})

test('endpoints are checked', async (t) => {
  t.match(problems(http, { endpoint: 'localhost:4318' }), /must begin with http/)
  t.match(problems(http, { endpoint: 'file:///etc/passwd' }), /not file/)
  t.match(problems(http, { endpoint: 'http://user:secret@host:99999' }), /^is no URL$/)
  t.equal(problems(http, { endpoint: '' }), '')
  t.match(problems(grpc, { endpoint: 'collector' }), /port is missing/)
  t.match(problems(http, { proxy_url: 'socks5://user:secret@p:1' }), /^(?!.*secret).*SOCKS/)
})

test('what clients cannot do is refused, not ignored', async (t) => {
  for (const schema of [http, grpc]) {
    t.match(problems(schema, { middlewares: [{ id: 'x' }] }), /middlewares for clients are not supported/)
  }
})

test('both spellings of keep-alive mean the same, and must not be mixed', async (t) => {
  const of = (config: object) => keepaliveOf(v.parse(http, config))
  t.same(of({}), { isOn: true, maxIdle: 100, maxIdlePerHost: 0, idleTimeoutMs: 90_000 })
  const old = { max_idle_conns: 5, max_idle_conns_per_host: 2, idle_conn_timeout: '1s' }
  t.same(of(old), of({ keepalive: old }))
  t.same(of(old), { isOn: true, maxIdle: 5, maxIdlePerHost: 2, idleTimeoutMs: 1000 })
  t.equal(of({ disable_keep_alives: true }).isOn, false)
  t.equal(of({ keepalive: { enabled: false } }).isOn, false)
  t.match(problems(http, { max_idle_conns: 5, keepalive: {} }), /max_idle_conns: give it in keepalive/)
})

test('what has no effect is said, once for each setting that was given', async (t) => {
  const settings = testSettings()
  noteWithoutEffect(v.parse(http, { force_attempt_http2: false, write_buffer_size: 5 }), 'http', settings.log)
  noteWithoutEffect(v.parse(grpc, { read_buffer_size: 5 }), 'grpc', settings.log)
  t.same(
    settings.lines.map(({ fields }) => (fields as { setting: string }).setting),
    ['force_attempt_http2', 'write_buffer_size', 'read_buffer_size'],
  )
})
