// The command line. A command's own code is imported when it runs.
import { Command, CommanderError, Option } from 'commander'
import { nearest } from '../config/nearest.ts'
import type { EndCode } from '../manual/codes/ends.ts'
import { endText } from './end-code.ts'
import { EXIT } from './exit-codes.ts'
import { addGenerate } from './generate.ts'
import * as help from './help-texts.ts'
import { leave } from './leave.ts'
import { addNew } from './new.ts'
import { version } from './version.ts'

/** What every command that reads a config takes. */
export interface ConfigOptions {
  readonly config: readonly string[]
  readonly set: readonly string[]
  readonly plugin: readonly string[]
  /** Nothing is asked that is not on this machine. */
  readonly isOffline?: boolean
}

/** Sets `process.exitCode`; never throws. `pluginApi` is the module behind `sluice/plugin`. */
export async function main(argv: readonly string[], pluginApi: URL): Promise<void> {
  try {
    const program = createProgram(pluginApi)
    refuseUnknown(program, argv)
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
      const file = argv.slice(3).find(isConfigName)
      if (error.code === 'commander.excessArguments' && file !== undefined)
        process.stderr.write(`${asConfig(file, argv[2])}\n`)
    } else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.stderr.write(endText('internal_fault', `sluice: ${text}`))
      process.exitCode = EXIT.internal
    }
  } finally {
    leaveSoon()
  }
}

/** Behind the first line: what may follow is a suggestion. */
const withCode = (text: string, code: EndCode): string => text.replace(/\n|$/, ` [${code}]$&`)

/** What a component or a plugin has left running, a socket or a timer, does not keep the process; without any it is gone before. */
function leaveSoon(): void {
  setTimeout(() => leave(Number(process.exitCode ?? EXIT.ok)), 500).unref()
}

/**
 * `run` is what happens without a command, so that a collector's command line works; a mistyped command is not an argument of it.
 * Nor is there help for one.
 */
function refuseUnknown(program: Command, [, , first, second]: readonly string[]): void {
  const word = first === 'help' ? second : first
  if (word === undefined || word.startsWith('-')) return
  const names = [...program.commands.map((command) => command.name()), 'help']
  if (names.includes(word)) return
  const meant = nearest(word, names)
  const hint =
    meant === undefined
      ? `There are ${names.filter((name) => name !== 'health').join(', ')}.`
      : `Did you mean ${meant}?`
  program.error(`error: unknown command '${word}'. ${isConfigName(word) ? asConfig(word) : hint}`, {
    exitCode: EXIT.usage,
  })
}

const isConfigName = (word: string): boolean => /^[^-].*\.(ya?ml|json)$/.test(word)
const asConfig = (file: string, command = 'run'): string =>
  `A config is given with --config: sluice ${command} --config ${file}`

export function createProgram(pluginApi: URL): Command {
  const program = new Command('sluice')
    .description('Takes logs, metrics and spans in, processes them, and fans them out, as one YAML file says.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'all about a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withCode(text, 'bad_command_line')) })
    .addHelpText('after', help.program)

  withConfig(program.command('run', { isDefault: true }))
    .description('run the agent until it is stopped')
    .addOption(
      new Option('--shutdown-timeout <duration>', 'how long stopping may take: less than what ends the process then')
        .env('SLUICE_SHUTDOWN_TIMEOUT')
        .default('25s'),
    )
    .addOption(new Option('--refresh <duration>', REFRESH).env('SLUICE_REFRESH').default('15m'))
    .addHelpText('after', help.run)
    .action(async ({ shutdownTimeout, refresh, ...options }: Given & RunOptions, command) => {
      const shutdownMs = await shutdownMsOf(shutdownTimeout, command)
      const refreshMs = await refreshMsOf(refresh, command)
      const { run } = await import('./run.ts')
      process.exitCode = await run(whole(options), pluginApi, { shutdownMs, refreshMs })
    })
  withConfig(program.command('validate'))
    .option('--offline', OFFLINE)
    .description('check a config: every mistake at once, with file, line and column')
    .addHelpText('after', help.validate)
    .action(async (options: Given) => {
      const { validate } = await import('./validate.ts')
      process.exitCode = await validate(whole(options), pluginApi)
    })
  withConfig(program.command('print-config'))
    .option('--offline', OFFLINE)
    .description('print the config as it is understood: merged, expanded, secrets hidden')
    .addHelpText('after', help.printConfig)
    .action(async (options: Given) => {
      const { print } = await import('./print-config.ts')
      process.exitCode = await print(whole(options), pluginApi)
    })
  program
    .command('components')
    .description('list the components: kinds, names, signals, stability')
    .option('-p, --plugin <path-or-package>', 'load a plugin as well; may be given again', collect)
    .option('--json', 'as JSON')
    .argument('[name]', 'only the components whose name contains this')
    .addHelpText('after', help.components)
    .action(async (name: string | undefined, options: { plugin?: string[]; json?: boolean }) => {
      const { listComponents } = await import('./list-components.ts')
      process.exitCode = await listComponents({ name, plugin: [], ...options }, pluginApi)
    })
  program
    .command('explain')
    .description('explain a component, a setting or a code: what it is, type, default, example; what to do')
    .argument('[path...]', 'such as exporters.prometheus.metric_expiration; nothing for what there is')
    .option('-p, --plugin <path-or-package>', 'with the components of a plugin; may be given again', collect)
    .option('--json', 'as JSON')
    .addHelpText('after', help.explain)
    .action(async (path: string[], options: { plugin?: string[]; json?: boolean }) => {
      const { printExplanation } = await import('./explain.ts')
      process.exitCode = await printExplanation(path.join('.'), { plugin: [], ...options }, pluginApi)
    })
  program
    .command('schema')
    .description('write the JSON Schema of the whole config, for editors')
    .option('-p, --plugin <path-or-package>', 'with the components of a plugin; may be given again', collect)
    .option('-o, --output <file>', 'into a file; without it to standard output')
    .addHelpText('after', help.schema)
    .action(async (options: { plugin?: string[]; output?: string }) => {
      const { writeSchema } = await import('./schema.ts')
      process.exitCode = await writeSchema({ plugin: [], ...options }, pluginApi)
    })
  // `health` was its first name.
  for (const [name, hidden] of [
    ['healthcheck', false],
    ['health', true],
  ] as const)
    addHealthcheck(withConfig(program.command(name, { hidden })))
  addGenerate(program)
  addNew(program)
  return program
}

