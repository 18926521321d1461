// `node bench/floor.ts [--filter REGEXP] [--pairs N] [--scale N]`: what of the agent's CPU is Node and the kernel, which read the same requests,
// answer them and send the same bytes on in a process that does nothing else (side/bare.ts). In turn, in one run.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from './measure.ts'
import { type Case, cases } from './side/cases.ts'
import { measure } from './side/measure.ts'

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: 'http (100|1000)$' },
    pairs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '0.5' },
  },
})
const BATCH_ITEMS = 8192
const bare = fileURLToPath(new URL('side/bare.ts', import.meta.url))
const filter = new RegExp(values.filter)

console.log(
  'CPU microseconds a request'.padEnd(30),
  'bare'.padStart(8),
  'sluice'.padStart(8),
  'bare/sluice'.padStart(12),
)
for (const one of cases.filter(({ name, load }) => filter.test(name) && load.protocol === 'http')) {
  const pairs = []
  for (let pair = 0; pair < Number(values.pairs); pair++)
    pairs.push({
      bare: await microsARequest(one, bareFor(one)),
      sluice: await microsARequest(one, ['dist/main.js', 'run']),
    })
  const floor = median(pairs.map((pair) => pair.bare))
  const sluice = median(pairs.map((pair) => pair.sluice))
  const share = median(pairs.map((pair) => pair.bare / pair.sluice))
  console.log(
    one.name.padEnd(30),
    floor.toFixed(0).padStart(8),
    sluice.toFixed(0).padStart(8),
    share.toFixed(2).padStart(12),
  )
}

function bareFor({ load }: Case): readonly string[] {
  return [bare, '--requests-a-batch', String(Math.ceil(BATCH_ITEMS / load.itemsPerRequest))]
}

async function microsARequest(one: Case, program: readonly string[]): Promise<number> {
  const { missing, cpuSecondsPerMillion } = await measure(
    'sluice',
    [process.execPath, ...program],
    one,
    Number(values.scale),
  )
  if (missing !== 0) throw new Error(`${one.name}: ${missing} items are missing`)
  return cpuSecondsPerMillion * one.load.itemsPerRequest
}
