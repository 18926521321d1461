// What an editor shows of a config: the language server behind VS Code's and most others' support of YAML, with the project's schema.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Test, test } from 'tap'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'

interface Diagnostic {
  readonly message: string
  readonly range: { readonly start: { readonly line: number; readonly character: number } }
}
interface Completion {
  readonly label: string
  readonly documentation?: string
  readonly insertText: string
}
interface Editor {
  /** What is underlined in a file of that name, line by line: `9: …`. */
  open(file: string, text: string): Promise<readonly string[]>
  /** At the mark `|` of a text that is opened without it. */
  complete(file: string, text: string): Promise<readonly Completion[]>
  hover(file: string, text: string): Promise<string>
}

const SETTINGS = { validate: true, completion: true, hover: true, schemaStore: { enable: false } }
const MODELINE = '# yaml-language-server: $schema=../schema/sluice.schema.json\n'
const pathOfServer = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server')

async function editor(t: Test): Promise<Editor> {
  const server = spawn(process.execPath, [pathOfServer, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const connection = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  )
  t.teardown(async () => {
    const ended = once(server, 'exit')
    connection.dispose()
    server.kill()
    await ended
  })
  const shown = new Map<string, (diagnostics: readonly Diagnostic[]) => void>()
  connection.onNotification(
    'textDocument/publishDiagnostics',
    ({ uri, diagnostics }: { uri: string; diagnostics: readonly Diagnostic[] }) => shown.get(uri)?.(diagnostics),
  )
  connection.onRequest('workspace/configuration', ({ items }: { items: readonly { section: string }[] }) =>
    items.map(({ section }) => (section === 'yaml' ? SETTINGS : null)),
  )
  connection.onRequest('client/registerCapability', () => null)
  connection.listen()
  const root = pathToFileURL(resolve('.')).href
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: root,
    workspaceFolders: [{ uri: root, name: 'sluice' }],
    capabilities: {
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      textDocument: { hover: { contentFormat: ['markdown'] } },
    },
  })
  await connection.sendNotification('initialized', {})
  await connection.sendNotification('workspace/didChangeConfiguration', { settings: { yaml: SETTINGS } })

  // Files of the folder `configs`, which need not exist: the schema is found from there.
  const uriOf = (file: string): string => pathToFileURL(resolve('configs', file)).href
  const open = async (file: string, text: string): Promise<readonly string[]> => {
    const uri = uriOf(file)
    const diagnostics = new Promise<readonly Diagnostic[]>((done) => shown.set(uri, done))
    await connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'yaml', version: 1, text },
    })
    return (await diagnostics)
      .map(({ message, range }) => ({ message, line: range.start.line + 1 }))
      .sort((a, b) => a.line - b.line)
      .map(({ message, line }) => `${line}: ${message}`)
  }
  const at = async <Answer>(request: string, file: string, text: string): Promise<Answer> => {
    const before = text.slice(0, text.indexOf('|')).split('\n')
    await open(file, text.replace('|', ''))
    const position = { line: before.length - 1, character: before.at(-1)!.length }
    return connection.sendRequest<Answer>(request, { textDocument: { uri: uriOf(file) }, position })
  }
  return {
    open,
    complete: async (file, text) =>
      (await at<{ items: readonly Completion[] }>('textDocument/completion', file, text)).items,
    hover: async (file, text) =>
      (await at<{ contents: { value: string } }>('textDocument/hover', file, text)).contents.value,
  }
}

test('an editor', async (t) => {
  const { open, complete, hover } = await editor(t)

  await t.test('finds nothing to underline in the configs of the project', async (t) => {
    const files = readdirSync('configs').filter((name) => name.endsWith('.yaml'))
    for (const file of files) t.same(await open(file, readFileSync(`configs/${file}`, 'utf8')), [], file)
    t.ok(files.length > 0)
  })

  await t.test('underlines what is wrong, and says what would be right', async (t) => {
    const text = `${MODELINE}receivers:
  otlp: {protocols: {http: }}
processors:
  batch: {timeout: soon}
exporters:
  prometheus: {endpoint: "127.0.0.1:8889", metric_expiratoin: 5m}
  otlp_http: {endpoint: "collector:4318", sending_queue: {enabled: sometimes}}
  otlp_grpc: {endpoint: collector}
service:
  pipelines:
    metrics: {receivers: [otpl], exporters: [prometheus]}
`
    const lines = await open('wrong.yaml', text)
    t.same(lines.slice(0, -1), [
      '5: Expected a duration such as 30s, 5m or 1h30m.',
      '7: Property metric_expiratoin is not allowed.',
      '8: Expected a URL such as https://collector:4318.',
      '8: Expected true or false, or a reference such as ${env:NAME}.',
      '9: Expected an address such as 127.0.0.1:4317 or collector:4317.',
    ])
    t.match(lines.at(-1), /^12: Value is not accepted\. Valid values: .*"otlp"/)
  })

  await t.test('offers settings with their default and what they do', async (t) => {
    const offered = await complete(
      'settings.yaml',
      `${MODELINE}exporters:\n  prometheus/mine:\n    endpoint: 127.0.0.1:8889\n    |\n`,
    )
    const expiration = offered.find(({ label }) => label === 'metric_expiration')
    t.match(expiration, {
      insertText: /^metric_expiration: .*5m/,
      documentation: 'How long a series is shown without a new point.',
    })
    t.notOk(
      offered.some(({ label }) => label === 'endpoint'),
      'not what is there already',
    )
  })

  await t.test('offers the components by their present names', async (t) => {
    const offered = await complete(
      'names.yaml',
      `${MODELINE}service:\n  pipelines:\n    traces:\n      receivers: [|]\n      exporters: [awsxray]\n`,
    )
    const labels = offered.map(({ label }) => label)
    t.ok(['otlp', 'awsxray', 'statsd'].every((name) => labels.includes(name)))
  })

  await t.test('explains a component and a setting', async (t) => {
    const text = `${MODELINE}exporters:\n  awsxray:\n    region: eu-west-1\n`
    t.match(await hover('component.yaml', text.replace('awsxray', 'aws|xray')), 'X-Ray')
    t.match(await hover('setting.yaml', text.replace('region', 're|gion')), /region/i)
  })
})
