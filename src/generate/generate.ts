// Sends sample telemetry of a small shop to an OTLP endpoint.
import { messageOf, type Settings } from '../contract/index.ts'
import { Load, type LoadPlan } from './load.ts'
import { progressLine, sentItems, summary } from './report.ts'
import { openSender, type Sender, type SenderSettings } from './sender.ts'
import { Supply } from './supply.ts'

export interface GenerateOptions extends LoadPlan, SenderSettings {
  readonly connections: number
  readonly services: number
  readonly seed: number
}

/** Where it says how it goes. */
export interface Screen {
  /** The summary. */
  write(text: string): void
  /** One line that takes the place of the last; undefined when nobody watches. */
  readonly status: ((line: string) => void) | undefined
}

const STATUS_MS = 500

/** Resolves with whether something has been sent. Never rejects for what the destination does. */
export async function generate(
  options: GenerateOptions,
  settings: Settings,
  screen: Screen,
  abort: AbortSignal,
): Promise<boolean> {
  const { clock } = settings
  let senders: Sender[] = []
  try {
    senders = await Promise.all(Array.from({ length: options.connections }, () => openSender(options, settings)))
  } catch (error) {
    screen.write(`${messageOf(error)}\n`)
    return false
  }
  const supply = new Supply({ ...options, startMs: clock.now() })
  const load = new Load(options, clock, (signal, items) => supply.take(signal, items, clock.now()))
  let cancel = (): void => {}
  const show = (): void => {
    screen.status?.(progressLine(load.progress, options.durationMs))
    cancel = clock.after(STATUS_MS, show)
  }
  if (screen.status !== undefined) show()
  await load.run(senders, abort)
  cancel()
  screen.status?.('')
  for (const sender of senders) sender.close()
  screen.write(summary(load.progress, options))
  return sentItems(load.progress) > 0
}
