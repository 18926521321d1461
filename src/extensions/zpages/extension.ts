import type { Extension, Host, Settings } from '../../contract/index.ts'
import { isWildcard } from '../../net/listen.ts'
import { isLoopback, namesOtherHost } from '../../net/loopback.ts'
import { type Answer, plainAnswer, type Question, QuestionServer } from '../../net/question-server.ts'
import { harmless } from '../../observe/line.ts'
import type { ZPagesConfig } from './config.ts'
import { type Html, html, rows } from './html.ts'
import { layout, PAGES, type PageName } from './layout.ts'
import { pipelinesOf, pipelinesPage } from './pipelines.ts'
import { runtimeNumbers, serviceOf } from './service.ts'
import { spansPage } from './spans.ts'

/** Nothing is loaded by a page, and nobody shows it in a frame. */
const SAFE = [
  'Content-Security-Policy',
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'X-Content-Type-Options',
  'nosniff',
  'Cache-Control',
  'no-store',
]

export class ZPages implements Extension {
  readonly #config: ZPagesConfig
  readonly #settings: Settings
  readonly #hasNumbers: boolean
  readonly #server: QuestionServer
  #host: Host | undefined
  endpoints: readonly string[] = []

  constructor(config: ZPagesConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#hasNumbers = config.expvar.enabled
    this.#server = new QuestionServer(config, settings, (question) => this.#answer(question))
  }

  async start(host: Host): Promise<void> {
    this.#host = host
    if (!isLoopback(this.#config) && !isWildcard(this.#config) && this.#config.auth === undefined)
      this.#settings.log.warn('anybody who reaches this endpoint sees the pipelines and their counts', {
        endpoint: this.#config.endpoint,
      })
    this.endpoints = [`${await this.#server.start(host)}/debug/pipelinez`]
  }

  async stop(abort?: AbortSignal): Promise<void> {
    await this.#server.stop(abort)
    this.endpoints = []
  }

  #answer(question: Question): Answer {
    const { path, query, headers } = question
    if (isLoopback(this.#config) && namesOtherHost(headers.host))
      return plainAnswer(403, 'ask localhost, or an address: this is for the machine that it runs on')
    const name = /^\/debug\/(\w+)\/?$/.exec(path)?.[1]
    if (name === 'expvarz' && this.#hasNumbers) return json(runtimeNumbers())
    const page =
      path === '/' || path === '/debug' || path === '/debug/' ? 'servicez' : PAGES.find((one) => one === name)
    if (page === undefined) return plainAnswer(404, `there are ${PAGES.map((one) => `/debug/${one}`).join(', ')}`)
    const { report, subtitle, body } = this.#page(page, query)
    const format = query.get('format') ?? (/\bapplication\/json\b/.test(headers.accept ?? '') ? 'json' : 'html')
    if (format === 'json') return json(report)
    if (format !== 'html') return plainAnswer(400, 'format: must be html or json')
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: layout(page, subtitle, body(), this.#host!.health.changedSources),
      headers: SAFE,
    }
  }

  #page(page: PageName, query: URLSearchParams): { report: object; subtitle: string; body(): Html } {
    const { health, insight } = this.#host!
    switch (page) {
      case 'servicez': {
        const report = serviceOf(this.#settings, health)
        // Which every page says on top.
        const { restartToApply: _, ...facts } = report
        return { report, subtitle: 'The agent and its runtime.', body: () => rows(Object.entries(facts)) }
      }
      case 'pipelinez': {
        const pipelines = pipelinesOf(health, insight)
        return { report: { pipelines }, subtitle: 'Items since the start.', body: () => pipelinesPage(pipelines) }
      }
      case 'extensionz': {
        const extensions = health
          .components()
          .filter(({ kind }) => kind === 'extension')
          .map(({ id, state, reason, since }) => ({
            id,
            state,
            since: new Date(since).toISOString(),
            ...(reason !== undefined && { reason: harmless(reason) }),
          }))
        const body = (): Html =>
          html`<table><thead><tr><th>extension<th>state<th>since<th></thead>${extensions.map(({ id, state, since, reason }) => html`<tr><td>${id}<td>${state}<td>${since}<td>${reason ?? ''}`)}</table>`
        return { report: { extensions }, subtitle: 'Extensions that run.', body }
      }
      case 'featurez': {
        const body = (): Html =>
          html`<p>This agent has no feature gates: what it can do is on, and what is not is a setting.</p>`
        return { report: { features: [] }, subtitle: 'Feature gates.', body }
      }
      case 'tracez': {
        const { spans } = insight
        const chosen = { name: query.get('name'), bucket: query.get('bucket') }
        const body = (): Html => (spans === undefined ? html`<p>No spans are kept.</p>` : spansPage(spans, chosen))
        return {
          report: { boundsMs: spans?.boundsMs ?? [], spans: spans?.names() ?? [] },
          subtitle: "The agent's own work: how often, how long.",
          body,
        }
      }
    }
  }
}

const json = (report: object): Answer => ({
  status: 200,
  type: 'application/json',
  body: harmless(JSON.stringify(report)),
  headers: SAFE,
})
