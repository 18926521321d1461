// `plugins`: files and packages that bring components.
import { isAbsolute, resolve } from 'node:path'
import { checkSchema } from './check.ts'
import type { LoadedConfig } from './load.ts'
import type { Problem } from './problem.ts'
import { setting, texts } from './schema.ts'
import { at, type Path } from './tree.ts'

/** `plugins`, at the top of a config. */
export const pluginSettings = setting(texts, [], 'Files (./my-exporter.ts) and packages that bring components.')

export interface PluginConfig {
  /** As written. */
  readonly specifier: string
  /** The file, when it is one: `./x.ts` starts at the config that says so. Undefined for a package. */
  readonly file: string | undefined
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
    const directory = (at(loaded.tree, path) ?? at(loaded.tree, ['plugins']))?.node.at.source.directory ?? cwd
    return {
      specifier,
      path,
      file: isFile(specifier) ? resolve(directory, specifier.replace(/^file:(\/\/)?/, '')) : undefined,
    }
  })
  return { plugins, problems: checked.warnings }
}

const isFile = (specifier: string): boolean =>
  /^\.{1,2}[/\\]/.test(specifier) || isAbsolute(specifier) || specifier.startsWith('file:')
