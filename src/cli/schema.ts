// `sluice schema`: the JSON Schema of the whole config, for editors.
import { writeFileSync } from 'node:fs'
import { aliases } from '../components.ts'
import { messageOf } from '../contract/index.ts'
import { catalogOf } from '../manual/catalog.ts'
import { configSchema } from '../manual/config-schema.ts'
import { complain } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { loadFactories } from './factories.ts'

export async function writeSchema(
  options: { readonly plugin: readonly string[]; readonly output?: string },
  pluginApi: URL,
): Promise<ExitCode> {
  let text: string
  try {
    text = await schemaText(options.plugin, pluginApi)
  } catch (error) {
    return complain(error)
  }
  if (options.output === undefined) {
    process.stdout.write(text)
    return EXIT.ok
  }
  try {
    writeFileSync(options.output, text)
    return EXIT.ok
  } catch (error) {
    process.stderr.write(`sluice: ${options.output} cannot be written: ${messageOf(error)}\n`)
    return EXIT.failed
  }
}

/** Throws `PluginError`. */
export async function schemaText(plugins: readonly string[], pluginApi: URL): Promise<string> {
  const catalog = catalogOf(await loadFactories(plugins, pluginApi), aliases)
  const text = JSON.stringify(configSchema(catalog), null, 1)
  // Short lists stand in a line: a change is a line, too.
  return `${text.replaceAll(/\[\n([^[\]{}]*?)\n *\]/g, (_, items: string) => `[${items.trim().replaceAll(/,\n */g, ', ')}]`)}\n`
}
