// The unit against systemd's own parser where there is one, and against what the agent promises.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { SHUTDOWN_MS } from '../../src/pipeline/agent.ts'

const run = promisify(execFile)
const UNIT = 'deploy/systemd/sluice.service'
const text = readFileSync(UNIT, 'utf8')

/** By section and name; a name may be there more than once. */
const settings = new Map<string, string[]>()
let section = ''
for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
  const header = /^\[(\w+)\]$/.exec(line)
  if (header !== null) section = header[1]!
  else {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`${UNIT}: ${line}`)
    settings.set(`${section}.${name}`, [...(settings.get(`${section}.${name}`) ?? []), value!])
  }
}
const service = (name: string): string | undefined => settings.get(`Service.${name}`)?.join(' ')

const analyze = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'systemd-analyze')))
const skip = analyze ? false : 'no systemd-analyze in PATH'

test('systemd finds nothing wrong with the unit', { skip }, async (t) => {
  const verify = async (unit: string): Promise<string> => {
    const folder = t.testdir()
    // Programs that it names are looked for.
    writeFileSync(join(folder, 'sluice.service'), unit.replaceAll('/usr/bin/node', process.execPath))
    const { stdout, stderr } = await run('systemd-analyze', ['verify', join(folder, 'sluice.service')])
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('sluice.service'))
      .join('\n')
  }
  t.equal(await verify(text), '')
  t.match(await verify(text.replace('ProtectSystem=strict', 'ProtectSystm=strict')), /ProtectSystm/, 'it can fail')
})

/** In tenths, as `--threshold` counts; 2.0 is "OK", what is not protected at all is above 9. */
const MOST_EXPOSURE = '20'

test('systemd rates the unit as little exposed', { skip }, async (t) => {
  const args = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, UNIT]
  const rated = await run('systemd-analyze', args).catch((error: { stdout?: string; stderr?: string }) => error)
  if (/unrecognized option|Unknown (option|operation)/.test(rated.stderr ?? ''))
    t.comment('this systemd cannot rate a file')
  else t.match(rated.stdout, /Overall exposure level for sluice\.service: [01]\.\d/)
})

test('the unit gives the agent its time, its folders, and no rights', async (t) => {
  t.equal(service('ExecStart'), '/usr/bin/node /opt/sluice/dist/main.js run --config /etc/sluice/config.yaml')
  t.ok(Number(service('TimeoutStopSec')) * 1000 > SHUTDOWN_MS)
  for (const [name, value] of Object.entries({
    DynamicUser: 'yes',
    ProtectSystem: 'strict',
    NoNewPrivileges: 'yes',
    StateDirectory: 'sluice',
    ReadWritePaths: '/var/lib/sluice /run/sluice',
    WorkingDirectory: '/var/lib/sluice',
    CapabilityBoundingSet: '',
    Restart: 'on-failure',
  }))
    t.equal(service(name), value, name)
  t.notOk(service('MemoryDenyWriteExecute'), 'V8 could not compile')
})

test('what starting again cannot help is not started again', async (t) => {
  const prevented = service('RestartPreventExitStatus')!.split(' ').map(Number)
  const success = service('SuccessExitStatus')!.split(' ').map(Number)
  t.strictSame(prevented, [EXIT.usage])
  t.strictSame(success, [EXIT.lost, EXIT.killed])
  for (const code of [EXIT.failed, EXIT.internal])
    t.notOk([...prevented, ...success].includes(code), `${code} starts again`)
})
