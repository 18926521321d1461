// What the checklist of docs/security.md says of what components do when nobody says anything.
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import * as v from 'valibot'
import { components } from '../../src/components.ts'
import { parseEndpoint } from '../../src/config/endpoint.ts'
import { telemetrySettings } from '../../src/config/telemetry.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '::1']

/** Values of `endpoint` settings anywhere in a config. */
function endpointsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'endpoint' && typeof one === 'string' ? [one] : endpointsOf(one),
  )
}

/** The least that makes a config of those that have no default. */
const LEAST: Readonly<Record<string, object>> = {
  otlp: { protocols: { http: {}, grpc: {} } },
  awscontainerinsightreceiver: { container_orchestrator: 'ecs' },
}

test('security 1: whatever listens by default listens on this machine only', async (t) => {
  let endpoints = 0
  for (const kind of ['receiver', 'extension'] as const)
    for (const [type, load] of Object.entries(components[kind])) {
      const factory = (await load()).default
      const parsed = v.safeParse(factory.config as v.GenericSchema, LEAST[type] ?? {})
      // What cannot do without settings has no default to listen on.
      if (!parsed.success) continue
      for (const endpoint of endpointsOf(parsed.output)) {
        if (endpoint === '') continue
        const { host, path } = parseEndpoint(endpoint)
        t.ok(path !== undefined || LOOPBACK.includes(host), `${kind} ${type}: ${endpoint}`)
        endpoints++
      }
    }
  t.ok(endpoints >= 6, `${endpoints} endpoints`)
})

test('security 7: the agent’s own page is on this machine only, and nothing else is served unasked', async (t) => {
  const { metrics } = v.parse(telemetrySettings, {})
  for (const { pull } of metrics.readers) t.ok(LOOPBACK.includes(pull?.exporter.prometheus?.host ?? 'nowhere'))
})

test('security 13: the image runs as nobody in particular', async (t) => {
  t.match(readFileSync('Dockerfile', 'utf8'), /^USER 65532/m)
})

/** Where whoever writes a role looks: the calls that each component makes. */
test('security 20: the manual has the least permissions of each component that calls AWS', async (t) => {
  const manual = readFileSync('docs/aws.md', 'utf8')
  const callers = ['exporter', 'receiver', 'extension', 'processor'] as const
  let rows = 0
  for (const kind of callers)
    for (const type of Object.keys(components[kind]).filter((name) =>
      /^aws|^sigv4|^resource_detection|^opensearch/.test(name),
    )) {
      t.match(manual, new RegExp(`^\\| ${kind} \`${type}\``, 'm'), `${kind} ${type}`)
      rows++
    }
  t.ok(rows > 10, `${rows} rows`)
})
