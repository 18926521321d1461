// `sluice components`: what there is, from the factories themselves.
import type { Factory } from '../contract/index.ts'
import { signalsOf } from '../manual/catalog.ts'
import { wrapped } from '../manual/wrap.ts'
import { complain } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { loadFactories } from './factories.ts'
import { columnsOf } from './help.ts'

interface Row {
  readonly kind: string
  readonly type: string
  readonly aliases: readonly string[]
  readonly signals: string
  readonly stability: string
  readonly summary: string
}

export async function listComponents(
  options: { readonly name?: string | undefined; readonly plugin: readonly string[]; readonly json?: boolean },
  pluginApi: URL,
): Promise<ExitCode> {
  let factories: Factory[]
  try {
    factories = await loadFactories(options.plugin, pluginApi)
  } catch (error) {
    return complain(error)
  }
  const rows = factories.map(rowOf).filter(({ type, aliases }) => {
    const wanted = options.name?.toLowerCase() ?? ''
    return [type, ...aliases].some((name) => name.includes(wanted))
  })
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows, columnsOf(process.stdout)))
  if (rows.length > 0) return EXIT.ok
  process.stderr.write(`sluice: no component is called ${options.name}; sluice components lists all\n`)
  return EXIT.failed
}

function rowOf(factory: Factory): Row {
  const { kind, type, aliases = [], stability, summary } = factory
  return { kind, type, aliases, signals: signalsText(factory), stability, summary }
}

/** Of a connector, where each goes, too. */
const signalsText = (factory: Factory): string =>
  factory.kind === 'connector'
    ? factory.routes.map(([from, to]) => (from === to ? from : `${from} to ${to}`)).join(', ')
    : signalsOf(factory).join(', ')

/** Names and what belongs to them on a line; what each is below, as wide as the terminal. */
function table(rows: readonly Row[], columns: number): string {
  const lines: string[] = []
  for (const kind of ['receiver', 'processor', 'exporter', 'connector', 'extension']) {
    const ofKind = rows.filter((row) => row.kind === kind).sort((a, b) => a.type.localeCompare(b.type))
    if (ofKind.length === 0) continue
    lines.push('', `${kind}s`)
    for (const { type, aliases, signals, stability, summary } of ofKind) {
      const name = aliases.length > 0 ? `${type} (${aliases.join(', ')})` : type
      const facts = [stability, signals].filter((fact) => fact !== '').join('; ')
      lines.push(`  ${name}  [${facts}]`, wrapped(summary, columns, '      '))
    }
  }
  return lines.length > 0 ? `${lines.slice(1).join('\n')}\n` : ''
}
