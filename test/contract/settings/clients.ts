// Whoever sends, over HTTP or gRPC.
import { settle } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { give } from '../driven.ts'
import { type Changes, type Scene, under } from './change.ts'
import { clientTlsChanges } from './tls.ts'

const notSupported = /not supported by this version/
const idle = 'how unused connections are kept'

const secureHttp = ({ http }: Scene): object => ({ endpoint: `https://127.0.0.1:${http.port}` })

export const httpClientChanges: Changes = {
  ...under(
    '',
    {
      endpoint: { value: ({ http }: Scene) => `${http.url}/below`, change: 'where requests go' },
      headers: { value: { 'x-own': 'y' }, change: 'every request has them' },
      compression: { value: 'zstd', change: 'how bodies are compressed' },
      'compression_params.level': { value: 9, change: 'how hard' },
      proxy_url: { value: 'http://127.0.0.1:9', change: 'requests go through it' },
      max_conns_per_host: { value: 2, change: 'no more connections than that' },
      ...under('keepalive', {
        enabled: { value: false, change: 'a connection for each request' },
        idle_conn_timeout: { value: '5s', change: idle },
        max_idle_conns: { value: 3, change: idle },
        max_idle_conns_per_host: { value: 2, change: idle },
      }),
      max_idle_conns: { value: 3, change: idle },
      max_idle_conns_per_host: { value: 2, change: idle },
      idle_conn_timeout: { value: '5s', change: idle },
      disable_keep_alives: { value: true, change: 'a connection for each request' },
      'cookies.enabled': { value: false, change: 'cookies are not sent back' },
      force_attempt_http2: { value: true, change: 'a line in the log says that it has no effect' },
      http2_read_idle_timeout: { value: '1s', change: 'a line in the log says that it has no effect' },
      http2_ping_timeout: { value: '1s', change: 'a line in the log says that it has no effect' },
      read_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
      write_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
      'auth.authenticator': { value: 'sigv4auth', change: 'who says who sends' },
      middlewares: { value: [{ id: 'x' }], refused: notSupported },
    },
    { heldBy: ['test/net/', 'test/exporters/otlp_http/'] },
  ),
  ...clientTlsChanges('tls', secureHttp),
  'tls.insecure': {
    value: true,
    with: secureHttp,
    change: 'certificates of an https endpoint are those of Node',
    heldBy: ['test/net/'],
  },
}

export const grpcClientChanges: Changes = {
  ...under(
    '',
    {
      endpoint: { value: ({ grpc }: Scene) => `http://${grpc.endpoint}`, change: 'where calls go' },
      headers: { value: { 'x-own': 'y' }, change: 'every call has them' },
      compression: { value: 'zstd', change: 'how messages are compressed' },
      ...under('keepalive', {
        enabled: { value: false, change: 'no pings' },
        time: { value: '20s', change: 'when a silent connection is pinged' },
        timeout: { value: '5s', change: 'how long the answer may take' },
        permit_without_stream: { value: true, change: 'pings without calls' },
      }),
      balancer_name: { value: 'pick_first', change: 'one address gets everything' },
      wait_for_ready: {
        value: true,
        change: 'calls wait for a connection',
        with: { endpoint: '127.0.0.1:1' },
        async use(one) {
          await one.start()
          const sent = give(one.consumers, items.logs(1))
          await settle()
          await Promise.all([one.stop(AbortSignal.abort()), sent])
        },
      },
      authority: { value: 'other.test', change: 'the :authority of calls' },
      user_agent: { value: 'mine', change: 'the user-agent of calls' },
      read_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
      write_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
      'auth.authenticator': { value: 'oauth2client', change: 'who says who sends' },
      middlewares: { value: [{ id: 'x' }], refused: notSupported },
    },
    { heldBy: ['test/net/', 'test/exporters/otlp_grpc/'] },
  ),
  ...clientTlsChanges('tls', () => ({ tls: { insecure: false } })),
  'tls.insecure': { value: false, change: 'calls go over TLS', heldBy: ['test/net/'] },
}
