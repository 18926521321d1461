// Builds dist/ from src/: what ships is JavaScript with its libraries in it. Stripping types at run time costs 33 MB and
// 85 ms, loading libraries file by file 10 MB. Plain JavaScript on purpose: `npm ci` runs this before anything is known to work.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'

const [major] = process.versions.node.split('.').map(Number)
if (major < 26) {
  console.error(
    `sluice: building needs Node 26, this is ${process.version}. The project brings its own (the package "node"), but its ` +
      'install script did not run: "npm rebuild node" (npm 12: "npm approve-scripts node"), then "npm run build".',
  )
  process.exit(1)
}

/**
 * An `import` of node:http reads every export, among them getters that load a WebSocket client: 15 MB that nobody uses.
 * `process.getBuiltinModule` gives the module itself, whose properties are read when they are used.
 */
const lazyBuiltins = {
  name: 'lazy builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:/_]+$/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      loader: 'js',
    }))
  },
}

const { build } = await import('esbuild')
rmSync('dist', { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: {
    main: 'src/main.ts',
    plugin: 'src/plugin.ts',
    http: 'src/http.ts',
    lambda: 'src/lambda.ts',
    testing: 'src/testing/index.ts',
    // A thread begins in a file of its own.
    'basicauth-slow-check': 'src/extensions/basicauth/slow-check.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  chunkNames: 'chunks/[name]-[hash]',
  // Libraries in CommonJS ask for `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  plugins: [lazyBuiltins],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})
writeLicences(Object.keys(metafile.inputs).filter((input) => !input.startsWith('builtin:')))
writeTypes()

/**
 * The libraries inside dist/ with their licences, as those ask for, and their notices (section 4d of Apache's). Libraries
 * that share a text share it here: 40 copies of Apache's would be most of the file.
 */
function writeLicences(inputs) {
  const folders = new Set(inputs.map((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean))
  const names = new Map()
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const text = [textIn(folder, /^licen[cs]e/i) ?? standardText(name, license), textIn(folder, /^notice/i)]
    const key = text.filter(Boolean).join('\n\n')
    names.set(key, [...(names.get(key) ?? []), `${name} ${version} (${license})`])
  }
  const parts = [...names].map(([text, libraries]) => `${libraries.join('\n')}\n\n${text}\n`)
  writeFileSync('dist/LICENSES.txt', parts.join(`\n${'-'.repeat(80)}\n\n`))
}

function textIn(folder, pattern) {
  const file = readdirSync(folder).find((entry) => pattern.test(entry))
  return file && readFileSync(join(folder, file), 'utf8').trimEnd()
}

/** Some packages name Apache's licence and leave its text out: it is ours too. */
function standardText(name, license) {
  if (license === 'Apache-2.0') return readFileSync('LICENSE', 'utf8').trimEnd()
  throw new Error(`${name} (${license}) brings no text of its licence, which has to go with it`)
}

/** Types for authors of plugins. In an image's build, which has no tsconfig, there are none, and nobody to miss them. */
function writeTypes() {
  const tsc = 'node_modules/typescript/bin/tsc'
  if (!existsSync(tsc) || !existsSync('tsconfig.types.json')) return
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { encoding: 'utf8' })
  if (status === 0) return
  console.error(`sluice: the types for plugins could not be written\n${stdout}`)
  process.exit(1)
}
