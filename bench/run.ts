// `npm run bench`: the same pipelines through Sluice, as it ships, and through the Go collector, in pairs in one run.
// With --exporters: the exporters' own work instead, without agents.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Memory } from './side/agents.ts'
import { type Case, cases } from './side/cases.ts'
import { type Measurement, measure } from './side/measure.ts'

const { values } = parseArgs({
  options: {
    otelcol: { type: 'string', default: process.env.SLUICE_OTELCOL ?? '' },
    filter: { type: 'string', default: '' },
    pairs: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    exporters: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const HELP = `npm run bench -- [options]

  --otelcol PATH   the Go collector's binary (or SLUICE_OTELCOL); without it only Sluice is measured
  --filter REGEXP  only the cases whose name it matches, such as 'traces http (1|100)$'
  --pairs N        how often each case is measured, in turn with the other agent (3)
  --scale N        more or fewer requests a run (1)
  --json           a line of JSON for each measurement
  --exporters      instead: what exporters do to a batch, in this process, beside the figures that are to be reached;
                   takes --filter, such as 'awsxray|opensearch'

CPU is user and system time of the agent's process alone. Ratios are the medians of the pairs.`

async function run(): Promise<void> {
  const otelcol = values.otelcol
  if (otelcol !== '' && !existsSync(otelcol)) throw new Error(`--otelcol ${otelcol}: no such file`)
  if (!existsSync('dist/main.js')) throw new Error('dist/main.js is missing: npm run build')
  if (otelcol === '') console.log('no --otelcol: measuring Sluice alone, without ratios')
  const filter = new RegExp(values.filter)
  const chosen = cases.filter(({ name }) => filter.test(name))
  console.log(
    row('', 'CPU s a million items', 'p50 ms', 'p99 ms', 'idle MB (anon)', 'peak MB (anon)', 'ready ms', 'bytes'),
  )
  console.log(row('case', 'sluice / Go = ratio (goal)', ...new Array<string>(5).fill('sluice / Go'), 'ratio'))
  const missed: string[] = []
  for (const one of chosen) {
    const pairs: { ours: Measurement; theirs: Measurement | undefined }[] = []
    for (let pair = 0; pair < Number(values.pairs); pair++) {
      const ours = await measure('sluice', [process.execPath, 'dist/main.js', 'run'], one, Number(values.scale))
      const isAlone = otelcol === '' || one.shape.auth !== undefined
      const theirs = isAlone ? undefined : await measure('otelcol', [otelcol], one, Number(values.scale))
      pairs.push({ ours, theirs })
      if (values.json) console.log(JSON.stringify({ case: one.name, ours, theirs }))
    }
    const { line, isMissed } = report(one, pairs)
    console.log(line)
    if (isMissed) missed.push(one.name)
  }
  console.log(missed.length === 0 ? '\nevery goal is reached' : `\ngoals missed: ${missed.join(', ')}`)
}

type Pair = { readonly ours: Measurement; readonly theirs: Measurement | undefined }

function report({ name, goal }: Case, pairs: readonly Pair[]): { line: string; isMissed: boolean } {
  const ours = pairs.map((pair) => pair.ours)
  const theirs = pairs.flatMap((pair) => (pair.theirs ? [pair.theirs] : []))
  const both = (show: (runs: readonly Measurement[]) => string): string =>
    `${show(ours)} / ${theirs.length > 0 ? show(theirs) : '-'}`
  const middle = (of: (one: Measurement) => number) => (runs: readonly Measurement[]) => fixed(median(runs.map(of)))
  const memory = (of: (one: Measurement) => Memory, rss: 'rssMb' | 'peakRssMb') => (runs: readonly Measurement[]) =>
    `${middle((one) => of(one)[rss])(runs)} (${middle((one) => of(one).anonymousMb)(runs)})`
  const ratioOf = (of: (one: Measurement) => number): number | undefined =>
    theirs.length > 0 ? median(pairs.flatMap(({ ours, theirs }) => (theirs ? [of(ours) / of(theirs)] : []))) : undefined
  const ratio = ratioOf((one) => one.cpuSecondsPerMillion)
  const bytes = ratioOf((one) => one.bytesOut)
  const isMissed = ratio !== undefined && goal !== undefined && ratio > goal
  const missing = ours.reduce((sum, one) => sum + one.missing, 0)
  const shownGoal = goal === undefined ? '' : ` (${goal}${isMissed ? ' missed' : ''})`
  const line = row(
    name,
    `${both(middle((one) => one.cpuSecondsPerMillion))}${ratio === undefined ? '' : ` = ${fixed(ratio)}`}${shownGoal}`,
    both(middle((one) => one.load.p50Ms)),
    both(middle((one) => one.load.p99Ms)),
    both(memory((one) => one.idle, 'rssMb')),
    both(memory((one) => one.loaded, 'peakRssMb')),
    both(middle((one) => one.readyMs)),
    bytes === undefined ? '-' : fixed(bytes),
  )
  return { line: missing === 0 ? line : `${line}   MISSING ${missing} items`, isMissed }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const fixed = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const WIDTHS = [27, 15, 15, 27, 27, 13, 7]

function row(name: string, ...cells: string[]): string {
  return name.padEnd(26) + cells.map((cell, i) => cell.padStart(WIDTHS[i] ?? 9)).join('  ')
}

// Last, since what stands above must exist by then.
if (values.help) {
  console.log(HELP)
} else if (values.exporters) {
  const { measureExporters } = await import('./exporters.ts')
  await measureExporters(new RegExp(values.filter))
} else {
  await run()
}
