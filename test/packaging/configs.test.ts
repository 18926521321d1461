// What is built runs as users run it: every file under configs/, and every component at once, from a copy of dist/ that has no
// library in reach. A bundler can miss an import that is made when a component starts, or when it sends for the first time.
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { ComponentKind, Factory } from '../../src/contract/index.ts'
import { SIGNALS } from '../../src/testing/index.ts'
import { type Entry, registry, type Surroundings, surroundings } from '../contract/driven.ts'
import { TEST_KEY } from '../emulator/server.ts'
import { OWN_METRICS, type OwnAccounts, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, sluice, startSluice } from '../kit/process.ts'
import { logsOf, metricsOf, nanos, onFreePorts, postOtlp, spansOf, taskMetadata } from '../scenarios/kit.ts'

const skip = existsSync('dist/main.js') ? false : 'nothing is built: npm run build'

/** `main.js` where nothing is found by looking in the folders above. */
function built(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-built-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync('dist', join(folder, 'dist'), { recursive: true })
  copyFileSync('package.json', join(folder, 'package.json'))
  return join(folder, 'dist/main.js')
}

/** Nothing of this machine's AWS settings reaches it. */
const AWS_ENV: NodeJS.ProcessEnv = {
  AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_REGION: 'eu-west-1',
}

test('what is built starts every config, and ends with exit code 0', { skip }, async (t) => {
  const main = built(t)
  const metadata = await taskMetadata(t)
  const env = { ...AWS_ENV, ECS_CONTAINER_METADATA_URI_V4: metadata.url }
  const files = readdirSync('configs').filter((name) => name.endsWith('.yaml'))
  for (const file of files) {
    const agent = await startSluice(t, onFreePorts(readFileSync(join('configs', file), 'utf8')), { main, env })
    const { code, stderr } = await agent.end()
    t.equal(code, 0, `${file}: ${stderr}`)
    t.notMatch(stderr, /could not be started|Cannot find (module|package)/, file)
  }
  t.ok(files.length > 0)
})

test('what is built has every component: all are valid and started together, and every exporter sends', {
  skip,
}, async (t) => {
  const main = built(t)
  const around = await surroundings(t, Date.now)
  const metadata = await taskMetadata(t)
  const env = { ...AWS_ENV, ECS_CONTAINER_METADATA_URI_V4: metadata.url }
  const entries = await registry()
  const yaml = everything(entries, around)
  const folder = t.testdir({ 'config.yaml': yaml })
  const { code, stdout, stderr } = await sluice(['validate', '--config', join(folder, 'config.yaml')], { main, env })
  t.equal(code, 0, stderr)
  t.match(stdout, /^valid: /)

  const agent = await startSluice(t, yaml, { main, env })
  const now = nanos(Date.now())
  const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  await postOtlp(
    agent,
    'traces',
    spansOf('shop', [{ ...ids, name: 'a', startTimeUnixNano: now, endTimeUnixNano: now }]),
  )
  await postOtlp(
    agent,
    'metrics',
    metricsOf('shop', [{ name: 'a', gauge: { dataPoints: [{ timeUnixNano: now, asDouble: 1 }] } }]),
  )
  await postOtlp(agent, 'logs', logsOf('shop', [{ timeUnixNano: now, body: { stringValue: 'a' } }]))
  const expected = entries.flatMap(({ factory }) =>
    factory.kind === 'exporter' ? factory.signals.map((signal) => `exporter ${factory.type} ${signal}`) : [],
  )
  const accounts = await settledAccounts(agent, expected)
  // Receivers of metrics have their own besides.
  for (const name of expected) {
    const { out, dropped } = accounts.get(name)!
    t.ok(name.endsWith(' metrics') ? out > 0 : out === 1, `${name}: ${out}`)
    t.strictSame(dropped, {}, name)
  }
  t.strictSame(around.elasticsearch.violations, [])
  t.strictSame(around.openSearch.violations, [])
  const ended = await agent.end()
  t.equal(ended.code, 0, ended.stderr)
  t.notMatch(ended.stderr, /the SDK complains/)
})

/** Receivers to connectors, and from those through all processors to all exporters, for each signal. */
function everything(entries: readonly Entry[], around: Surroundings): string {
  const of = (kind: ComponentKind): object =>
    Object.fromEntries(
      entries.filter((entry) => entry.kind === kind).map((entry) => [entry.type, entry.minimal(around)]),
    )
  const names = (isWanted: (factory: Factory) => boolean): string[] =>
    entries.filter(({ factory }) => isWanted(factory)).map(({ type }) => type)
  const pipelines = SIGNALS.flatMap((signal) => [
    [
      `${signal}/in`,
      {
        receivers: names((of) => of.kind === 'receiver' && of.signals.includes(signal)),
        exporters: names((of) => of.kind === 'connector' && of.routes.some(([from]) => from === signal)),
      },
    ],
    [
      `${signal}/out`,
      {
        receivers: names((of) => of.kind === 'connector' && of.routes.some(([, to]) => to === signal)),
        processors: names((of) => of.kind === 'processor' && of.create[signal] !== undefined),
        exporters: names((of) => of.kind === 'exporter' && of.signals.includes(signal)),
      },
    ],
  ])
  return `
receivers: ${JSON.stringify(of('receiver'))}
processors: ${JSON.stringify(of('processor'))}
exporters: ${JSON.stringify(of('exporter'))}
connectors: ${JSON.stringify(of('connector'))}
extensions: ${JSON.stringify(of('extension'))}
service:
  ${OWN_METRICS}
  extensions: ${JSON.stringify(names(({ kind }) => kind === 'extension'))}
  pipelines: ${JSON.stringify(Object.fromEntries(pipelines))}
`
}

/** When each of these has had something, and holds nothing any more. */
async function settledAccounts(agent: SluiceProcess, names: readonly string[]): Promise<OwnAccounts> {
  for (;;) {
    const accounts = await ownAccounts(agent)
    const isSettled = (name: string): boolean => {
      const account = accounts.get(name)
      return account !== undefined && account.entered > 0 && account.inFlight === 0
    }
    if (names.every(isSettled)) return accounts
  }
}
