import type { Drafts, Name } from '../draft.ts'

/** Makes log records by itself, so that it works without anybody who sends. */
export function receiver({ type, pascal }: Name): Drafts {
  const draft = {
    summary: 'Makes a log record an interval.',
    whenToUse: 'To see that a pipeline works while nobody sends anything.',
    howItWorks:
      'Each `interval` a log record with `message` as its body is handed on. One that the pipelines refuse is told in the log, and the\nnext one comes as if nothing had been.',
    fact: "signals: ['logs'],",
    schema: `section({
  interval: setting(v.pipe(duration, v.minValue(100, 'must be at least 100ms')), '30s', 'How often.'),
  message: setting(text, 'alive', 'The body of each log record.'),
})`,
    create: `(config, settings, next) => new ${pascal}Receiver(config, settings, next.logs)`,
    wiring: `/** Time comes from the settings, so that a test can move it; nothing happens before \`start\`. */
export class ${pascal}Receiver implements Receiver {
  readonly #config: ${pascal}Config
  readonly #settings: Settings
  /** Undefined when no pipeline takes log records from it. */
  readonly #next: Consume<'logs'> | undefined
  readonly #abort = new AbortController()
  #cancel = (): void => {}
  #underWay: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(config: ${pascal}Config, settings: Settings, next: Consume<'logs'> | undefined) {
    this.#config = config
    this.#settings = settings
    this.#next = next
  }

  async start(): Promise<void> {
    this.#wait()
  }

  /** What is being handed on is waited for, until \`abort\` says otherwise. */
  async stop(abort: AbortSignal): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    const end = (): void => this.#abort.abort()
    abort.addEventListener('abort', end, { once: true })
    if (abort.aborted) end()
    await this.#underWay
    abort.removeEventListener('abort', end)
  }

  #wait(): void {
    if (this.#isStopped) return
    this.#cancel = this.#settings.clock.after(this.#config.interval, () => {
      this.#underWay = this.#handOn()
    })
  }

  /** Resolved means that the pipelines have it; rejected, that they have not. */
  async #handOn(): Promise<void> {
    try {
      await this.#next?.(this.#record(), { abort: this.#abort.signal, metadata: new Map() })
    } catch (error) {
      this.#settings.log.warn('log record was refused', { error: messageOf(error) })
    }
    this.#wait()
  }

  #record(): Batch<'logs'> {
    const builder = new Builder('logs')
    builder.resource((resource) => resource.attribute('service.name', this.#settings.agent.name))
    builder.add((record) => {
      record.time(instantFromMillis(this.#settings.clock.now()))
      record.severityNumber(9) // INFO
      record.body(this.#config.message)
    })
    return builder.build()
  }
}
`,
    example: 'interval: 10s\nmessage: still here',
    golden: {
      config: 'interval: 10s\nmessage: still here\n',
      input: undefined,
      expected: { out: [10, 20].map(recordAt), accounts: { logs: { created: 2, out: 2 } } },
    },
    receive: '({ settings }) => settings.clock.advance(30_000)',
    goldenTest: `const meanwhile = (running: Driven) => running.settings.clock.advance(25_000)
    one.expect(await outcome(factory, one, { meanwhile }))`,
  }
  return {
    plugin: {
      ...draft,
      contractConfig: undefined,
    },
    project: {
      ...draft,
      minimal: '() => ({})',
      changes: `tested('receivers/${type}', {
      interval: { value: '7s', change: 'how often there is a record' },
      message: {
        value: 'hello',
        change: 'what it says',
        use: async (one) => {
          await one.start()
          await one.settings.clock.advance(30_000)
          await one.stop()
        },
      },
    })`,
    },
  }
}

/** That many seconds after a test begins. */
const recordAt = (second: number): object => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'sluice' } }] },
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano: `${Date.UTC(2026, 0, 1) + second * 1000}000000`,
              severityNumber: 9,
              body: { stringValue: 'still here' },
            },
          ],
        },
      ],
    },
  ],
})
