// `npm run bench`: the same pipelines through Sluice, as it ships, and through the Go collector, in pairs in one run.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Case, cases } from './side/cases.ts'
import { type Measurement, measure } from './side/measure.ts'

const { values } = parseArgs({
  options: {
    otelcol: { type: 'string', default: process.env.SLUICE_OTELCOL ?? '' },
    filter: { type: 'string', default: '' },
    pairs: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const HELP = `npm run bench -- [options]

  --otelcol PATH   the Go collector's binary (or SLUICE_OTELCOL); without it only Sluice is measured
  --filter REGEXP  only the cases whose name it matches, such as 'traces http (1|100)$'
  --pairs N        how often each case is measured, in turn with the other agent (3)
  --scale N        more or fewer requests a run (1)
  --json           a line of JSON for each measurement

CPU is user and system time of the agent's process alone. Ratios are the medians of the pairs.`

async function run(): Promise<void> {
  const otelcol = values.otelcol
  if (otelcol !== '' && !existsSync(otelcol)) throw new Error(`--otelcol ${otelcol}: no such file`)
  if (!existsSync('dist/main.js')) throw new Error('dist/main.js is missing: npm run build')
  if (otelcol === '') console.log('no --otelcol: measuring Sluice alone, without ratios')
  const filter = new RegExp(values.filter)
  const chosen = cases.filter(({ name }) => filter.test(name))
  console.log(
    row(
      'case',
      'CPU s/M',
      'Go',
      'ratio',
      'goal',
      'p50 ms',
      'Go',
      'p99 ms',
      'Go',
      'idle MB',
      'Go',
      'peak MB',
      'Go',
      'bytes',
    ),
  )
  const missed: string[] = []
  for (const one of chosen) {
    const pairs: { ours: Measurement; theirs: Measurement | undefined }[] = []
    for (let pair = 0; pair < Number(values.pairs); pair++) {
      const ours = await measure('sluice', [process.execPath, 'dist/main.js', 'run'], one, Number(values.scale))
      const theirs = otelcol === '' ? undefined : await measure('otelcol', [otelcol], one, Number(values.scale))
      pairs.push({ ours, theirs })
      if (values.json) console.log(JSON.stringify({ case: one.name, ours, theirs }))
    }
    const { line, isMissed } = report(one, pairs)
    console.log(line)
    if (isMissed) missed.push(one.name)
  }
  console.log(missed.length === 0 ? '\nevery goal is reached' : `\ngoals missed: ${missed.join(', ')}`)
}

function report(
  { name, goal }: Case,
  pairs: readonly { ours: Measurement; theirs: Measurement | undefined }[],
): { line: string; isMissed: boolean } {
  const ours = (of: (one: Measurement) => number): string => fixed(median(pairs.map((pair) => of(pair.ours))))
  const theirs = (of: (one: Measurement) => number): string =>
    pairs.some((pair) => pair.theirs !== undefined)
      ? fixed(median(pairs.flatMap((pair) => (pair.theirs ? [of(pair.theirs)] : []))))
      : '-'
  const ratios = pairs.flatMap(({ ours, theirs }) =>
    theirs ? [ours.cpuSecondsPerMillion / theirs.cpuSecondsPerMillion] : [],
  )
  const ratio = ratios.length > 0 ? median(ratios) : undefined
  const isMissed = ratio !== undefined && goal !== undefined && ratio > goal
  const bytes = pairs.flatMap(({ ours, theirs }) =>
    theirs && theirs.bytesOut > 0 ? [ours.bytesOut / theirs.bytesOut] : [],
  )
  const missing = pairs.reduce((sum, pair) => sum + pair.ours.missing, 0)
  const line = row(
    name,
    ours((one) => one.cpuSecondsPerMillion),
    theirs((one) => one.cpuSecondsPerMillion),
    ratio === undefined ? '-' : fixed(ratio),
    goal === undefined ? '' : `${goal}${isMissed ? ' !' : ''}`,
    ours((one) => one.load.p50Ms),
    theirs((one) => one.load.p50Ms),
    ours((one) => one.load.p99Ms),
    theirs((one) => one.load.p99Ms),
    `${ours((one) => one.idle.rssMb)} (${ours((one) => one.idle.anonymousMb)})`,
    theirs((one) => one.idle.rssMb),
    ours((one) => one.loaded.peakRssMb),
    theirs((one) => one.loaded.peakRssMb),
    bytes.length > 0 ? fixed(median(bytes)) : '-',
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

function row(name: string, ...cells: string[]): string {
  return name.padEnd(28) + cells.map((cell) => cell.padStart(9)).join('')
}

// Last, since what stands above must exist by then.
if (values.help) {
  console.log(HELP)
} else {
  await run()
}
