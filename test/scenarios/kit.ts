// Configs of this project as they are, on free ports and against servers of this machine, and what applications send to them.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { fargateStats, fargateTask } from '../receivers/awsecscontainermetrics/answers.ts'

/** Every port that the config listens on is a free one; own metrics too. */
export const onFreePorts = (yaml: string): string =>
  yaml
    .replace(/(endpoint: )\S*:(\d{4,5})$/gm, '$1127.0.0.1:0')
    .replace(
      /^service:$/m,
      'service:\n  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}',
    )

/** A config in a process of its own. Nothing of this machine's AWS settings reaches it. */
export const startYaml = (t: Test, yaml: string, env: NodeJS.ProcessEnv): Promise<SluiceProcess> =>
  startSluice(t, yaml, {
    env: {
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  })

/** What is collected for ten seconds before it goes on: for one. */
const sooner = (yaml: string): string => yaml.replace(/^( +(?:timeout|aggregation_interval): )10s$/gm, '$11s')

/** `configs/<name>.yaml` on free ports. */
export const startConfig = (t: Test, name: string, env: NodeJS.ProcessEnv): Promise<SluiceProcess> =>
  startYaml(t, sooner(onFreePorts(readFileSync(`configs/${name}.yaml`, 'utf8'))), env)

/** Where a component listens, by what stands before the address: `http`, `udp`. */
export function endpointOf(agent: SluiceProcess, label: string, scheme: string): URL {
  const found = agent.endpoints(label).find((endpoint) => endpoint.startsWith(`${scheme}://`))
  if (found === undefined) throw new Error(`${label} has no ${scheme} endpoint: ${agent.endpoints(label)}`)
  return new URL(found)
}

export async function postOtlp(
  agent: SluiceProcess,
  signal: 'traces' | 'metrics' | 'logs',
  body: object,
): Promise<void> {
  const url = new URL(`/v1/${signal}`, endpointOf(agent, 'receiver otlp', 'http'))
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.status !== 200) throw new Error(`${signal}: ${response.status} ${await response.text()}`)
}

export async function sendUdp({ hostname, port }: URL, text: string): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) =>
    socket.send(text, Number(port), hostname, (error) => (error ? reject(error) : resolve())),
  )
  socket.close()
}

export async function sendTcp({ hostname, port }: URL, text: string): Promise<void> {
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.end(text, resolve)
  })
}

export const nanos = (ms: number): string => String(BigInt(ms) * 1_000_000n)

export const attributes = (of: Readonly<Record<string, string | number>>): object[] =>
  Object.entries(of).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }))

const service = (name: string): object => ({
  attributes: attributes({ 'service.name': name, 'deployment.environment.name': 'production' }),
})

/** Log records of one service. */
export const logsOf = (name: string, records: readonly object[]): object => ({
  resourceLogs: [{ resource: service(name), scopeLogs: [{ logRecords: records }] }],
})
export const metricsOf = (name: string, metrics: readonly object[]): object => ({
  resourceMetrics: [{ resource: service(name), scopeMetrics: [{ scope: { name: 'app' }, metrics }] }],
})
export const spansOf = (name: string, spans: readonly object[]): object => ({
  resourceSpans: [{ resource: service(name), scopeSpans: [{ spans }] }],
})

/** The metadata endpoint of a task on Fargate: what ECS_CONTAINER_METADATA_URI_V4 says, and how often it was asked. */
export async function taskMetadata(t: Test): Promise<{ readonly url: string; readonly scrapes: () => number }> {
  let scrapes = 0
  const server = createServer((request, response) => {
    const isStats = request.url?.endsWith('/task/stats') === true
    if (isStats) scrapes++
    response.end(JSON.stringify(isStats ? fargateStats : fargateTask))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`, scrapes: () => scrapes }
}
