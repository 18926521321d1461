// The example of every reference page: the editor's schema takes it, the agent finds nothing wrong with it, and it starts.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'tap'
import { parse, stringify } from 'yaml'
import { assemble } from '../../src/cli/assemble.ts'
import { createAgent, createSurroundings } from '../../src/cli/build.ts'
import type { Logger } from '../../src/contract/index.ts'
import { yamlIn } from '../../src/manual/markdown.ts'
import { Meters } from '../../src/observe/meter.ts'
import { authority } from '../kit/certificates.ts'

const pluginApi = new URL('../../src/plugin.ts', import.meta.url)
const pages = globSync('docs/reference/*/*.md')
const exampleOf = (page: string): string => yamlIn(readFileSync(page, 'utf8')) ?? ''

Object.assign(process.env, {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  ECS_CONTAINER_METADATA_URI_V4: 'http://127.0.0.1:9/v4',
})
for (const page of pages)
  for (const [, name] of exampleOf(page).matchAll(/\$\{env:(\w+)\}/g)) process.env[name!] ??= 'x'

test('the example of every page is valid, for the editor and for the agent', async (t) => {
  const ajv = new Ajv2020({ strict: false })
  const isValid = ajv.compile(JSON.parse(readFileSync('schema/sluice.schema.json', 'utf8')))
  for (const page of pages) {
    t.ok(isValid(parse(exampleOf(page))), `${page}: ${ajv.errorsText(isValid.errors)}`)
    const file = join(t.testdir({}), 'config.yaml')
    writeFileSync(file, exampleOf(page))
    const { warnings, plan } = await assemble({ config: [file], set: [], plugin: [] }, pluginApi)
    t.same(
      warnings.map(({ message }) => message),
      [],
      page,
    )
    const [kind, type] = page.split('/').slice(-2)
    const used = plan.components.map((component) => `${component.kind}s/${component.factory.type}.md`)
    t.ok(used.includes(`${kind}/${type}`), `${page}: the component is at work in it`)
  }
  t.ok(pages.length > 30)
})

test('the example of every page starts and stops', async (t) => {
  const { cert } = await authority()
  const folder = t.testdir({ 'ca.pem': cert, secret: 'user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n' })
  const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }
  const unread = new Meters('none')
  for (const page of pages) {
    const config = onLoopback(parse(exampleOf(page)), folder)
    const file = join(folder, 'config.yaml')
    writeFileSync(file, stringify(config))
    const { plan } = await assemble({ config: [file], set: [], plugin: [] }, pluginApi)
    const agent = createAgent(plan, createSurroundings(), { log: () => silent, meter: (name) => unread.meter(name) })
    await t.resolves(agent.start(), page)
    const { lostItems } = await agent.stop()
    t.equal(lostItems, 0, page)
  }
})

type Config = Record<string, Record<string, unknown>>

/** On free ports of the loopback interface, with files that are there. */
function onLoopback(config: Config, folder: string): Config {
  const isListening = (path: readonly string[]): boolean =>
    ['receivers', 'extensions'].includes(path[0]!) || path[1] === 'prometheus'
  const visit = (value: unknown, path: readonly string[]): unknown => {
    const key = path.at(-1)
    if (key === 'endpoint' && isListening(path)) return '127.0.0.1:0'
    if (key === 'ca_file') return join(folder, 'ca.pem')
    // A token to one, a line of htpasswd to another.
    if (path[0] === 'extensions' && (key === 'filename' || key === 'file')) return join(folder, 'secret')
    if (key === 'path' && path[0] === 'exporters') return join(folder, 'data.json')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, [...path, name])]))
  }
  return visit(config, []) as Config
}
