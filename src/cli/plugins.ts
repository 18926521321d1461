// Plugins: one file or one installed package each, loaded without a build.
import { existsSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ComponentKind, type Factory, messageOf } from '../contract/index.ts'

/** A plugin cannot be used; the message says which, why, and what would be right. */
export class PluginError extends Error {
  override readonly name = 'PluginError'
  readonly specifier: string

  constructor(specifier: string, problem: string, options?: ErrorOptions) {
    super(`plugin ${specifier}: ${problem}`, options)
    this.specifier = specifier
  }
}

export interface PluginRequest {
  /** A path to a .ts or .js file, or the name of an installed package. */
  readonly specifier: string
  /** What a relative path is relative to, and where packages are looked for: the config's folder, or the working directory. */
  readonly folder: string
}

export interface Plugin {
  readonly specifier: string
  readonly factories: readonly Factory[]
}

/** `pluginApi` is the module that stands behind `sluice/plugin`. Throws `PluginError`. */
export async function loadPlugin(request: PluginRequest, pluginApi: URL): Promise<Plugin> {
  serve(pluginApi)
  const url = locate(request)
  let exported: Record<string, unknown>
  try {
    exported = (await import(url.href)) as Record<string, unknown>
  } catch (error) {
    throw new PluginError(request.specifier, explain(error), { cause: error })
  }
  const factories = [...new Set(Object.values(exported).flat())].filter(isFactory)
  if (factories.length === 0) {
    const names = Object.keys(exported).join(', ') || 'nothing'
    throw new PluginError(
      request.specifier,
      `exports no factory (it exports: ${names}); export what defineReceiver, defineProcessor, defineExporter, ` +
        "defineConnector or defineExtension of 'sluice/plugin' returns",
    )
  }
  return { specifier: request.specifier, factories }
}

let isServed = false

/** A plugin given by path lies outside of any project: the agent itself resolves `sluice/plugin` for it. */
function serve(pluginApi: URL): void {
  if (isServed) return
  isServed = true
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'sluice/plugin' ? { url: pluginApi.href, shortCircuit: true } : next(specifier, context),
  })
}

function locate({ specifier, folder }: PluginRequest): URL {
  if (
    specifier.startsWith('.') ||
    isAbsolute(specifier) ||
    ['.ts', '.js', '.mts', '.mjs'].includes(extname(specifier))
  ) {
    const path = resolve(folder, specifier)
    if (!existsSync(path)) throw new PluginError(specifier, `no such file: ${path}`)
    return pathToFileURL(path)
  }
  for (const from of [folder, process.cwd(), dirname(new URL(import.meta.url).pathname)]) {
    try {
      return pathToFileURL(createRequire(join(from, 'plugin.js')).resolve(specifier))
    } catch {
      // not installed there
    }
  }
  throw new PluginError(
    specifier,
    `is neither a path (./my-plugin.ts) nor a package installed in ${folder} or ${process.cwd()}`,
  )
}

function explain(error: unknown): string {
  const message = messageOf(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `uses TypeScript that is more than types (enum, namespace, parameter properties), which cannot be stripped: ${message}`
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return `an installed package must be JavaScript: Node strips no types under node_modules`
  }
  return message
}

const KINDS: readonly ComponentKind[] = ['receiver', 'processor', 'exporter', 'connector', 'extension']

function isFactory(value: unknown): value is Factory {
  if (typeof value !== 'object' || value === null) return false
  const { kind, type, create, config } = value as Partial<Record<keyof Factory, unknown>>
  return (
    KINDS.includes(kind as ComponentKind) &&
    typeof type === 'string' &&
    (typeof create === 'function' || (kind === 'processor' && typeof create === 'object' && create !== null)) &&
    typeof config === 'object'
  )
}
