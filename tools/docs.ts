// What is generated and kept in the repository: `npm run docs` after a change of a schema, a README or a code. Tests hold it to be current.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { referencePages } from '../src/cli/reference.ts'
import { schemaText } from '../src/cli/schema.ts'
import { errorsPage } from '../src/manual/errors.ts'

const root = new URL('../', import.meta.url)
const pluginApi = new URL('src/plugin.ts', root)

const files = new Map([
  ['schema/sluice.schema.json', await schemaText([], pluginApi)],
  ['docs/errors.md', errorsPage()],
])
for (const [path, text] of await referencePages(root, pluginApi)) files.set(`docs/reference/${path}`, text)
rmSync('docs/reference', { recursive: true, force: true })
for (const [path, text] of files) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
console.log(`${files.size} files are current`)
