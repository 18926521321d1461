// `sluice explain`: the reference, and the page of the codes, in the terminal.
import { readFileSync } from 'node:fs'
import { aliases } from '../components.ts'
import { catalogOf } from '../manual/catalog.ts'
import { explain, type Topic, UnknownPath } from '../manual/explain.ts'
import { terminalText } from '../manual/terminal.ts'
import { takesColours } from '../observe/console.ts'
import { complain } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { loadFactories } from './factories.ts'
import { columnsOf } from './help.ts'

/** Prose in longer lines is hard to read. */
const WIDTH = 80

export async function printExplanation(
  path: string,
  options: { readonly plugin: readonly string[]; readonly json?: boolean },
  pluginApi: URL,
): Promise<ExitCode> {
  let topic: Topic
  try {
    const catalog = catalogOf(await loadFactories(options.plugin, pluginApi), aliases)
    topic = explain(path, { catalog, pageOf: (section, type) => pageAt(`${section}/${type}.md`, pluginApi) })
  } catch (error) {
    if (!(error instanceof UnknownPath)) return complain(error)
    process.stderr.write(`sluice: ${error.message}\n${suggestionsText(error.suggestions)}`)
    return EXIT.usage
  }
  const isColoured = takesColours(process.stdout.isTTY)
  const columns = Math.min(WIDTH, columnsOf(process.stdout))
  process.stdout.write(
    options.json ? `${JSON.stringify(topic, null, 2)}\n` : terminalText(topic, { columns, isColoured }),
  )
  return EXIT.ok
}

/** The pages lie beside `dist/`, and beside `src/` in a clone. A plugin has none. */
function pageAt(path: string, pluginApi: URL): string | undefined {
  try {
    return readFileSync(new URL(`../docs/reference/${path}`, pluginApi), 'utf8')
  } catch {
    return undefined
  }
}

function suggestionsText(suggestions: readonly string[]): string {
  if (suggestions.length === 1) return `Try: sluice explain ${suggestions[0]}\n`
  return `There are:\n${suggestions.map((path) => `  sluice explain ${path}\n`).join('')}`
}
