// Who has been heard and who has not: one line in the log when that changes, and health says who is missing.
import { type Host, type Logger, messageOf } from '../../contract/index.ts'

/** Attributes that take permissions, which not everyone gives: nobody's health. */
const OPTIONAL = ['tags of the instance', 'volumes of the instance']

export class Sources {
  readonly #log: Logger
  #host: Host | undefined
  /** Why, by source. */
  readonly #missing = new Map<string, string>()
  #told = ''
  #isStopped = false

  constructor(log: Logger) {
    this.#log = log
  }

  start(host: Host): void {
    this.#host = host
  }

  /** Who is interrupted from now on is not missing. */
  stop(): void {
    this.#isStopped = true
  }

  /** What a source says; undefined when it does not. */
  async read<T>(source: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const said = await ask()
      this.note(source, undefined)
      return said
    } catch (error) {
      this.note(source, error ?? new Error('no reason'))
      return undefined
    }
  }

  /** `error` is undefined when it is there. */
  note(source: string, error: unknown): void {
    if (this.#isStopped) return
    if (error !== undefined) {
      const reason = messageOf(error)
      if (!this.#missing.has(source))
        this.#log.warn('a source of metrics is missing, the others go on', { source, error: reason })
      this.#missing.set(source, reason)
    } else if (this.#missing.delete(source)) this.#log.info('a source of metrics is there again', { source })
  }

  /** Tells health what has changed. */
  tell(): void {
    const missing = Array.from(this.#missing)
      .filter(([source]) => !OPTIONAL.includes(source))
      .map(([source, reason]) => `${source}: ${reason}`)
      .join('; ')
    if (missing === this.#told) return
    this.#told = missing
    if (missing === '') this.#host?.report('ok')
    else this.#host?.report('degraded', missing)
  }
}
