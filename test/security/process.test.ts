// What the checklist of docs/security.md says of the process itself.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'tap'
import { updateFor } from '../../src/cli/node-release.ts'
import { startSluice } from '../kit/process.ts'
import { until } from '../kit/until.ts'

const skip = existsSync('/proc/self/environ') && process.execve !== undefined ? false : 'needs /proc and execve'
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')

const agent = (plugin = ''): string => `
${plugin}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`

test('security 12: objects of the agent have no __proto__, unless the user wants one', { skip }, async (t) => {
  const { pid, folder } = await startSluice(t, agent())
  t.match(commandOf(pid), /--disable-proto=delete/)
  t.ok(existsSync(folder))
  const own = await startSluice(t, agent(), { env: { NODE_OPTIONS: '--disable-proto=throw' } })
  t.notMatch(commandOf(own.pid), /disable-proto/)
})

test('security 18: a Node that lacks known fixes is told at the start, with what has them', async (t) => {
  const fixed = new Map([
    [22, '22.23.4'],
    [26, '26.12.1'],
  ])
  for (const version of ['26.12.1', '26.12.2', '26.13.0', '22.23.4', '28.0.0'])
    t.equal(updateFor(version, fixed), undefined)
  t.equal(updateFor('26.12.0', fixed), '26.12.1')
  t.equal(updateFor('26.9.9', fixed), '26.12.1')
  t.equal(updateFor('22.18.0', fixed), '22.23.4')
  t.equal(updateFor('25.8.2', fixed), '26.12.1', 'a line without fixes')
  const { output } = await startSluice(t, agent())
  const update = updateFor(process.versions.node)
  const said = (): string | undefined =>
    /this Node lacks security fixes: update it, or run \S+ with a newer one node=\S+ fixed_in=(\S+)/.exec(
      output.stderr,
    )?.[1]
  if (update === undefined) t.equal(said(), undefined)
  else await until(() => said() === update)
})

/** Throws what looks like the agent's own mistake, outside of any call. */
const FAULT = `
import { defineExtension, section } from 'sluice/plugin'
export default defineExtension({
  type: 'fault', summary: 'x', stability: 'alpha', config: section({}),
  create: () => ({
    async start() {
      const error = new Error('nobody catches this')
      error.stack = 'Error: nobody catches this\\n    at own (${pathToFileURL(join(process.cwd(), 'src/net/listen.ts')).href}:1:1)'
      setTimeout(() => { throw error }, 500)
    },
  }),
})
`

test('security 19: after an exception that nobody caught the process ends with 70, and says why', async (t) => {
  const file = join(t.testdir({ 'fault.ts': FAULT }), 'fault.ts')
  const yaml = agent(`plugins: ["${file}"]\nextensions: {fault: {}}`).replace(
    'service:',
    'service:\n  extensions: [fault]',
  )
  const { ended } = await startSluice(t, yaml)
  const { code, stderr } = await ended
  t.equal(code, 70)
  t.match(stderr, /a fault in sluice itself, ending .*nobody catches this/)
})
