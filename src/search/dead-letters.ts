// Where refused documents go, with the reason, so that nothing is lost: an index, or a file.
import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { section, setting } from '../config/schema.ts'
import { integer, text } from '../config/values.ts'
import { messageOf, type Sender, type Settings } from '../contract/index.ts'
import { type Fate, type IsRetryable, type Refusal, readBulkAnswer } from './answer.ts'
import type { SearchClient } from './client.ts'

export const deadLetterSettings = v.pipe(
  section({
    index: setting(text, '', 'The index or data stream that takes refused documents, as texts, with the reason.'),
    file: setting(text, '', 'The file that takes them, a line of JSON each.'),
    max_megabytes: setting(
      integer(1),
      100,
      'The size at which the file is renamed to the same with .1 behind it, and a new one begins.',
    ),
  }),
  v.check(({ index, file }) => index === '' || file === '', 'give index or file, not both'),
)
export type DeadLetterConfig = v.InferOutput<typeof deadLetterSettings>

export interface DeadLetter {
  readonly refusal: Refusal
  /** Action line and document. */
  readonly document: Buffer
}

export interface DeadLetters {
  /** By letter: taken, to be tried again with the document itself, or refused here as well. */
  put(letters: readonly DeadLetter[], abort: AbortSignal, sender: Sender): Promise<readonly Fate[]>
}

export function createDeadLetters(
  config: DeadLetterConfig,
  client: SearchClient,
  isRetryable: IsRetryable,
  settings: Settings,
): DeadLetters | undefined {
  if (config.index !== '') return new DeadLetterIndex(config.index, client, isRetryable, settings)
  if (config.file !== '') return new DeadLetterFile(config.file, config.max_megabytes * 1e6, settings)
  return undefined
}

/** As JSON. The document is a text: as an object it would be refused again. */
function letterOf({ refusal, document }: DeadLetter, nowMs: number): string {
  const end = document.indexOf(0x0a)
  const { status, type, reason } = refusal
  return JSON.stringify({
    '@timestamp': new Date(nowMs).toISOString(),
    error: { status, type, reason },
    index: indexOf(document.toString('utf8', 0, end)),
    document: document.toString('utf8', end + 1).trimEnd(),
  })
}

function indexOf(action: string): string {
  const parsed: unknown = JSON.parse(action)
  if (typeof parsed !== 'object' || parsed === null) return ''
  const target: unknown = Object.values(parsed)[0]
  return typeof target === 'object' && target !== null && '_index' in target ? String(target._index) : ''
}

class DeadLetterIndex implements DeadLetters {
  readonly #action: string
  readonly #client: SearchClient
  readonly #isRetryable: IsRetryable
  readonly #settings: Settings

  constructor(index: string, client: SearchClient, isRetryable: IsRetryable, settings: Settings) {
    this.#action = `${JSON.stringify({ create: { _index: index } })}\n`
    this.#client = client
    this.#isRetryable = isRetryable
    this.#settings = settings
  }

  async put(letters: readonly DeadLetter[], abort: AbortSignal, sender: Sender): Promise<readonly Fate[]> {
    const now = this.#settings.clock.now()
    const body = Buffer.from(letters.map((letter) => `${this.#action}${letterOf(letter, now)}\n`).join(''))
    const all = (fate: Fate): readonly Fate[] => letters.map(() => fate)
    try {
      const reply = await this.#client.bulk(body, abort, sender)
      if (reply.status < 200 || reply.status > 299) {
        const reason = `the dead letters' index answers ${reply.status}`
        if (this.#isRetryable(reply.status, '')) return all({ kind: 'again', status: reply.status, reason })
        return this.#lost(letters, all({ kind: 'refused', status: reply.status, type: 'dead_letter', reason }))
      }
      const fates = readBulkAnswer(reply.body, letters.length, this.#isRetryable)
      if (fates === undefined) return all({ kind: 'taken' })
      if (typeof fates === 'string') return all({ kind: 'again', status: reply.status, reason: fates })
      return this.#lost(letters, fates)
    } catch (error) {
      return all({ kind: 'again', status: 0, reason: messageOf(error) })
    }
  }

  /** The reason why the document itself was refused says more. */
  #lost(letters: readonly DeadLetter[], fates: readonly Fate[]): readonly Fate[] {
    const refused = fates.find((fate) => fate.kind === 'refused')
    if (refused !== undefined)
      this.#settings.log.error('dead letters refused by their index', { type: refused.type, error: refused.reason })
    return fates.map((fate, i) => (fate.kind === 'refused' ? letters[i]!.refusal : fate))
  }
}

class DeadLetterFile implements DeadLetters {
  readonly #path: string
  readonly #maxBytes: number
  readonly #settings: Settings
  /** One after the other: two writers would rename each other's file. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, maxBytes: number, settings: Settings) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#settings = settings
  }

  put(letters: readonly DeadLetter[]): Promise<readonly Fate[]> {
    const written = this.#last.then(() => this.#write(letters))
    this.#last = written
    return written
  }

  async #write(letters: readonly DeadLetter[]): Promise<readonly Fate[]> {
    const now = this.#settings.clock.now()
    const lines = letters.map((letter) => `${letterOf(letter, now)}\n`).join('')
    try {
      await mkdir(dirname(this.#path), { recursive: true })
      const size = await stat(this.#path).then(
        (found) => found.size,
        () => 0,
      )
      if (size > 0 && size + Buffer.byteLength(lines) > this.#maxBytes) await rename(this.#path, `${this.#path}.1`)
      await appendFile(this.#path, lines)
      return letters.map(() => ({ kind: 'taken' }))
    } catch (error) {
      this.#settings.log.error('dead letters cannot be written', { file: this.#path, error: messageOf(error) })
      return letters.map(({ refusal }) => refusal)
    }
  }
}
