import { askMetadata } from '../../aws/metadata.ts'
import { type Consumers, type Host, messageOf, type Receiver, type Settings } from '../../contract/index.ts'
import { instantFromMillis } from '../../data/index.ts'
import { Handover } from '../../scrape/handover.ts'
import { Schedule } from '../../scrape/schedule.ts'
import type { EcsContainerMetricsConfig } from './config.ts'
import { isObject, type Json, parseExact } from './json.ts'
import { write } from './write.ts'

const VARIABLE = 'ECS_CONTAINER_METADATA_URI_V4'

export class EcsContainerMetricsReceiver implements Receiver {
  readonly #settings: Settings
  readonly #timeoutMs: number
  readonly #schedule: Schedule
  readonly #handover: Handover<'metrics'> | undefined
  readonly #environment: Readonly<Record<string, string | undefined>>
  #host: Host | undefined
  #base = ''
  #isFailing = false
  #isStopped = false
  #failedScrapes = 0
  #skippedScrapes = 0

  constructor(
    config: EcsContainerMetricsConfig,
    settings: Settings,
    next: Consumers,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#settings = settings
    this.#environment = environment
    this.#timeoutMs = config.timeout || config.collection_interval
    this.#handover = next.metrics && new Handover(next.metrics, settings)
    this.#schedule = new Schedule(config, settings.clock, {
      run: (abort) => this.#scrape(abort),
      onSkipped: (collections) => void (this.#skippedScrapes += collections),
    })
  }

  async start(host: Host): Promise<void> {
    const base = this.#environment[VARIABLE]?.trim() ?? ''
    if (!URL.canParse(base))
      throw new Error(
        `${VARIABLE} is ${base === '' ? 'not set' : 'no URL'}: this receiver runs in tasks of ECS, on Fargate from platform 1.4 on, on EC2 with agent 1.39 or newer`,
      )
    this.#host = host
    this.#base = base.replace(/\/+$/, '')
    this.#countScrapes()
    this.#schedule.start()
  }

  async #scrape(abort: AbortSignal): Promise<void> {
    try {
      const [task, stats] = await Promise.all([this.#ask('/task', abort), this.#ask('/task/stats', abort)])
      const batch = write(task, stats, instantFromMillis(this.#settings.clock.now()))
      if (abort.aborted) throw abort.reason
      if (this.#isFailing) {
        this.#settings.log.info('the task metadata endpoint answers again')
        this.#host?.report('ok')
      }
      this.#isFailing = false
      this.#handover?.give(batch)
    } catch (error) {
      this.#fail(error, abort)
    }
  }

  /** What a path says: an object. */
  async #ask(path: string, abort: AbortSignal): Promise<Json> {
    const text = await askMetadata(new URL(this.#base + path), { timeoutMs: this.#timeoutMs, abort })
    let answer: unknown
    try {
      answer = parseExact(text)
    } catch (error) {
      throw new Error(`${path}: the answer is no JSON`, { cause: error })
    }
    if (!isObject(answer)) throw new Error(`${path}: the answer is no object`)
    return answer
  }

  #fail(error: unknown, abort: AbortSignal): void {
    // Nobody wants to know any more.
    if (this.#isStopped) return
    this.#failedScrapes++
    this.#isFailing = true
    const reason = messageOf(abort.aborted ? abort.reason : error)
    this.#settings.log.error('what the task uses is not known this time', { endpoint: this.#base, error: reason })
    this.#host?.report('degraded', `the task metadata endpoint: ${reason}`)
  }

  #countScrapes(): void {
    const { meter, id } = this.#settings
    const counts = [
      ['failed', 'Collections that failed.', () => this.#failedScrapes],
      ['skipped', 'Collections that were left out, since the one before had not ended.', () => this.#skippedScrapes],
    ] as const
    for (const [what, description, count] of counts)
      meter
        .createObservableCounter(`sluice_receiver_${what}_scrapes`, { description })
        .addCallback((result) => result.observe(count(), { receiver: id }))
  }

  async stop(abort: AbortSignal): Promise<void> {
    this.#isStopped = true
    await this.#schedule.stop()
    await this.#handover?.stop(abort)
  }
}
