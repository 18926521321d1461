// What is done to the resources that come by.
import { test } from 'tap'
import * as v from 'valibot'
import type { Batch, Signal } from '../../../src/data/index.ts'
import { decodeOtlp } from '../../../src/data/index.ts'
import { config as schema } from '../../../src/processors/resource_detection/config.ts'
import { createResourceDetection } from '../../../src/processors/resource_detection/processor.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { decoded, type Plain, ROUNDS, randomMessage, seeded, signals } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'
import { machine } from './detecting.ts'

const SCHEMA = 'https://opentelemetry.io/schemas/1.43.0'
const lambda = {
  OTEL_RESOURCE_ATTRIBUTES: 'service.name=agent,env=prod',
  AWS_LAMBDA_FUNCTION_NAME: 'f',
  AWS_LAMBDA_LOG_GROUP_NAME: 'g',
}
const attribute = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })

async function processing(config: object, environment: Record<string, string>) {
  const processor = createResourceDetection(machine({ environment }))(v.parse(schema, config), testSettings())
  await processor.start!(testHost())
  return <S extends Signal>(batch: Batch<S>): Batch<S> => batch.rewrite([processor.visitor as never], testContext())
}
const spans = (...resources: object[]) =>
  batchOf('traces', {
    resourceSpans: resources.map((entry) => ({ scopeSpans: [{ spans: [{ name: 's' }] }], ...entry })),
  })
const resourcesOf = (batch: Batch<'traces'>): Plain[] => {
  const seen: Plain[] = []
  batch.visit({
    onResource: (one) => void seen.push({ url: one.schemaUrl, ...Object.fromEntries(one.attributes.toMap()) }),
  })
  return seen
}

test('what is found replaces what a resource says, unless override is off', async (t) => {
  const batch = spans({ resource: { attributes: [attribute('service.name', 'shop'), attribute('x', 'y')] } }, {})
  const overriding = await processing({}, lambda)
  t.same(resourcesOf(overriding(batch)), [
    { url: '', 'service.name': 'agent', x: 'y', env: 'prod' },
    { url: '', 'service.name': 'agent', env: 'prod' },
  ])
  const keeping = await processing({ override: false }, lambda)
  t.same(resourcesOf(keeping(batch)), [
    { url: '', 'service.name': 'shop', x: 'y', env: 'prod' },
    { url: '', 'service.name': 'agent', env: 'prod' },
  ])
})

test('a resource that names no schema gets that of what was found', async (t) => {
  const detect = await processing({ detectors: ['lambda'] }, lambda)
  const seen = resourcesOf(detect(spans({}, { schemaUrl: 'https://own' })))
  t.same(
    seen.map(({ url }) => url),
    [SCHEMA, 'https://own'],
  )
})

test('what says it all already stays the very same chunk', async (t) => {
  const detect = await processing({ detectors: ['env', 'lambda'] }, lambda)
  const once = detect(spans({}, { resource: { attributes: [attribute('env', 'test')] } }))
  t.equal(detect(once), once)
  const nowhere = await processing({ detectors: ['env', 'lambda'] }, {})
  const batch = spans({})
  t.equal(nowhere(batch), batch)
})

test('on any telemetry of any signal only resources change, and these as the settings say', async (t) => {
  const random = seeded(5)
  const wanted: Record<string, string> = { 'service.name': 'agent', env: 'prod' }
  let cases = 0
  for (const override of [true, false]) {
    const detect = await processing({ override }, lambda)
    for (let round = 0; round < ROUNDS; round++)
      for (const signal of signals) {
        const bytes = randomMessage(signal, random)
        const after = detect(decodeOtlp(signal, bytes))
        const entries = (message: Plain): Plain[] => (Object.values(message)[0] ?? []) as Plain[]
        const before = entries(decoded(signal, bytes))
        const changed = entries(decoded(signal, Buffer.concat(after.chunks)))
        t.equal(changed.length, before.length)
        for (const [i, entry] of changed.entries()) {
          const { resource: left, ...rest } = entry
          const { resource: right, ...original } = before[i]!
          t.same(rest, original)
          t.same(texts(left), expected(texts(right), wanted, override))
          cases++
        }
      }
  }
  t.ok(cases > 0)
})

/** First values, by key. */
function texts(resource: unknown): Map<string, unknown> {
  const list = ((resource as Plain | undefined)?.attributes ?? []) as { key?: string; value?: unknown }[]
  return new Map(list.toReversed().map(({ key = '', value }) => [key, JSON.stringify(value ?? {})]))
}

function expected(
  before: Map<string, unknown>,
  wanted: Record<string, string>,
  override: boolean,
): Map<string, unknown> {
  const after = new Map(before)
  for (const [key, stringValue] of Object.entries(wanted))
    if (override || !after.has(key)) after.set(key, JSON.stringify({ stringValue }))
  return after
}
