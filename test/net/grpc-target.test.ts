import { test } from 'tap'
import { parseGrpcTarget } from '../../src/net/grpc-target.ts'

test('endpoints have the forms that Go knows', async (t) => {
  for (const [text, expected] of [
    ['localhost:4317', { host: 'localhost', port: 4317, scheme: 'dns', authority: 'localhost:4317' }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['[::1]:4317', { host: '::1', port: 4317, authority: '[::1]:4317' }],
    [':4317', { host: 'localhost', port: 4317, authority: 'localhost:4317' }],
    ['http://collector:4317', { host: 'collector', port: 4317, scheme: 'http', authority: 'collector:4317' }],
    ['https://collector.example.com:443/', { host: 'collector.example.com', port: 443, scheme: 'https' }],
    ['dns:///collector:4317', { host: 'collector', port: 4317, scheme: 'dns', authority: 'collector:4317' }],
    ['dns:collector:4317', { host: 'collector', port: 4317, scheme: 'dns' }],
    ['passthrough:///1.2.3.4:5', { host: '1.2.3.4', port: 5, scheme: 'passthrough' }],
    ['unix:///run/otlp.sock', { socketPath: '/run/otlp.sock', scheme: 'unix', authority: 'localhost' }],
    ['unix:otlp.sock', { socketPath: 'otlp.sock' }],
    ['unix-abstract:otlp', { socketPath: '\0otlp' }],
  ] as const)
    t.match(parseGrpcTarget(text), expected, text)
})

test('what is no endpoint is told what would be', async (t) => {
  for (const [text, problem] of [
    ['collector', /port is missing: collector:4317/],
    ['', /port is missing/],
    ['http://collector', /port is missing: collector:4317/],
    ['collector:grpc', /port must be 1 to 65535, got "grpc"/],
    ['collector:0', /port must be/],
    ['collector:65536', /port must be/],
    ['collector:4317/v1/traces', /port must be|without a path/],
    ['http://collector:4317/v1/traces', /port must be|without a path/],
    ['::1', /needs brackets and a port: \[::1\]:4317/],
    ['dns://8.8.8.8/collector:4317', /another DNS server/],
    ['dns://collector:4317', /third slash.*dns:\/\/\/collector:4317/],
    ['xds:///collector', /unknown scheme xds/],
    ['unix://run/otlp.sock', /must be absolute/],
    ['unix:', /path of the socket/],
    ['user:secret@collector:4317', /user or a password/],
  ] as const) {
    const found = parseGrpcTarget(text)
    t.type(found, 'string', text)
    t.match(found, problem, text)
    t.notMatch(found, /secret/)
  }
})
