// The configurations that ADOT ships, against the components that there are: all that is wrong with them is what is missing.
import { readdirSync } from 'node:fs'
import { test } from 'tap'
import { assemble } from '../../src/cli/assemble.ts'
import { components } from '../../src/components.ts'
import { ConfigError } from '../../src/config/index.ts'

const FOLDER = 'test/config/cases/adot'
const pluginApi = new URL('../../src/plugin.ts', import.meta.url)

test('the configs of ADOT are checked as far as there are components for them', async (t) => {
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_PROMETHEUS_ENDPOINT: 'https://aps/w',
    AWS_PROMETHEUS_SCRAPING_ENDPOINT: 'a:1',
  })
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))
  for (const file of files) {
    try {
      const { plan } = await assemble({ config: [`${FOLDER}/${file}`], set: [], plugin: [] }, pluginApi)
      t.ok(plan.pipelines.length > 0, file)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { path, message, severity } of error.problems) {
        if (severity !== 'error') continue
        const [, kind, type] = /^there is no (\w+) (\S+)$/.exec(message) ?? []
        const isMissing = kind !== undefined && !Object.hasOwn(components[kind as keyof typeof components], type!)
        t.ok(isMissing, `${file}: ${path.join('::')}: ${message}`)
      }
    }
  }
  t.equal(files.length, 10)
})
