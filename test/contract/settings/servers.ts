// Whoever listens, over HTTP or gRPC.
import { type Changes, type Scene, under } from './change.ts'
import { serverTlsChanges } from './tls.ts'

const heldBy = ['test/net/', 'test/receivers/otlp/', 'test/extensions/health_check/', 'test/exporters/prometheus/']
const notSupported = /not supported by this version/

const address: Changes = {
  endpoint: { value: 'localhost:0', change: 'where it listens' },
  transport: {
    value: 'unix',
    with: ({ sockets }: Scene) => ({ endpoint: `${sockets}/socket` }),
    change: 'the kind of socket',
  },
  'dialer.timeout': { value: '1s', change: 'a line in the log says that it has no effect', isReadAsSection: true },
}

export const pprof: Changes = {
  endpoint: { value: 'localhost:0', change: 'where it listens' },
  'dialer.timeout': { value: '1s', change: 'a line in the log says that it has no effect', isReadAsSection: true },
  block_profile_fraction: { value: 5, change: 'a line in the log says that it has no effect' },
  mutex_profile_fraction: { value: 5, change: 'a line in the log says that it has no effect' },
  save_to_file: {
    value: ({ directory }: Scene) => `${directory}/cpu.pb.gz`,
    change: 'a profile from start to stop is written',
  },
}

const http: Changes = {
  ...address,
  ...under(
    'cors',
    {
      allowed_origins: { value: ['https://other.test'], change: 'pages of that origin may send' },
      allowed_headers: { value: ['x-own'], change: 'pages may add that header' },
      exposed_headers: { value: ['x-own'], change: 'pages may read that header' },
      max_age: { value: 60, change: 'how long browsers keep the permission' },
    },
    { with: { cors: { allowed_origins: ['https://app.test'] } } },
  ),
  'auth.authenticator': { value: 'door', change: 'who may send', heldBy: ['test/net/authentication.test.ts'] },
  'auth.request_params': {
    value: ['authorization'],
    with: { auth: { authenticator: 'door' } },
    change: 'parameters that stand for headers',
    heldBy: ['test/net/authentication.test.ts'],
  },
  middlewares: { value: [{ id: 'x' }], refused: notSupported },
  max_request_body_size: { value: 1000, change: 'larger bodies are refused' },
  include_metadata: { value: true, change: 'headers go on with the batch' },
  response_headers: { value: { 'x-own': 'y' }, change: 'every answer has them' },
  compression_algorithms: { value: ['gzip'], change: 'other encodings are refused' },
  read_timeout: { value: '7s', change: 'a slower request is cut off' },
  read_header_timeout: { value: '8s', change: 'slower headers are cut off' },
  write_timeout: { value: '9s', change: 'a slower answer is cut off' },
  idle_timeout: { value: '10s', change: 'an idle connection is closed' },
  keep_alives_enabled: { value: false, change: 'a connection carries one request' },
}

const grpc: Changes = {
  ...address,
  ...under(
    'keepalive.server_parameters',
    {
      max_connection_idle: { value: '1m', change: 'a connection without calls is closed' },
      max_connection_age: { value: '2m', change: 'an old connection is closed' },
      max_connection_age_grace: { value: '3s', change: 'what its calls still get' },
      time: { value: '1m', change: 'when a silent client is asked' },
      timeout: { value: '5s', change: 'how long it has to answer' },
    },
    {},
  ),
  ...under('keepalive.enforcement_policy', {
    min_time: { value: '10s', change: 'how often a client may ask' },
    permit_without_stream: { value: true, change: 'whether it may while it has no calls' },
  }),
  'auth.authenticator': { value: 'door', change: 'who may call', heldBy: ['test/net/authentication.test.ts'] },
  middlewares: { value: [{ id: 'x' }], refused: notSupported },
  max_recv_msg_size_mib: { value: 7, change: 'larger messages are refused' },
  max_concurrent_streams: { value: 5, change: 'how many calls a connection may have' },
  read_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
  write_buffer_size: { value: 1, change: 'a line in the log says that it has no effect' },
  include_metadata: { value: true, change: 'metadata goes on with the batch' },
}

export const httpServerChanges = (prefix = ''): Changes => ({
  ...nested(prefix, http),
  ...serverTlsChanges(prefix === '' ? 'tls' : `${prefix}.tls`),
})
export const grpcServerChanges = (prefix: string): Changes => ({
  ...nested(prefix, grpc),
  ...serverTlsChanges(`${prefix}.tls`),
})

function nested(prefix: string, changes: Changes): Changes {
  const around = (below: object): object =>
    prefix === '' ? below : prefix.split('.').reduceRight<object>((tree, key) => ({ [key]: tree }), below)
  return under(
    prefix,
    Object.fromEntries(
      Object.entries(changes).map(([path, change]) => [
        path,
        {
          ...change,
          with: (scene: Scene) => around(typeof change.with === 'function' ? change.with(scene) : (change.with ?? {})),
        },
      ]),
    ),
    { heldBy },
  )
}
