// Plugins: one file or one installed package each, loaded without a build.
import { readdirSync, statSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { nearest } from '../config/nearest.ts'
import type { ProblemCode } from '../config/problem-code.ts'
import { type Factory, messageOf } from '../contract/index.ts'
import { factoriesIn } from './plugin-factories.ts'

/** A plugin cannot be used; the message says which, why, and what would be right. */
export class PluginError extends Error {
  override readonly name = 'PluginError'
  readonly specifier: string
  readonly code: ProblemCode
  readonly problem: string

  constructor(specifier: string, code: ProblemCode, problem: string, options?: ErrorOptions) {
    super(`plugin ${specifier}: ${problem}`, options)
    this.specifier = specifier
    this.code = code
    this.problem = problem
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
  readonly url: URL
  readonly factories: readonly Factory[]
}

/** A module that has not ended its top-level `await` by then is taken for one that never will. */
const LOAD_MS = 10_000

/** `pluginApi` is the module that stands behind `sluice/plugin`. Throws `PluginError`. */
export async function loadPlugin(request: PluginRequest, pluginApi: URL): Promise<Plugin> {
  serve(pluginApi)
  const url = locate(request)
  const exported = await load(request, url)
  const { factories, problem } = factoriesIn(exported)
  if (problem === undefined) return { specifier: request.specifier, url, factories }
  throw new PluginError(request.specifier, 'plugin_without_component', `${fileURLToPath(url)}: ${problem}`)
}

async function load({ specifier }: PluginRequest, url: URL): Promise<Record<string, unknown>> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<never>((_, reject) => {
    const problem = `is still loading after ${LOAD_MS / 1000} s: does a top-level await never end? I/O belongs into start`
    timer = setTimeout(() => reject(new PluginError(specifier, 'plugin_not_loaded', problem)), LOAD_MS)
  })
  try {
    return (await Promise.race([import(url.href), isLate])) as Record<string, unknown>
  } catch (error) {
    if (error instanceof PluginError) throw error
    throw new PluginError(specifier, 'plugin_not_loaded', await explain(error, url), { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** By specifier: what the agent itself resolves, once the first plugin has asked. */
const served = new Map<string, string>()

/**
 * A plugin given by path lies outside of any project: the agent itself resolves `sluice/plugin` and `sluice/http` for it, to the
 * very modules that it runs on.
 */
function serve(pluginApi: URL): void {
  if (served.size > 0) return
  served.set('sluice/plugin', pluginApi.href)
  served.set('sluice/http', pluginApi.href.replace(/plugin(?=\.[jt]s$)/, 'http'))
  registerHooks({
    resolve(specifier, context, next) {
      const url = served.get(specifier)
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
    },
  })
}

function locate({ specifier, folder }: PluginRequest): URL {
  const isPath = specifier.startsWith('.') || isAbsolute(specifier) || MODULES.includes(extname(specifier))
  if (isPath) return locateFile(specifier, resolve(folder, specifier))
  const folders = [...new Set([resolve(folder), process.cwd()])]
  for (const from of [...folders, dirname(fileURLToPath(import.meta.url))]) {
    try {
      return pathToFileURL(createRequire(join(from, 'plugin.js')).resolve(specifier))
    } catch {
      // not installed there
    }
  }
  const there = folders.join(' or ')
  const problem = `is neither a path (./${specifier}.ts) nor a package installed in ${there}`
  throw new PluginError(specifier, 'plugin_not_found', problem)
}

const MODULES = ['.ts', '.js', '.mts', '.mjs', '.cjs', '.cts']

function locateFile(specifier: string, path: string): URL {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile()) return pathToFileURL(path)
  if (found !== undefined) {
    const problem = `is a folder; name the file in it: ${join(specifier, 'index.ts')}`
    throw new PluginError(specifier, 'plugin_not_found', problem)
  }
  const meant = nearest(path, neighbours(path))
  const problem = `no such file: ${path}${meant === undefined ? '' : `; did you mean ${meant}?`}`
  throw new PluginError(specifier, 'plugin_not_found', problem)
}

/** The modules in the folder where one was looked for. */
function neighbours(path: string): string[] {
  try {
    const names = readdirSync(dirname(path)).filter((name) => MODULES.includes(extname(name)))
    return names.map((name) => join(dirname(path), name))
  } catch {
    return []
  }
}

/** The plugin in whose code an error arose: the first line of the stack that is not Node's, and not ours. */
export function culprit(error: unknown, plugins: readonly Plugin[], pluginApi: URL): Plugin | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place = /(?:file:\/\/)?(\/[^\s()]*):\d+:\d+/.exec(stack)?.[1]
  if (place === undefined || place.startsWith(new URL('.', pluginApi).pathname)) return undefined
  return plugins.find(({ url }) => place.startsWith(new URL('.', url).pathname))
}

/** Why a module could not be imported, with the place in it, if there is one. */
async function explain(error: unknown, url: URL): Promise<string> {
  const message = messageOf(error)
  const place = placeOf(error, url)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return (
        `uses TypeScript that is more than types, which cannot be stripped: ${message}${place}. ` +
        'Instead of an enum write a union of texts or a const object, instead of a namespace a module, ' +
        'instead of parameter properties ordinary fields'
      )
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return (
        'is TypeScript under node_modules, where Node strips no types: an installed package must be JavaScript ' +
        '(build it before it is packed: "tsc"); a file elsewhere may be TypeScript, named by its path'
      )
    case 'ERR_MODULE_NOT_FOUND':
      return message.startsWith('Cannot find package')
        ? `${message}. Packages are looked for beside the plugin: npm install it there`
        : `${message}. Imports of files are written with their extension: './x.ts'`
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
      return `${message}. Of sluice a plugin imports 'sluice/plugin' and 'sluice/http', its test 'sluice/testing'`
    default:
      return error instanceof SyntaxError
        ? `${message}${place}${await missingImport(message)}`
        : `failed when it was imported: ${message}${place}`
  }
}

/** What to do about an import of something that is not there: it is misspelled, or a type, which is gone when it runs. */
async function missingImport(message: string): Promise<string> {
  const [, module, name] = /'([^']+)' does not provide an export named '(\w+)'/.exec(message) ?? []
  if (module === undefined || name === undefined) return ''
  const known = served.get(module)
  const meant = known === undefined ? undefined : nearest(name, Object.keys(await import(known)))
  const asType = /^[A-Z]/.test(name) ? `. A type is imported as one: import { type ${name} }` : ''
  return `${meant === undefined ? '' : `; did you mean ${meant}?`}${asType}`
}

/** ` (my-plugin.ts:3:7)`: where in the plugin's own folder an error comes from; nothing when the stack does not say. */
function placeOf(error: unknown, url: URL): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const folder = new URL('.', url)
  for (const form of [folder.href, fileURLToPath(folder)]) {
    const at = stack.indexOf(form)
    const place = at < 0 ? undefined : /^[^\s()]+?:\d+(:\d+)?/.exec(stack.slice(at + form.length))?.[0]
    if (place !== undefined) return ` (${place})`
  }
  return ''
}
