import type { Worker } from 'node:worker_threads'
import { messageOf, RetryableError, type Settings } from '../../contract/index.ts'

/** As it lies in dist/, where this is a chunk, or beside this in the sources. */
const THREAD = import.meta.url.endsWith('.ts')
  ? new URL('./slow-check.ts', import.meta.url)
  : new URL('../basicauth-slow-check.js', import.meta.url)
/** It takes 10 MB while it is there. */
const IDLE_MS = 10_000

/**
 * Compares passwords with hashes that are slow on purpose. Not here: bcrypt in JavaScript computes for 100 ms before it lets
 * others go on. One at a time; whoever calls sees to that.
 */
export class SlowChecks {
  readonly #settings: Pick<Settings, 'clock' | 'log'>
  #thread: Worker | undefined
  #cancelEnd: (() => void) | undefined

  constructor(settings: Pick<Settings, 'clock' | 'log'>) {
    this.#settings = settings
  }

  /** Rejects with a `RetryableError` when the thread dies. */
  async isRight(password: string, hash: string): Promise<boolean> {
    this.#cancelEnd?.()
    const thread = (this.#thread ??= await this.#begin())
    try {
      return await answerOf(thread, { password, hash })
    } catch (error) {
      this.stop()
      this.#settings.log.error('the thread that checks passwords has died', { error: messageOf(error) })
      throw new RetryableError('passwords cannot be checked now', { cause: error, reason: 'no_password_check' })
    } finally {
      this.#cancelEnd = this.#settings.clock.after(IDLE_MS, () => this.stop())
    }
  }

  async #begin(): Promise<Worker> {
    const { Worker } = await import('node:worker_threads')
    const thread = new Worker(THREAD, { name: 'passwords' })
    thread.unref()
    return thread
  }

  stop(): void {
    this.#cancelEnd?.()
    void this.#thread?.terminate()
    this.#thread = undefined
  }
}

function answerOf(thread: Worker, question: object): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('it has ended'))
    const settle = (how: () => void): void => {
      thread.off('exit', onExit).off('message', onMessage).off('error', onError)
      how()
    }
    const onMessage = (isRight: unknown): void => settle(() => resolve(isRight === true))
    const onError = (error: unknown): void => settle(() => reject(error))
    thread.on('exit', onExit).on('message', onMessage).on('error', onError)
    thread.postMessage(question)
  })
}
