// Every component's factory, those of plugins behind our own.
import { components } from '../components.ts'
import type { Factory } from '../contract/index.ts'
import { loadPlugin, PluginError } from './plugins.ts'

/** Throws `PluginError`. */
export async function loadFactories(plugins: readonly string[], pluginApi: URL): Promise<Factory[]> {
  const loads = Object.values(components).flatMap((byType) => Object.values(byType))
  const own = await Promise.all(loads.map(async (load) => (await load()).default))
  const others: Factory[] = []
  for (const specifier of plugins) {
    for (const factory of (await loadPlugin({ specifier, folder: process.cwd() }, pluginApi)).factories) {
      if ([...own, ...others].some(({ kind, type }) => kind === factory.kind && type === factory.type)) {
        throw new PluginError(
          specifier,
          'type_taken',
          `brings the ${factory.kind} ${factory.type}, which is there already: give it another type`,
        )
      }
      others.push(factory)
    }
  }
  return [...own, ...others]
}
