import { writeFile } from 'node:fs/promises'
import type { Extension, Host, Settings } from '../../contract/index.ts'
import { isLoopback, namesOtherHost } from '../../net/loopback.ts'
import { type Answer, plainAnswer, type Question, QuestionServer } from '../../net/question-server.ts'
import { type PprofConfig, serverOf } from './config.ts'
import { encodeProfile } from './encode.ts'
import { indexPage } from './page.ts'
import { type CpuProfile, CpuWatch, HeapWatch } from './profiler.ts'
import { cpuProfile, heapProfile, newest } from './translate.ts'

const DEFAULT_CPU_SECONDS = 30
const MAX_SECONDS = 300
/** Who asks by HTTP/1.0 may leave it out. */
const DEFAULT_HOST = 'localhost:1777'

export class Pprof implements Extension {
  readonly #config: PprofConfig
  readonly #settings: Settings
  readonly #server: QuestionServer
  readonly #heap = new HeapWatch()
  /** From the start on, for `save_to_file`. */
  #whole: { readonly watch: CpuWatch; readonly startedMs: number } | undefined
  #heapSinceMs: number | undefined
  /** V8 has one profiler. */
  #isBusy = false
  endpoints: readonly string[] = []

  constructor(config: PprofConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#server = new QuestionServer(serverOf(config), settings, (question) => this.#answer(question))
  }

  async start(host: Host): Promise<void> {
    const { block_profile_fraction: block, mutex_profile_fraction: mutex, save_to_file } = this.#config
    const { log, clock } = this.#settings
    if (!isLoopback(this.#config))
      log.warn('ANYBODY who reaches this endpoint can slow the agent down and read names and paths of its code', {
        endpoint: this.#config.endpoint,
        hint: 'listen on localhost, and come through SSH, kubectl port-forward or ECS Exec',
      })
    for (const [setting, value] of Object.entries({ block_profile_fraction: block, mutex_profile_fraction: mutex }))
      if (value > 0) log.info('a setting has no effect here', { setting, reason: 'it is for profiles that Go has' })
    this.endpoints = [`${await this.#server.start(host)}/debug/pprof/`]
    await this.#heap.start()
    this.#heapSinceMs = clock.now()
    if (save_to_file !== undefined) {
      const watch = new CpuWatch()
      await watch.start()
      this.#whole = { watch, startedMs: clock.now() }
    }
  }

  async stop(abort?: AbortSignal): Promise<void> {
    await this.#server.stop(abort)
    this.endpoints = []
    if (this.#heapSinceMs !== undefined) this.#heap.stop()
    this.#heapSinceMs = undefined
    await this.#saveWhole()
  }

  async #saveWhole(): Promise<void> {
    const whole = this.#whole
    const { save_to_file: file } = this.#config
    this.#whole = undefined
    if (whole === undefined || file === undefined) return
    const profile = await whole.watch.stop()
    try {
      await writeFile(file, file.endsWith('.cpuprofile') ? JSON.stringify(profile) : bytesOf(profile, whole.startedMs))
    } catch (error) {
      this.#settings.log.error('the CPU profile could not be written', { file, error })
    }
  }

  #answer(question: Question): Answer | Promise<Answer> {
    const { path, query, headers } = question
    if (isLoopback(this.#config) && namesOtherHost(headers.host))
      return plainAnswer(403, 'ask localhost, or an address: this is for the machine that it runs on')
    if (path === '/debug/pprof' || path === '/debug/pprof/' || path === '/')
      return { status: 200, type: 'text/html; charset=utf-8', body: indexPage(headers.host ?? DEFAULT_HOST) }
    if (path !== '/debug/pprof/profile' && path !== '/debug/pprof/heap')
      return plainAnswer(404, 'there are /debug/pprof/profile and /debug/pprof/heap')
    const isCpu = path === '/debug/pprof/profile'
    const seconds = query.get('seconds') ?? (isCpu ? String(DEFAULT_CPU_SECONDS) : '0')
    if (!/^\d{1,6}$/.test(seconds) || Number(seconds) > MAX_SECONDS || (isCpu && Number(seconds) < 1))
      return plainAnswer(400, `seconds: must be a whole number from ${isCpu ? 1 : 0} to ${MAX_SECONDS}`)
    const format = query.get('format') ?? 'pprof'
    const own = isCpu ? 'cpuprofile' : 'heapprofile'
    if (format !== 'pprof' && format !== own) return plainAnswer(400, `format: must be pprof or ${own}`)
    if (isCpu && this.#whole !== undefined)
      return plainAnswer(409, 'the CPU is being profiled from the start to the stop (save_to_file)')
    return this.#alone(() => {
      const asked = { ms: Number(seconds) * 1000, isOwn: format === own, abort: question.abort }
      return isCpu ? this.#cpu(asked) : this.#heapSince(asked)
    })
  }

  /** One at a time, whoever asks. */
  async #alone(run: () => Promise<Answer>): Promise<Answer> {
    if (this.#isBusy) return plainAnswer(409, 'one profile at a time: somebody else is waiting for one')
    this.#isBusy = true
    try {
      return await run()
    } finally {
      this.#isBusy = false
    }
  }

  async #cpu({ ms, isOwn, abort }: Asked): Promise<Answer> {
    const startedMs = this.#settings.clock.now()
    const watch = new CpuWatch()
    await watch.start()
    await this.#wait(ms, abort)
    const profile = await watch.stop()
    return isOwn
      ? download('cpu.cpuprofile', JSON.stringify(profile))
      : download('cpu.pb.gz', bytesOf(profile, startedMs))
  }

  /** With a time: what was allocated in it and is still there. Without: since the start. */
  async #heapSince({ ms, isOwn, abort }: Asked): Promise<Answer> {
    const { clock } = this.#settings
    const after = ms === 0 ? 0 : newest(await this.#heap.read())
    const timeMs = ms === 0 ? this.#heapSinceMs! : clock.now()
    await this.#wait(ms, abort)
    const profile = await this.#heap.read()
    if (isOwn) return download('heap.heapprofile', JSON.stringify(profile))
    const durationMs = clock.now() - timeMs
    return download('heap.pb.gz', encodeProfile(heapProfile(profile, { after, timeMs, durationMs })))
  }

  /** Ends early when nobody waits any more, or the agent stops. */
  async #wait(ms: number, abort: AbortSignal): Promise<void> {
    if (ms > 0) await this.#settings.clock.sleep(ms, abort).catch(() => {})
  }
}

interface Asked {
  readonly ms: number
  /** In V8's own format. */
  readonly isOwn: boolean
  readonly abort: AbortSignal
}

const bytesOf = (profile: CpuProfile, startedMs: number): Buffer => encodeProfile(cpuProfile(profile, startedMs))

const download = (name: string, body: string | Buffer): Answer => ({
  status: 200,
  type: typeof body === 'string' ? 'application/json' : 'application/octet-stream',
  body,
  headers: ['Content-Disposition', `attachment; filename="${name}"`, 'X-Content-Type-Options', 'nosniff'],
})
