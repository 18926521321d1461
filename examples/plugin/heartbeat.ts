// A receiver: makes one log record an interval, so that a destination can tell a quiet agent from a dead one.
import {
  Builder,
  type Consume,
  defineReceiver,
  duration,
  instantFromMillis,
  messageOf,
  type Settings,
  section,
  setting,
  text,
} from 'sluice/plugin'

export default defineReceiver({
  type: 'heartbeat',
  summary: 'Makes one log record an interval.',
  stability: 'alpha',
  signals: ['logs'],
  config: section({
    interval: setting(duration, '30s', 'How often.'),
    message: setting(text, 'alive', 'The body of the log record.'),
  }),
  create: (config, settings, next) => new Heartbeat(config, settings, next.logs),
})

class Heartbeat {
  readonly #config: { interval: number; message: string }
  readonly #settings: Settings
  readonly #next: Consume<'logs'> | undefined
  readonly #stopped = new AbortController()
  #cancel = (): void => {}

  constructor(config: { interval: number; message: string }, settings: Settings, next: Consume<'logs'> | undefined) {
    this.#config = config
    this.#settings = settings
    this.#next = next
  }

  async start(): Promise<void> {
    this.#cancel = this.#settings.clock.after(this.#config.interval, () => void this.#beat())
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#cancel()
  }

  async #beat(): Promise<void> {
    const { clock, log, id } = this.#settings
    const builder = new Builder('logs')
    builder.resource((resource) => resource.attribute('service.name', 'sluice'))
    builder.add((record) => {
      record.time(instantFromMillis(clock.now()))
      record.severityNumber(9) // INFO
      record.body(this.#config.message)
      record.attribute('heartbeat.receiver', id)
    })
    try {
      await this.#next?.(builder.build(), { abort: this.#stopped.signal, metadata: new Map() })
    } catch (error) {
      log.warn('heartbeat was refused', { error: messageOf(error) })
    }
    if (!this.#stopped.signal.aborted) await this.start()
  }
}
