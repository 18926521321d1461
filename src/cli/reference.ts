// The pages of docs/reference/, for `npm run docs` and the test that holds them to be current.
import { readFileSync } from 'node:fs'
import { aliases } from '../components.ts'
import { serviceSettings, shapeOf } from '../config/index.ts'
import { catalogOf } from '../manual/catalog.ts'
import { indexPage, PageError, pageOf, servicePage } from '../manual/page.ts'
import { loadFactories } from './factories.ts'

/** By path below docs/reference/. `root` is the folder of the project. Throws `PageError`. */
export async function referencePages(root: URL, pluginApi: URL): Promise<ReadonlyMap<string, string>> {
  const catalog = catalogOf(await loadFactories([], pluginApi), aliases)
  const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
  const differences = read('docs/differences.md')
  const pages = new Map([
    ['README.md', indexPage(catalog)],
    ['service.md', servicePage(shapeOf(serviceSettings))],
  ])
  const problems: string[] = []
  for (const [section, entries] of Object.entries(catalog)) {
    for (const entry of entries) {
      const { type } = entry.factory
      try {
        pages.set(
          `${section}/${type}.md`,
          pageOf(entry, catalog, { readme: read(`src/${section}/${type}/README.md`), differences }),
        )
      } catch (error) {
        if (!(error instanceof PageError)) throw error
        problems.push(error.message)
      }
    }
  }
  if (problems.length > 0) throw new PageError(problems.join('\n'))
  return pages
}
