// Builds dist/ from src/: what ships is JavaScript, since stripping types at run time costs memory and start-up time.
// Plain JavaScript on purpose: `npm ci` runs it before anything else is known to work.
import { readFileSync, rmSync } from 'node:fs'

const [major] = process.versions.node.split('.').map(Number)
if (major < 26) {
  console.error(
    `sluice: building needs Node 26, this is ${process.version}. The project brings its own (the package "node"): ` +
      'its install script did not run. Run "npm rebuild node" (npm 12: "npm approve-scripts node"), then "npm run build".',
  )
  process.exit(1)
}

const { build } = await import('esbuild')
rmSync('dist', { recursive: true, force: true })
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
await build({
  entryPoints: { main: 'src/main.ts', plugin: 'src/plugin.ts', testing: 'src/testing/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  chunkNames: 'chunks/[name]-[hash]',
  external: Object.keys(dependencies),
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
})
