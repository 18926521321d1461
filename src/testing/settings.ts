import { type Meter, metrics } from '@opentelemetry/api'
import type {
  Admission,
  Component,
  ComponentState,
  Health,
  Host,
  Insight,
  Logger,
  Settings,
} from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import { ItemLedger } from '../observe/ledger.ts'
import { HeldPayload } from '../observe/memory.ts'
import { FakeClock } from './clock.ts'

/** A line of the component's log, as it was written. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: object | undefined
}

/** Settings for a component under test, and what a test wants to look at afterwards. */
export interface TestSettings extends Settings {
  readonly clock: FakeClock
  readonly memory: HeldPayload
  readonly lines: LoggedLine[]
  ledger(signal: Signal): ItemLedger
}

/** Settings whose clock, memory, log and ledgers are the test's; the rest is `of`, or nothing in particular. */
export function testSettings(of: Partial<Omit<Settings, 'clock' | 'memory' | 'ledger'>> = {}): TestSettings {
  const ledgers = new Map<Signal, ItemLedger>()
  const lines: LoggedLine[] = []
  const meter: Meter = metrics.getMeter('test')
  return {
    id: 'test',
    pipeline: undefined,
    meter,
    log: memoryLogger(lines),
    agent: { name: 'sluice', version: '0.0.0-test', instanceId: '00000000-0000-4000-8000-000000000000' },
    ...of,
    clock: new FakeClock(),
    memory: new HeldPayload(),
    lines,
    ledger(signal) {
      let ledger = ledgers.get(signal)
      if (ledger === undefined) ledgers.set(signal, (ledger = new ItemLedger()))
      return ledger
    },
  }
}

function memoryLogger(lines: LoggedLine[]): Logger {
  const at = (level: LoggedLine['level']) => (message: string, fields?: object) => {
    lines.push({ level, message, fields })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A host that admits everything and counts it. */
export interface TestHost extends Host {
  /** Bytes admitted and not yet released. */
  readonly admittedBytes: number
  /** What the component has reported of itself, in order. */
  readonly states: { readonly state: ComponentState; readonly reason: string | undefined }[]
}

/** `extensions` by id; `admit` throws to refuse; `health` for those that tell of it. */
export function testHost(
  of: {
    readonly extensions?: ReadonlyMap<string, Component>
    readonly admit?: (sizeBytes: number) => void
    readonly health?: Partial<Health>
    readonly insight?: Partial<Insight>
  } = {},
): TestHost {
  let admittedBytes = 0
  const states: TestHost['states'] = []
  const health: Health = {
    isReady: true,
    startedAt: 0,
    readySince: 0,
    exporterFailures: 0,
    changedSources: [],
    components: () => [],
    pipelines: () => [],
    eventLoopDelay: undefined,
    ...of.health,
  }
  return {
    health,
    insight: { accounts: () => [], measured: () => [], spans: undefined, ...of.insight },
    states,
    get admittedBytes() {
      return admittedBytes
    },
    extension<E extends Component>(id: string): E {
      const found = of.extensions?.get(id)
      if (found === undefined) throw new Error(`extension ${id} is not in service::extensions`)
      return found as E
    },
    admit(_signal, sizeBytes): Admission {
      of.admit?.(sizeBytes)
      admittedBytes += sizeBytes
      let isReleased = false
      return {
        release() {
          if (!isReleased) admittedBytes -= sizeBytes
          isReleased = true
        },
      }
    },
    report(state, reason) {
      states.push({ state, reason })
    },
  }
}
