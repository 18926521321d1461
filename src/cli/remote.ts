// What configs take from AWS, for every command that reads one. Nothing of it is imported before a config asks.
import { randomUUID } from 'node:crypto'
import type { Remote } from '../config/index.ts'
import type { Logger, Settings } from '../contract/index.ts'
import { systemClock } from '../observe/clock.ts'
import { version } from './version.ts'

/** Nobody has said yet where to log to; what goes wrong is in the errors. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export async function openRemote(environment: NodeJS.ProcessEnv): Promise<Remote> {
  const [{ AwsSources }, { Accounts }, { HeldPayload }, { Meters }] = await Promise.all([
    import('../aws/sources/index.ts'),
    import('../observe/accounts.ts'),
    import('../observe/memory.ts'),
    import('../observe/meter.ts'),
  ])
  const accounts = new Accounts()
  const settings: Settings = {
    id: 'config',
    pipeline: undefined,
    log: SILENT,
    meter: new Meters('none').meter('config'),
    clock: systemClock,
    memory: new HeldPayload(),
    agent: { name: 'sluice', version, instanceId: randomUUID() },
    ledger: (signal) => accounts.ledger({ kind: 'extension', id: 'config', pipeline: undefined, signal }),
  }
  return new AwsSources(settings, environment)
}