const addHealthcheck = (command: Command): Command =>
  command
    .description('ask a running agent how it is; for health checks of containers without a shell')
    .argument('[url]', 'where its health_check extension listens; without it the config says')
    .addHelpText('after', help.healthcheck)
    .action(async (url: string | undefined, options: Partial<ConfigOptions>) => {
      const { healthcheck } = await import('./healthcheck.ts')
      process.exitCode = await healthcheck(url, whole(options))
    })

async function shutdownMsOf(text: string, command: Command): Promise<number> {
  const { parseDuration } = await import('../config/values.ts')
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= LEAST_SHUTDOWN_MS && ms <= MOST_SHUTDOWN_MS) return ms
  const problem = `must be a duration from 1s to 1h, such as 25s, got '${text}'`
  return command.error(`error: shutdown timeout (--shutdown-timeout, SLUICE_SHUTDOWN_TIMEOUT): ${problem}`, {
    exitCode: EXIT.usage,
  })
}
const LEAST_SHUTDOWN_MS = 1000
const MOST_SHUTDOWN_MS = 3_600_000

async function refreshMsOf(text: string, command: Command): Promise<number> {
  const { parseDuration } = await import('../config/values.ts')
  const ms = parseDuration(text)
  if (ms === 0 || (ms !== undefined && ms >= LEAST_REFRESH_MS && ms <= MOST_REFRESH_MS)) return ms
  const problem = `must be a duration from 1s to 24h, such as 5m, or 0, got '${text}'`
  return command.error(`error: refresh (--refresh, SLUICE_REFRESH): ${problem}`, { exitCode: EXIT.usage })
}
const LEAST_REFRESH_MS = 1000
const MOST_REFRESH_MS = 24 * 3_600_000

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** Without defaults of its own, which the help would show as `[]`. */
const whole = ({ config = [], set = [], plugin = [], offline = false }: Given): ConfigOptions => ({
  config,
  set,
  plugin,
  isOffline: offline,
})

interface RunOptions {
  readonly shutdownTimeout: string
  readonly refresh: string
}

/** As commander has them. */
type Given = Partial<Omit<ConfigOptions, 'isOffline'>> & { readonly offline?: boolean }

const OFFLINE = 'ask no other machine: what comes from AWS or a server is taken to be right'
const REFRESH = 'how often to look whether secrets, files and other sources of the config have changed; 0 is never'

function withConfig(command: Command): Command {
  return command
    .option(
      '-c, --config <source>',
      'a file, env:VAR, yaml:key::key: value, an http(s) URL, or s3:bucket/key; may be given again, later ones win',
      collect,
    )
    .option('-s, --set <key=value>', 'one setting over the config: --set exporters::debug::verbosity=detailed', collect)
    .option('-p, --plugin <path-or-package>', 'load a plugin: a .ts or .js file, or an installed package', collect)
}
