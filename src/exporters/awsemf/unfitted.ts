// Tells once of metric declarations that nothing fits: most likely a name is spelled wrong, and nobody would notice but for the
// metrics that are not there.
import type { Settings } from '../../contract/index.ts'

/** By then every application has sent what it sends. */
const PATIENCE_MS = 5 * 60_000

export class UnfittedDeclarations {
  readonly #settings: Pick<Settings, 'clock' | 'log'>
  readonly #find: () => readonly string[]
  /** Undefined before the first points, and when it has been told. */
  #cancel: (() => void) | undefined
  #isOver = false

  constructor(settings: Pick<Settings, 'clock' | 'log'>, find: () => readonly string[]) {
    this.#settings = settings
    this.#find = find
  }

  /** Points have been looked at. */
  looked(): void {
    if (this.#isOver || this.#cancel !== undefined) return
    this.#cancel = this.#settings.clock.after(PATIENCE_MS, () => this.end())
  }

  /** Tells at once, if it has not been told. */
  end(): void {
    const hasLooked = this.#cancel !== undefined
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#isOver || !hasLooked) return
    this.#isOver = true
    const declarations = this.#find()
    if (declarations.length === 0) return
    this.#settings.log.warn('metric declarations that no metric has fitted: CloudWatch makes no metric by them', {
      declarations,
    })
  }
}
