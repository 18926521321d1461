// What the collector writes, letter by letter; golden/ has it (TAP_SNAPSHOT=1 with SLUICE_OTELCOL writes it anew).
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { type Batch, decodeOtlp } from '../../../src/data/index.ts'
import debug from '../../../src/exporters/debug/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { randomMessage, seeded, signals } from '../../data/random.ts'
import { startOtelcol, withOtelcol } from '../../servers/otelcol.ts'
import { debugInput } from './input.ts'

const GOLDEN = 'test/exporters/debug/golden'
const verbosities = ['basic', 'normal', 'detailed'] as const
const batches = signals.map((signal): Batch => debugInput[signal])

for (const verbosity of verbosities)
  test(`${verbosity} writes what the collector wrote`, async (t) => {
    t.equal(await ours(t, verbosity, batches), await readFile(join(GOLDEN, `${verbosity}.txt`), 'utf8'))
  })

test('the collector writes what it wrote', withOtelcol, async (t) => {
  for (const verbosity of verbosities) {
    const path = join(GOLDEN, `${verbosity}.txt`)
    const written = await theirs(t, verbosity, batches)
    if (process.env.TAP_SNAPSHOT === '1') {
      await mkdir(GOLDEN, { recursive: true })
      await writeFile(path, written)
    }
    t.equal(written, await readFile(path, 'utf8'))
  }
})

test('random telemetry looks the same in both', withOtelcol, async (t) => {
  const random = seeded(5)
  const some = Array.from({ length: 30 }, (_, i) => {
    const signal = signals[i % signals.length]!
    return decodeOtlp(signal, randomMessage(signal, random))
  }).filter(({ items }) => items > 0)
  for (const verbosity of verbosities) {
    const [found, wanted] = [await ours(t, verbosity, some), await theirs(t, verbosity, some)]
    const lines = wanted.split('\n')
    const differing = found.split('\n').findIndex((line, i) => line !== lines[i])
    t.equal(found.split('\n')[differing], lines[differing], `line ${differing}, ${verbosity}`)
    t.equal(found.length, wanted.length)
  }
})

async function ours(t: Test, verbosity: string, input: readonly Batch[]): Promise<string> {
  const path = join(t.testdir({}), 'out')
  const config = v.parse(debug.config, { verbosity, use_internal_logger: false, output_paths: [path] })
  const exporter = debug.create(config, testSettings())
  await exporter.start!(testHost())
  for (const batch of input) await exporter.consumers[batch.signal]!(batch as never, testContext())
  await exporter.stop!(new AbortController().signal)
  return readFile(path, 'utf8')
}

async function theirs(t: Test, verbosity: string, input: readonly Batch[]): Promise<string> {
  const directory = t.testdir({})
  const path = join(directory, 'out')
  const pipeline = { receivers: ['otlp'], exporters: ['debug'] }
  const collector = await startOtelcol(directory, {
    exporters: { debug: { verbosity, use_internal_logger: false, output_paths: [path] } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  })
  for (const batch of input) await collector.send(batch)
  await collector.stop()
  return readFile(path, 'utf8')
}
