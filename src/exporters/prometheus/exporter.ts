// Batches go into a registry of series; a scrape reads it.
import type { Exporter, Host, Settings } from '../../contract/index.ts'
import type { Batch } from '../../data/index.ts'
import { type Drop, deliver } from '../../delivery/index.ts'
import { ActiveRequests } from '../../net/active-requests.ts'
import { guarded, httpAuthentication } from '../../net/authentication.ts'
import { createCors } from '../../net/cors.ts'
import { ENCODINGS, HttpServer } from '../../net/http-server.ts'
import { Sweep } from '../../net/sweep.ts'
import { createNaming, type Naming } from '../../prometheus/names.ts'
import { resourceLabelsOf, strategyOf } from '../../prometheus/settings.ts'
import type { PrometheusConfig } from './config.ts'
import { Intake } from './intake.ts'
import { Losses } from './losses.ts'
import { Registry } from './registry.ts'
import { answerScrape, PATH, type ScrapeDesk } from './scrape.ts'
import { expose } from './text.ts'

export function createPrometheusExporter(config: PrometheusConfig, settings: Settings): Exporter {
  const { clock } = settings
  const naming = createNaming(strategyOf(config), config.namespace)
  const extraSamples = config.enable_open_metrics && config.send_created_timestamps ? ['_created'] : []
  const limits = { expirationMs: config.metric_expiration, maxSeries: config.max_series }
  const registry = new Registry(limits, extraSamples)
  const intake = new Intake(
    {
      naming,
      constLabels: constLabelsOf(config, naming),
      isResourceLabel: resourceLabelsOf(config),
      hasScopeLabels: !config.without_scope_info,
      hasExemplars: config.enable_open_metrics,
      expirationMs: config.metric_expiration,
    },
    registry,
  )
  const losses = new Losses(settings)
  const desk = createDesk(config, settings, registry, naming)
  let server: HttpServer | undefined
  settings.meter
    .createObservableGauge('sluice_exporter_prometheus_series', { description: 'Series that a scrape shows.' })
    .addCallback((result) => result.observe(registry.size, { exporter: settings.id }))

  const endpoints: string[] = []
  let cancelSweep: (() => void) | undefined
  const sweepLater = (): void => {
    cancelSweep = clock.after(Math.max(config.metric_expiration, MIN_SWEEP_MS), () => {
      intake.sweep(clock.monotonicMs())
      sweepLater()
    })
  }
  const delivery = {
    async open(host: Host) {
      tellUnused(config, settings)
      server = createServer(config, settings, desk, host)
      endpoints.push((await server.start()) + PATH)
      sweepLater()
    },
    encode: (batch: Batch<'metrics'>) => [{ request: batch, items: batch.items }],
    async send({ request }: { readonly request: Batch<'metrics'> }, _context: unknown, drop: Drop) {
      for (const [reason, { points, metric }] of intake.take(request, clock.monotonicMs()).lost) {
        drop(points, reason)
        losses.add(points, reason, metric)
      }
    },
    async close(abort: AbortSignal) {
      cancelSweep?.()
      losses.end()
      endpoints.length = 0
      await server?.stop(desk.active, abort)
      desk.sweep.stop()
    },
  }
  return Object.assign(deliver({ metrics: delivery }, { ...config, ...WITHOUT_RETRY }, settings), { endpoints })
}

function createServer(config: PrometheusConfig, settings: Settings, desk: ScrapeDesk, host: Host): HttpServer {
  const { onRefused } = desk
  const handle = guarded(
    httpAuthentication(host, config.auth),
    (request, response) => answerScrape(desk, request, response),
    { onRefused, headersOf: ({ headers }) => [...(desk.cors?.actual(headers) ?? []), ...desk.extraHeaders] },
  )
  return new HttpServer(config, settings, { handle, onRefused })
}

/** A scrape leaves out what has expired in any case. */
const MIN_SWEEP_MS = 1000

/** What goes into the registry cannot fail, and takes no time. */
const WITHOUT_RETRY = {
  timeout: 0,
  retry_on_failure: {
    enabled: false,
    initial_interval: 0,
    randomization_factor: 0,
    multiplier: 1,
    max_interval: 0,
    max_elapsed_time: 0,
  },
} as const

const constLabelsOf = ({ const_labels }: PrometheusConfig, naming: Naming): Map<string, string> =>
  new Map(Object.entries(const_labels).map(([name, value]) => [naming.label(name) ?? name, value]))

function createDesk(config: PrometheusConfig, settings: Settings, registry: Registry, naming: Naming): ScrapeDesk {
  const refused = settings.meter.createCounter('sluice_exporter_prometheus_rejected_requests', {
    description: 'Requests and connections that got no metrics, by reason.',
  })
  return {
    expose: ({ format, escaping }, names) =>
      expose(registry, {
        format,
        names,
        nowMs: settings.clock.monotonicMs(),
        sendTimestamps: config.send_timestamps,
        sendCreated: config.send_created_timestamps,
        // Names that have only what every scraper takes stay as they are, except that dots make underscores two.
        escaping: escaping === 'allow-utf-8' || (!naming.allowsUtf8 && escaping !== 'dots') ? undefined : escaping,
      }),
    allowsOpenMetrics: config.enable_open_metrics,
    cors: config.cors === undefined ? undefined : createCors(config.cors),
    extraHeaders: config.response_headers.flatMap(([name, value]) => [name, value.reveal()]),
    keepsAlive: config.keep_alives_enabled,
    writeTimeoutMs: config.write_timeout,
    active: new ActiveRequests(),
    sweep: new Sweep(settings.clock),
    log: settings.log,
    onRefused: (reason) => refused.add(1, { exporter: settings.id, reason }),
  }
}

/** Settings that the collector's HTTP servers share, and that have nothing to be about here. */
function tellUnused(config: PrometheusConfig, { log }: Settings): void {
  const { max_request_body_size, include_metadata, compression_algorithms, dialer } = config
  const isSet =
    dialer !== undefined ||
    max_request_body_size > 0 ||
    include_metadata ||
    compression_algorithms.length < ENCODINGS.length
  if (isSet)
    log.info(
      'dialer, max_request_body_size, include_metadata and compression_algorithms do nothing here: nobody is called, and a scrape has no body',
    )
}
