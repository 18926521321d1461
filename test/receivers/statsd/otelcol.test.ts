// The same packets through the real collector: what it makes of them is what statsd.test.ts expects.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { freePorts } from '../../kit/free-ports.ts'
import { startOtelcol, withOtelcol } from '../../servers/otelcol.ts'
import { cases } from './cases.ts'
import { type Point, pointsOf, sendDatagrams } from './kit.ts'

const RECORDED = 'test/receivers/statsd/collector.json'

test('the collector makes of packets what it made of them', withOtelcol, async (t) => {
  const directory = t.testdir({})
  const ports = await freePorts(cases.length)
  const entries = <T>(make: (i: number) => readonly [string, T]): Record<string, T> =>
    Object.fromEntries(cases.map((_, i) => make(i)))
  const collector = await startOtelcol(directory, {
    receivers: entries((i) => [
      `statsd/${i}`,
      { endpoint: `127.0.0.1:${ports[i]}`, aggregation_interval: '4s', ...cases[i]!.config },
    ]),
    exporters: entries((i) => [
      `file/${i}`,
      { path: join(directory, `${i}`), format: 'proto', flush_interval: '100ms' },
    ]),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: entries((i) => [`metrics/${i}`, { receivers: [`statsd/${i}`], exporters: [`file/${i}`] }]),
    },
  })
  for (const [i, { packets }] of cases.entries()) await (await sendDatagrams(ports[i]!, packets))()
  // It hands nothing on when it stops, and knows no other clock.
  const read = (i: number): Promise<Buffer> => readFile(join(directory, `${i}`))
  while ((await Promise.all(cases.map(async (_, i) => (await read(i)).length))).includes(0)) await setTimeout(100)
  await collector.stop()
  const recorded: Record<string, Point[]> = {}
  for (const [i, { name }] of cases.entries()) recorded[name] = pointsOf((await read(i)).subarray(4))
  if (process.env.TAP_SNAPSHOT === '1') await writeFile(RECORDED, `${JSON.stringify(recorded, null, 1)}\n`)
  t.same(recorded, JSON.parse(await readFile(RECORDED, 'utf8')))
})
