import { writeFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { freePorts } from '../../kit/free-ports.ts'
import { startOtelcol, withOtelcol } from '../../servers/otelcol.ts'
import { batchOfJson, type Case, cases, sorted } from './cases.ts'

/** Writes what the collector says, where a case explains why that is not what we say. */
const isUpdate = process.env.UPDATE === '1'
const accepts = { text: 'text/plain', openmetrics: 'application/openmetrics-text; version=1.0.0' }

/** `collector.md` says why the collector's answer is another one, or on its first line why it cannot be asked. */
const isAsked = ({ expected }: Case): boolean => !expected('collector.md')?.startsWith('not compared')

test('the collector shows the same for the same requests', {
  ...withOtelcol,
  timeout: 120_000,
}, async (t) => {
  const asked = cases.filter(isAsked)
  const ports = await freePorts(asked.length * 2)
  const places = asked.map((one, i) => ({ one, input: ports[i * 2]!, output: ports[i * 2 + 1]! }))
  const collector = await startOtelcol(t.testdir({}), configOf(places))
  t.teardown(() => collector.stop())
  for (const place of places) await t.test(place.one.name, (t) => compare(t, place))
  t.ok(asked.length > 20, 'most cases can be asked')
})

interface Place {
  readonly one: Case
  readonly input: number
  readonly output: number
}

function configOf(places: readonly Place[]): Readonly<Record<string, unknown>> {
  const each = (of: (place: Place) => object, name: (place: Place) => string): object =>
    Object.fromEntries(places.map((place) => [name(place), of(place)]))
  return {
    receivers: each(
      ({ input }) => ({ protocols: { http: { endpoint: `127.0.0.1:${input}` } } }),
      ({ one }) => `otlp/${one.name}`,
    ),
    exporters: each(
      ({ one, output }) => ({ endpoint: `127.0.0.1:${output}`, enable_open_metrics: true, ...one.config }),
      ({ one }) => `prometheus/${one.name}`,
    ),
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: each(
        ({ one }) => ({ receivers: [`otlp/${one.name}`], exporters: [`prometheus/${one.name}`] }),
        ({ one }) => `metrics/${one.name}`,
      ),
    },
  }
}

async function compare(t: Test, { one, input, output }: Place): Promise<void> {
  for (const request of one.requests) {
    const response = await fetch(`http://127.0.0.1:${input}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.concat(batchOfJson(request).chunks),
    })
    t.equal(response.status, 200)
  }
  for (const [format, accept] of Object.entries(accepts)) {
    const response = await fetch(`http://127.0.0.1:${output}/metrics`, {
      headers: { accept: `${accept}; escaping=allow-utf-8` },
    })
    const text = sorted(withSortedExemplars(await response.text()))
    const file = `collector-${format}.txt`
    const ours = sorted(one.expected(`${format}.txt`)!)
    if (isUpdate && text !== ours) writeFileSync(one.pathOf(file), text)
    else if (!isUpdate) t.equal(text, one.expected(file) ?? ours, format)
  }
  const differs = one.expected('collector-text.txt') ?? one.expected('collector-openmetrics.txt')
  t.equal(differs !== undefined, one.expected('collector.md') !== undefined, 'a difference is explained, and no other')
}

/** The labels of an exemplar come in any order. */
const withSortedExemplars = (text: string): string =>
  text.replace(/ # \{([^}]*)\}/g, (_, labels: string) => ` # {${labels.split(',').toSorted().join(',')}}`)
