import type { Extension, Health, Host, Settings } from '../../contract/index.ts'
import { type Question, QuestionServer } from '../../net/question-server.ts'
import { answerTo } from './answers.ts'
import type { HealthCheckConfig } from './config.ts'
import { RecentFailures } from './failures.ts'
import type { Verdict } from './report.ts'

/** Starts first and stops last, so that it can tell of what is between. */
export class HealthCheck implements Extension {
  readonly #config: HealthCheckConfig
  readonly #settings: Settings
  readonly #server: QuestionServer
  #health: Health | undefined
  #failures: RecentFailures | undefined
  #endpoint: string | undefined

  constructor(config: HealthCheckConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#server = new QuestionServer(config, settings, (question) => this.#answer(question))
  }

  get endpoints(): readonly string[] {
    return this.#endpoint === undefined ? [] : [this.#endpoint]
  }

  async start(host: Host): Promise<void> {
    const { check_collector_pipeline: check, path } = this.#config
    this.#health = host.health
    this.#endpoint = `${await this.#server.start(host)}${path}`
    if (check.enabled) this.#failures = new RecentFailures(host.health, this.#settings.clock, check.interval)
  }

  async stop(abort?: AbortSignal): Promise<void> {
    this.#failures?.stop()
    await this.#server.stop(abort)
  }

  #answer({ path }: Question): ReturnType<typeof answerTo> {
    const of = { health: this.#health!, verdict: this.#verdict(), nowMs: this.#settings.clock.now() }
    return answerTo(path, this.#config, of)
  }

  #verdict(): Verdict {
    if (!this.#health!.isReady) return { isHealthy: false, reason: undefined }
    const { exporter_failure_threshold: threshold, interval } = this.#config.check_collector_pipeline
    const failures = this.#failures?.count() ?? 0
    if (failures > threshold)
      return { isHealthy: false, reason: `exporters have failed ${failures} times within ${interval / 1000} s` }
    const limitMs = this.#config.max_event_loop_delay
    const worstMs = this.#health!.eventLoopDelay?.worstOfMinuteMs ?? 0
    return limitMs > 0 && worstMs > limitMs
      ? { isHealthy: false, reason: `the process stood still for ${worstMs / 1000} s within the last minute` }
      : { isHealthy: true, reason: undefined }
  }
}
