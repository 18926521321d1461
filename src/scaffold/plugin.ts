// A plugin: one file, its test, a config that runs it, and what npm and editors want.
import type { ComponentKind } from '../contract/index.ts'
import type { Name, PluginDraft } from './draft.ts'
import { importsFor } from './imports.ts'
import { describeWith, goldenFiles, indented, testCode } from './texts.ts'

/** By path in the plugin's folder. */
export function pluginFiles(name: Name, draft: PluginDraft): ReadonlyMap<string, string> {
  const { type } = name
  return new Map([
    [`${type}.ts`, pluginCode(name, draft)],
    [`${type}.test.ts`, pluginTest(name, draft)],
    ...goldenFiles('cases/first', draft.golden),
    ['config.yaml', pluginConfig(name, draft)],
    ['README.md', readme(name, draft)],
    ['package.json', packageJson(name, draft)],
    ['tsconfig.json', TSCONFIG],
    ['.gitignore', '/node_modules/\n/dist/\n*.tgz\n/sluice.schema.json\n'],
  ])
}

/** The exported thing first, then what it is made of; the schema before both, since it is used at once. */
function pluginCode({ kind, type, pascal }: Name, draft: PluginDraft): string {
  const [, own = '', wiring = ''] = /^((?:import .*\n)*)\n?([\s\S]*)$/.exec(draft.wiring) ?? []
  const [, constants = '', functions = ''] = /^((?:const .*\n)*)\n?([\s\S]*)$/.exec(wiring) ?? []
  const define = `define${kind[0]!.toUpperCase()}${kind.slice(1)}`
  const schema = `const config = ${draft.schema}\ntype ${pascal}Config = v.InferOutput<typeof config>\n`
  const code = [constants, schema, describeWith(define, type, { ...draft, config: 'config' }), functions]
    .filter((part) => part !== '')
    .join('\n')
    .replaceAll(/^export (?=function|class)/gm, '')
  return `// The ${kind} \`${type}\`, a plugin of Sluice: loaded as it is, without a build. Node strips the types and does no more.\n${own}${importsFor(code, undefined)}\n${code}`
}

function pluginTest({ type }: Name, { goldenTest, contractConfig, receive }: PluginDraft): string {
  const options = receive === undefined ? '' : `, { receive: ${receive} }`
  const config = contractConfig === undefined ? options && ', {}' : ', config'
  const call = `// What every component promises: started and stopped in any order, every item accounted for, nothing left open.
${contractConfig === undefined ? '' : `const config = ${contractConfig}\n`}for (const { title, check } of contract(factory${config}${options})) test(title, check)
`
  const code = testCode(goldenTest, call)
  const imports = importsFor(code, undefined).split('\n')
  const nodes = imports.filter((line) => line.includes("'node:"))
  const others = imports.filter((line) => line !== '' && !nodes.includes(line))
  const lines = [...nodes, "import { test } from 'node:test'", ...others, `import factory from './${type}.ts'`]
  return `${lines.join('\n')}\n\n${code}`
}

const MODELINE = '# yaml-language-server: $schema=./sluice.schema.json'

/** With a receiver and an exporter of the agent where the plugin is none, on the ports that `sluice generate` knows. */
function pluginConfig(name: Name, draft: PluginDraft): string {
  const { type } = name
  const own = `${name.kind}s:\n  ${type}:\n${indented(draft.example, 4)}\n`
  const otlp = 'receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: 127.0.0.1:4318\n'
  const debug = 'exporters:\n  debug:\n'
  const inOrder: Readonly<Record<ComponentKind, readonly string[]>> = {
    receiver: [own, debug],
    processor: [otlp, own, debug],
    exporter: [otlp, own],
    connector: [otlp, own, debug],
    extension: [own, otlp, debug],
  }
  return `${MODELINE}
# sluice run --config config.yaml
plugins:
  - ./${type}.ts

${inOrder[name.kind].join('\n')}
service:
${indented(serviceOf(name), 2)}`
}

function serviceOf({ kind, type }: Name): string {
  const pipeline = (signal: string, from: string, to: string, by?: string): string =>
    `  ${signal}:\n    receivers: [${from}]\n${by === undefined ? '' : `    processors: [${by}]\n`}    exporters: [${to}]\n`
  switch (kind) {
    case 'receiver':
      return `pipelines:\n${pipeline('logs', type, 'debug')}`
    case 'processor':
      return `pipelines:\n${pipeline('traces', 'otlp', 'debug', type)}${pipeline('logs', 'otlp', 'debug', type)}`
    case 'exporter':
      return `pipelines:\n${pipeline('logs', 'otlp', type)}`
    case 'connector':
      return `pipelines:\n${pipeline('traces', 'otlp', type)}${pipeline('metrics', type, 'debug')}`
    case 'extension':
      return `extensions: [${type}]\npipelines:\n${pipeline('traces', 'otlp', 'debug')}`
  }
}

function readme({ kind, type }: Name, { summary, whenToUse, howItWorks, example }: PluginDraft): string {
  return `# ${kind[0]!.toUpperCase()}${kind.slice(1)} \`${type}\`

${summary} A plugin of Sluice.

## When to use it
${whenToUse}

## Example
\`\`\`yaml
plugins:
  - ./${type}.ts

${kind}s:
  ${type}:
${indented(example, 4)}
\`\`\`

## How it works
${howItWorks}

## Working on it
\`\`\`sh
npm test                                     # golden cases and the contract suite
UPDATE=1 npm test                            # writes what is expected anew: look at the difference
npx sluice validate --config config.yaml
npx sluice run --config config.yaml
npx sluice schema --plugin ./${type}.ts --output sluice.schema.json   # completion in the editor
npm install && npm run check                 # types; installs the compiler
\`\`\`
`
}

function packageJson({ kind, type }: Name, { summary }: PluginDraft): string {
  const about = {
    name: `sluice-plugin-${type.replaceAll('_', '-')}`,
    version: '0.1.0',
    description: summary,
    keywords: ['sluice', 'opentelemetry', kind],
    type: 'module',
    exports: `./dist/${type}.js`,
    files: ['dist', '!dist/*.test.js'],
    scripts: {
      test: 'node --test "*.test.ts"',
      check: 'tsc',
      start: 'sluice run --config config.yaml',
      prepack: 'tsc --noEmit false --rewriteRelativeImportExtensions --outDir dist',
    },
    peerDependencies: { sluice: '*' },
    // The agent brings itself: npm need not look for it.
    peerDependenciesMeta: { sluice: { optional: true } },
    devDependencies: { '@types/node': '>=22', typescript: '>=5.8' },
  }
  return `${JSON.stringify(about, null, 2)}\n`
}

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'esnext',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      types: ['node'],
    },
    include: ['*.ts'],
  },
  null,
  2,
)}\n`
