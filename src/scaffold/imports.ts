// The imports that a piece of code needs, from the names in it: the same code stands in the project and in a plugin.

interface Room {
  readonly values: string
  readonly types?: string
  /** What a plugin imports it from; `sluice/plugin` unless it says otherwise. */
  readonly inPlugin?: string
}

/** Where a name comes from in the project, below src/. */
const ROOMS: Readonly<Record<string, Room>> = {
  'config/coded.ts': { values: 'coded' },
  'config/schema.ts': { values: 'list required section setting' },
  'config/values.ts': { values: 'duration nonEmptyText secret text' },
  'contract/index.ts': {
    values:
      'defineConnector defineExporter defineExtension defineProcessor defineReceiver messageOf PermanentError RetryableError',
    types: 'Connector Consume Consumers Exporter Extension ItemProcessor Receiver Settings',
  },
  'data/index.ts': { values: 'Builder instantFromMillis keyOf', types: 'Attributes Batch' },
  'delivery/index.ts': { values: 'deliver deliverySettings' },
  'net/client-config.ts': { values: 'checkHttpClient httpClientSettings noteWithoutEffect', inPlugin: 'sluice/http' },
  'net/http-client.ts': { values: 'HttpClient', types: 'HttpTarget', inPlugin: 'sluice/http' },
  'net/otlp.ts': { values: 'errorOfReply', inPlugin: 'sluice/http' },
  'net/user-agent.ts': { values: 'userAgentOf', inPlugin: 'sluice/http' },
  'testing/index.ts': {
    values: 'contract goldenCases HttpDestination outcome startComponent',
    types: 'ContractScene Driven',
    inPlugin: 'sluice/testing',
  },
}
const NODE: Readonly<Record<string, string>> = {
  'node:fs': 'mkdtempSync readdirSync readFileSync rmSync',
  'node:os': 'tmpdir',
  'node:path': 'join',
}

interface Wanted {
  readonly name: string
  readonly isType: boolean
}

/** `import` lines. `root` leads from the file to the project's src/; undefined in a plugin. */
export function importsFor(code: string, root: string | undefined): string {
  const words = wordsOf(code)
  const byModule = new Map<string, Wanted[]>()
  const want = (module: string, names: string, isType: boolean): void => {
    const wanted = names.split(' ').filter((name) => words.has(name))
    if (wanted.length > 0)
      byModule.set(module, [...(byModule.get(module) ?? []), ...wanted.map((name) => ({ name, isType }))])
  }
  for (const [module, names] of Object.entries(NODE)) want(module, names, false)
  if (words.has('v') && root !== undefined) byModule.set('valibot', [])
  for (const [room, { values, types = '', inPlugin = 'sluice/plugin' }] of Object.entries(ROOMS)) {
    const module = root === undefined ? inPlugin : `${root}/${room}`
    want(module, values, false)
    want(module, types, true)
  }
  if (words.has('v') && root === undefined) want('sluice/plugin', 'v', !/\bv\.(?!InferOutput)/.test(code))
  const modules = root === undefined ? [...byModule].sort(([a], [b]) => (a < b ? -1 : 1)) : [...byModule]
  const lines = modules.map(([module, wanted]) =>
    module === 'valibot'
      ? `import ${/\bv\.(?!InferOutput)/.test(code) ? '' : 'type '}* as v from 'valibot'`
      : importLine(module, wanted),
  )
  return lines.length > 0 ? `${lines.join('\n')}\n` : ''
}

/** Names that code uses (`...spread` is one, `of.property` is not); words in texts and comments are none. */
function wordsOf(code: string): ReadonlySet<string> {
  const bare = code
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replaceAll(/`[^`]*`/g, (text) => (text.match(/\$\{[^}]*\}/g) ?? []).join(' '))
  return new Set([...bare.matchAll(/(?<![\w#]|(?<!\.\.)\.)[A-Za-z]\w*/g)].map(([word]) => word))
}

const WIDTH = 120

/** As Biome writes it. */
function importLine(module: string, wanted: readonly Wanted[]): string {
  const sorted = wanted.toSorted((a, b) => compareNames(a.name, b.name))
  const areTypes = sorted.every(({ isType }) => isType)
  const names = sorted.map(({ name, isType }) => (isType && !areTypes ? `type ${name}` : name))
  const start = areTypes ? 'import type' : 'import'
  const line = `${start} { ${names.join(', ')} } from '${module}'`
  return line.length <= WIDTH ? line : `${start} {\n${names.map((name) => `  ${name},\n`).join('')}} from '${module}'`
}

/** A before a before B. */
function compareNames(a: string, b: string): number {
  const key = (name: string): string =>
    [...name].map((letter) => `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 1 : 0}`).join('')
  return key(a) < key(b) ? -1 : 1
}
