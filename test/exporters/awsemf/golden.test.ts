// Golden cases: folders with the exporter's settings, batches in a row, and the events that they become.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { parse } from 'yaml'
import { metricsOf, type ShortResource } from '../../kit/metrics.ts'
import { translationRig } from './kit.ts'

const folder = fileURLToPath(new URL('cases', import.meta.url))
/** `UPDATE=1` writes what is expected anew: look at the difference before you commit it. */
const isUpdate = process.env.UPDATE === '1'

for (const name of readdirSync(folder))
  test(`case ${name}`, async (t) => {
    const read = (file: string): string => readFileSync(`${folder}/${name}/${file}`, 'utf8')
    const requests: ShortResource[][] = parse(read('input.yaml'))
    const settings: object = existsSync(`${folder}/${name}/config.yaml`) ? (parse(read('config.yaml')) ?? {}) : {}
    const found = [false, true].map((isNested) => {
      const rig = translationRig(settings, { isNested })
      let points = 0
      for (const request of requests) {
        const batch = metricsOf(request)
        points += batch.items
        rig.take(batch)
      }
      const events = rig.written()
      const told = events.reduce((sum, { items }) => sum + items, 0)
      t.equal(
        told + [...rig.dropped.values()].reduce((sum, items) => sum + items, 0),
        points,
        'every point counts once',
      )
      const { dropped, notes } = rig
      return { events, dropped: Object.fromEntries(dropped), notes }
    })
    t.same(found[1], found[0], 'nested or not, it is the same')
    if (isUpdate) writeFileSync(`${folder}/${name}/expected.json`, `${JSON.stringify(found[0], null, 2)}\n`)
    else t.same(found[0], JSON.parse(read('expected.json')))
  })
