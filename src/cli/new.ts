// `sluice new`: a component that works and whose tests pass, to be changed into what is wanted.
import { Argument, type Command } from 'commander'
import type { ComponentKind } from '../contract/index.ts'
import { helpTail } from './help.ts'

const KINDS: readonly ComponentKind[] = ['receiver', 'processor', 'exporter', 'connector', 'extension']

export function addNew(program: Command): void {
  program
    .command('new')
    .description('write a component that works, with its tests: a plugin, or inside the project one of its own')
    .addArgument(new Argument('<kind>', KINDS.join(', ')))
    .argument('<name>', 'what it is called in configs, in snake_case; my-exporter becomes my_exporter')
    .option('-f, --folder <path>', 'a plugin in this folder, which must be empty or not there')
    .addHelpText('after', HELP)
    .action(async (kind: string, name: string, { folder }: { folder?: string }) => {
      const { create } = await import('./create.ts')
      process.exitCode = create(KINDS, kind, name, folder)
    })
}

const HELP = helpTail({
  about: [
    'In an empty folder it writes a plugin there, elsewhere in a new folder of that name; in a clone of the project a component of its own, with its folder, its line in src/components.ts, its entries in the contract tests and its lines in the docs. Nothing is ever overwritten.',
  ],
  examples: [
    ['sluice new exporter my-exporter', 'a plugin; in configs it is my_exporter'],
    ['sluice new processor drop_noise --folder plugins/drop-noise'],
    ['sluice new receiver syslog', 'in a clone of the project: src/receivers/syslog and all that belongs to it'],
  ],
  notes: [
    'Exit codes: 0, 1 something cannot be written, 2 the kind or the name will not do, or something is in the way.',
  ],
})
