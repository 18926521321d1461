// `plugins`: files and packages that bring components.
import { checkSchema } from './check.ts'
import type { LoadedConfig } from './load.ts'
import type { Problem } from './problem.ts'
import { setting, texts } from './schema.ts'
import { at, type Path } from './tree.ts'

/** `plugins`, at the top of a config. */
export const pluginSettings = setting(texts, [], 'Files (./my-exporter.ts) and packages that bring components.')

export interface PluginConfig {
  /** A file (`./x.ts`) or a package, as written. */
  readonly specifier: string
  /** Where relative paths start: the folder of the config that names it, or where the agent was started. */
  readonly folder: string
  readonly path: Path
}

/** What is to be loaded before `parseService` can know all types. */
export function readPlugins(
  loaded: LoadedConfig,
  cwd: string = process.cwd(),
): { readonly plugins: readonly PluginConfig[]; readonly problems: readonly Problem[] } {
  const checked = checkSchema(pluginSettings, loaded.root.plugins ?? null, ['plugins'], loaded)
  if (checked.problems !== undefined) return { plugins: [], problems: checked.problems }
  const plugins = checked.config.map((specifier, index): PluginConfig => {
    const path = ['plugins', index]
    const node = (at(loaded.tree, path) ?? at(loaded.tree, ['plugins']))?.node
    return { specifier, path, folder: node?.at.source.directory ?? cwd }
  })
  return { plugins, problems: checked.warnings }
}
