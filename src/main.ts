#!/usr/bin/env node
// argv -> command -> exit code. Nothing is imported before the version of Node is known to do.

const LEAST = [22, 18] as const
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  process.stderr.write(`sluice: needs Node ${LEAST.join('.')} or newer, this is ${process.version}\n`)
  process.exitCode = 2
} else {
  const { main } = await import('./cli/program.ts')
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  await main(process.argv, new URL(`./plugin.${extension}`, import.meta.url))
}
