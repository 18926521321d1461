// What is built finds what it imports only when a config names a secret.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'tap'
import { StoresEmulator } from '../emulator/stores.ts'
import { launch } from '../kit/process.ts'

const skip = existsSync('dist/main.js') ? false : 'nothing is built: npm run build'

test('dist/ reads secrets', { skip }, async (t) => {
  const stores = await StoresEmulator.start(t)
  stores.secrets.set('prod/api', '{"token": "Kanary-token"}')
  stores.parameters.set('/verbosity', { value: 'detailed' })
  const yaml = `
receivers: {otlp: {protocols: {http: }}}
exporters: {debug: {verbosity: "\${ssm:/verbosity}"}, otlp_http: {endpoint: "http://a", headers: {x: "\${secretsmanager:prod/api#token}"}}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug, otlp_http]}}}
`
  const { ended } = launch(['print-config', '--config', `yaml:${yaml}`], {
    env: stores.environment,
    main: resolve('dist/main.js'),
  })
  const { code, stdout, stderr } = await ended
  t.equal(stderr, '')
  t.equal(code, 0)
  t.match(stdout, /x: "\[REDACTED\]"/)
  t.notMatch(stdout, /Kanary|detailed/)
  t.same(stores.calls.toSorted(), ['GetParameter /verbosity', 'GetSecretValue prod/api'])
})
