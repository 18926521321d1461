// The only file that imports the tracing SDK.
import { ROOT_CONTEXT, type SpanKind, TraceFlags, trace } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  type Sampler as SdkSampler,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanLimits,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Sampler, TelemetryProcessor, TelemetrySettings } from '../config/index.ts'
import type { Logger } from '../contract/index.ts'
import { type OtlpSettings, otlpOptions } from './otlp-options.ts'
import { remoteParent } from './remote-parent.ts'
import type { OwnResource } from './resource.ts'
import { hearSdk } from './sdk-log.ts'
import { sdkResource } from './sdk-resource.ts'
import type { OwnSpans } from './spans.ts'
import { within } from './within.ts'

const WHERE = 'service::telemetry::traces::processors::exporter::otlp'
/** SpanKind and SpanStatusCode of the API, by value. */
const KINDS: Readonly<Record<'server' | 'client', SpanKind>> = { server: 1, client: 2 }
const ERROR = 2
const STOP_MS = 2000

export async function openTracer(
  settings: TelemetrySettings['traces'],
  { resource, log }: { readonly resource: OwnResource; readonly log: Logger },
): Promise<OwnSpans> {
  hearSdk(log)
  const provider = new TracerProvider({
    resource: sdkResource(resource),
    sampler: settings.sampler === undefined ? new AlwaysOnSampler() : samplerOf(settings.sampler),
    spanProcessors: await Promise.all(settings.processors.map(processorOf)),
    ...(settings.limits !== undefined && { spanLimits: limitsOf(settings.limits) }),
  })
  const tracer = provider.getTracer('sluice')
  return {
    begin(name, { kind, attributes, metadata }) {
      const parent = remoteParent(settings.propagators, metadata)
      const traceFlags = parent?.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
      const context =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags, isRemote: true })
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, context)
      return (more, error) => {
        span.setAttributes(more)
        if (error !== undefined) span.setStatus({ code: ERROR, message: error })
        span.end()
      }
    },
    stop: () => within(STOP_MS, provider.shutdown()),
  }
}

async function processorOf({ batch, simple }: TelemetryProcessor): Promise<SpanProcessor> {
  if (batch === undefined) return new SimpleSpanProcessor({ exporter: await exporterOf(simple!.exporter) })
  return new BatchSpanProcessor({
    exporter: await exporterOf(batch.exporter),
    scheduledDelayMillis: batch.schedule_delay,
    exportTimeoutMillis: batch.export_timeout,
    maxQueueSize: batch.max_queue_size,
    maxExportBatchSize: Math.min(batch.max_export_batch_size, batch.max_queue_size),
  })
}

async function exporterOf({ otlp }: { readonly otlp?: OtlpSettings | undefined }): Promise<SpanExporter> {
  if (otlp === undefined) return new ConsoleSpanExporter()
  const { OTLPTraceExporter } =
    otlp.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  const options = otlpOptions(otlp, '/v1/traces', WHERE)
  return new OTLPTraceExporter(options as ConstructorParameters<typeof OTLPTraceExporter>[0])
}

/** A parent's sampler that is not given decides as the parent did; the root's is on. */
function samplerOf(sampler: Sampler): SdkSampler {
  const { always_on, always_off, trace_id_ratio_based: ratio, parent_based: parent } = sampler
  if (always_on !== undefined) return new AlwaysOnSampler()
  if (always_off !== undefined) return new AlwaysOffSampler()
  if (ratio !== undefined) return new TraceIdRatioBasedSampler(ratio.ratio)
  if (parent === undefined) return new AlwaysOnSampler()
  const given = <K extends string>(key: K, of: Sampler | undefined): { [P in K]?: SdkSampler } =>
    of === undefined ? {} : ({ [key]: samplerOf(of) } as { [P in K]: SdkSampler })
  return new ParentBasedSampler({
    root: parent.root === undefined ? new AlwaysOnSampler() : samplerOf(parent.root),
    ...given('remoteParentSampled', parent.remote_parent_sampled),
    ...given('remoteParentNotSampled', parent.remote_parent_not_sampled),
    ...given('localParentSampled', parent.local_parent_sampled),
    ...given('localParentNotSampled', parent.local_parent_not_sampled),
  })
}

function limitsOf(limits: NonNullable<TelemetrySettings['traces']['limits']>): SpanLimits {
  const given = <K extends keyof SpanLimits>(key: K, value: number | undefined): SpanLimits =>
    value === undefined ? {} : { [key]: value }
  return {
    ...given('attributeCountLimit', limits.attribute_count_limit),
    ...given('attributeValueLengthLimit', limits.attribute_value_length_limit),
    ...given('eventCountLimit', limits.event_count_limit),
    ...given('linkCountLimit', limits.link_count_limit),
    ...given('attributePerEventCountLimit', limits.event_attribute_count_limit),
    ...given('attributePerLinkCountLimit', limits.link_attribute_count_limit),
  }
}
