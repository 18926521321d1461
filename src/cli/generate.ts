// `sluice generate`: sample telemetry for any OTLP endpoint, so that a first result is a minute away.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../config/values.ts'
import { SIGNALS } from '../contract/signals.ts'
import type { Signal } from '../data/index.ts'
import { EXIT } from './exit-codes.ts'
import { helpTail } from './help.ts'

interface Options {
  readonly endpoint?: string
  readonly protocol?: 'grpc' | 'http' | 'http/json'
  readonly rate: number
  readonly duration: number
  readonly batch: number
  readonly connections: number
  readonly services: number
  readonly seed?: number
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | 'gzip' | 'zstd'
  readonly insecure?: boolean
}

export function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('send sample telemetry of a small shop to an OTLP endpoint: this agent, another one, a backend')
    .addArgument(
      new Argument('[signal]', 'traces, metrics, logs or all').argParser(parseSignals).default(SIGNALS, 'all'),
    )
    .option('-e, --endpoint <url>', 'where to send to (default: http://localhost:4318, for gRPC localhost:4317)')
    .addOption(
      new Option('--protocol <name>', 'how to speak (default: grpc for port 4317, otherwise http)').choices([
        'grpc',
        'http',
        'http/json',
      ]),
    )
    .option(
      '-r, --rate <items>',
      'spans, data points and log records a second; 0 is as many as it takes',
      whole(0),
      100,
    )
    .addOption(
      new Option('-d, --duration <time>', 'for how long: 500ms, 30s, 5m').argParser(parseTime).default(10_000, '10s'),
    )
    .option('-b, --batch <items>', 'the most items in a request', whole(1, 10_000), 100)
    .option('--connections <number>', 'how many send side by side', whole(1, 256), 1)
    .option('--services <number>', 'how many services the shop has', whole(1, 100), 4)
    .option('--seed <number>', 'the same seed sends the same requests again', whole(0, 2 ** 32 - 1))
    .addOption(
      new Option('-H, --headers <key=value>', 'a header of every request; may be given again')
        .argParser(collectHeader)
        .default({}, 'none'),
    )
    .addOption(
      new Option('--compression <name>', 'how bodies are compressed').choices(['none', 'gzip', 'zstd']).default('none'),
    )
    .option('--insecure', 'without a scheme: no TLS; with https: any certificate')
    .addHelpText('after', HELP)
    .action(async (signals: readonly Signal[], options: Options, command: Command) => {
      process.exitCode = await run(signals, options, command)
    })
}

async function run(signals: readonly Signal[], options: Options, command: Command): Promise<number> {
  const { parseTarget } = await import('../generate/target.ts')
  const { generate } = await import('../generate/generate.ts')
  const { insecure = false } = options
  let target: ReturnType<typeof parseTarget>
  try {
    target = parseTarget({ ...options, insecure })
  } catch (error) {
    command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: EXIT.usage })
  }
  const abort = new AbortController()
  const stop = (): void => abort.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const { isTTY } = process.stderr
  const hasSent = await generate(
    {
      ...options,
      insecure,
      signals,
      target,
      durationMs: options.duration,
      batchItems: options.batch,
      seed: options.seed ?? Math.floor(Math.random() * 2 ** 32),
    },
    await ownSettings(),
    {
      write: (text) => void process.stdout.write(text),
      status: isTTY ? (line) => void process.stderr.write(`\r\x1b[K${line}`) : undefined,
    },
    abort.signal,
  )
  process.off('SIGINT', stop)
  process.off('SIGTERM', stop)
  return hasSent ? EXIT.ok : EXIT.failed
}

/** What clients are given to live with: nobody reads what they count, and what they say stands in the summary. */
async function ownSettings() {
  const { createSurroundings } = await import('./build.ts')
  const { Meters } = await import('../observe/meter.ts')
  const { accounts, memory, agent, clock } = createSurroundings()
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  return {
    id: 'generate',
    pipeline: undefined,
    log: silent,
    meter: new Meters('none').meter('generate'),
    clock,
    memory,
    ledger: (signal: Signal) => accounts.ledger({ kind: 'exporter', id: 'generate', signal }),
    agent,
  }
}

function parseSignals(text: string): readonly Signal[] {
  if (text === 'all') return SIGNALS
  const found = SIGNALS.find((signal) => signal === text)
  if (found === undefined) throw new InvalidArgumentError('There are traces, metrics, logs and all.')
  return [found]
}

function parseTime(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('It is a time such as 500ms, 30s or 5m.')
  return ms
}

const whole =
  (least: number, most = 1e9) =>
  (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(number >= least && number <= most))
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    return number
  }

function collectHeader(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('It is key=value.')
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1).trim() }
}

const HELP = helpTail({
  examples: [
    ['sluice generate', '100 items a second for 10 s to http://localhost:4318'],
    ['sluice generate traces --rate 1000 --duration 1m --endpoint localhost:4317', 'over gRPC, by its port'],
    ['sluice generate all --rate 0 --connections 4 --batch 1000', 'as fast as the agent takes them'],
    [
      `sluice generate logs --endpoint https://otlp.example.com \\
      --headers "authorization=Bearer $TOKEN" --compression gzip`,
    ],
  ],
  notes: [
    'What it sends: requests to a shop (a gateway, orders, payments, an inventory) as traces with errors and slow calls, the log records that go with them, and the metrics that the services count. Trace ids in logs and exemplars lead to the traces.',
    'Exit codes: 0 something was taken, 1 nothing was, 2 the command line is wrong.',
  ],
})
