// What the SDKs have to complain about goes to the agent's log; without this nobody would hear of it.
import { DiagLogLevel, diag } from '@opentelemetry/api'
import type { Logger } from '../contract/index.ts'

export function hearSdk(log: Logger): void {
  const warn = (message: string, ...more: unknown[]): void =>
    log.warn('own telemetry: the SDK complains', {
      message,
      ...(more.length > 0 && { details: more.map(String).join(' ') }),
    })
  diag.setLogger(
    { error: warn, warn, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
