// A component's factory: what it is called, what its settings are, how it is made. `create` does no I/O.
import type { GenericSchema } from 'valibot'
import type { Signal } from '../data/index.ts'
import type { BatchProcessor, Connector, Exporter, Extension, ItemProcessor, Receiver } from './component.ts'
import type { Consume, Consumers } from './consumer.ts'
import type { Settings } from './settings.ts'

/** A valibot schema: one definition gives the type, the checks, the editor's completion and the manual. */
export type Schema<C> = GenericSchema<unknown, C>

interface Description<C> {
  /** The name in YAML, equal to the folder's. */
  readonly type: string
  /** Older or newer spellings that are accepted. */
  readonly aliases?: readonly string[]
  /** One sentence. */
  readonly summary: string
  readonly stability: 'development' | 'alpha' | 'beta' | 'stable'
  readonly config: Schema<C>
}

export interface ReceiverFactory<C = unknown> extends Description<C> {
  readonly kind: 'receiver'
  readonly signals: readonly Signal[]
  /** `next` has the signals that some pipeline takes. */
  create(config: C, settings: Settings, next: Consumers): Receiver
}

export interface ExporterFactory<C = unknown> extends Description<C> {
  readonly kind: 'exporter'
  readonly signals: readonly Signal[]
  create(config: C, settings: Settings): Exporter
}

export interface ProcessorFactory<C = unknown> extends Description<C> {
  readonly kind: 'processor'
  /** A missing signal is not supported. `next` is for those that work on batches. */
  readonly create: {
    readonly [S in Signal]?: (config: C, settings: Settings, next: Consume<S>) => ItemProcessor<S> | BatchProcessor<S>
  }
}

export interface ConnectorFactory<C = unknown> extends Description<C> {
  readonly kind: 'connector'
  readonly routes: readonly (readonly [from: Signal, to: Signal])[]
  /** `next` fans out to every pipeline of a signal that names this connector as a receiver; `nextOf` is one of them. */
  create(config: C, settings: Settings, next: Consumers, nextOf: (pipeline: string) => Consume | undefined): Connector
}

export interface ExtensionFactory<C = unknown> extends Description<C> {
  readonly kind: 'extension'
  /** The agent then makes spans of its own work and keeps a few, whether they are sent anywhere or not: `Host.insight`. */
  readonly looksAtSpans?: boolean
  create(config: C, settings: Settings): Extension
}

/** Any component's: the registry and the graph do not know the type of its settings. */
// biome-ignore lint/suspicious/noExplicitAny: settings are checked against the factory's own schema before they meet it
type Any = any
export type Factory =
  | ReceiverFactory<Any>
  | ProcessorFactory<Any>
  | ExporterFactory<Any>
  | ConnectorFactory<Any>
  | ExtensionFactory<Any>

export const defineReceiver = <C>(of: Omit<ReceiverFactory<C>, 'kind'>): ReceiverFactory<C> => ({
  kind: 'receiver',
  ...of,
})
export const defineProcessor = <C>(of: Omit<ProcessorFactory<C>, 'kind'>): ProcessorFactory<C> => ({
  kind: 'processor',
  ...of,
})
export const defineExporter = <C>(of: Omit<ExporterFactory<C>, 'kind'>): ExporterFactory<C> => ({
  kind: 'exporter',
  ...of,
})
export const defineConnector = <C>(of: Omit<ConnectorFactory<C>, 'kind'>): ConnectorFactory<C> => ({
  kind: 'connector',
  ...of,
})
export const defineExtension = <C>(of: Omit<ExtensionFactory<C>, 'kind'>): ExtensionFactory<C> => ({
  kind: 'extension',
  ...of,
})
