// What is generated and kept in the repository: `npm run docs` after a change of a schema. Tests hold it to be current.
import { mkdirSync, writeFileSync } from 'node:fs'
import { schemaText } from '../src/cli/schema.ts'

const pluginApi = new URL('../src/plugin.ts', import.meta.url)
mkdirSync('schema', { recursive: true })
writeFileSync('schema/sluice.schema.json', await schemaText([], pluginApi))
