import { existsSync, readFileSync } from 'node:fs'
import { test } from 'tap'
import { startSluice } from '../kit/process.ts'

const yaml = `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
`
const skip = existsSync('/proc/self/environ') && process.execve !== undefined ? false : 'needs /proc and execve'
const listOf = (pid: number, name: 'cmdline' | 'environ'): string[] =>
  readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').filter(Boolean)

test('the agent runs with a heap and a malloc that keep little garbage', { skip }, async (t) => {
  const { pid } = await startSluice(t, yaml)
  const command = listOf(pid, 'cmdline')
  t.ok(command.includes('--max-semi-space-size=8'))
  const variables = listOf(pid, 'environ').filter((one) => one.startsWith('MALLOC_'))
  t.same(variables.sort(), ['MALLOC_ARENA_MAX=2', 'MALLOC_MMAP_THRESHOLD_=1048576', 'MALLOC_TRIM_THRESHOLD_=1048576'])
})

test('what the user sets stays as it is', { skip }, async (t) => {
  const own = await startSluice(t, yaml, { env: { MALLOC_ARENA_MAX: '7' } })
  t.match(listOf(own.pid, 'environ').join('\n'), /MALLOC_ARENA_MAX=7/)
  const whole = await startSluice(t, yaml, { env: { NODE_OPTIONS: '--max-semi-space-size=16' } })
  t.notOk(listOf(whole.pid, 'cmdline').some((one) => one.startsWith('--') && one !== '--config'))
  t.notMatch(listOf(whole.pid, 'environ').join('\n'), /MALLOC_/)
})
