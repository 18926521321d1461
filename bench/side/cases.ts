// What is measured: one line a case, and what the project has promised for it.
import type { PipelineShape } from './agents.ts'
import type { LoadOrder } from './load.ts'

export interface Case {
  readonly name: string
  readonly shape: PipelineShape
  readonly load: Pick<LoadOrder, 'protocol' | 'signal' | 'itemsPerRequest' | 'compression'>
  /** CPU of Sluice to CPU of the Go collector, at most. */
  readonly goal: number | undefined
}

const GOALS = {
  http: { 1: 0.6, 10: 0.4, 100: 0.2, 1000: 0.25 },
  grpc: { 1: 1, 10: 0.8, 100: 0.4, 1000: 0.45 },
} as const
const EDITED_GOALS = { 1: 0.75, 10: 0.5, 100: 0.3, 1000: 0.3 } as const
const SIZES = [1, 10, 100, 1000] as const

const passThrough = (['traces', 'metrics', 'logs'] as const).flatMap((signal) =>
  (['http', 'grpc'] as const).flatMap((protocol) =>
    SIZES.map(
      (size): Case => ({
        name: `${signal} ${protocol} ${size}`,
        shape: { signal, exporter: 'http', compressionOut: 'none', isEdited: false },
        load: { protocol, signal, itemsPerRequest: size, compression: 'none' },
        goal: GOALS[protocol][size],
      }),
    ),
  ),
)

const edited = (['traces', 'metrics', 'logs'] as const).flatMap((signal) =>
  SIZES.map(
    (size): Case => ({
      name: `${signal} http ${size} edited`,
      shape: { signal, exporter: 'http', compressionOut: 'none', isEdited: true },
      load: { protocol: 'http', signal, itemsPerRequest: size, compression: 'none' },
      goal: EDITED_GOALS[size],
    }),
  ),
)

const compressed = (['gzip', 'zstd'] as const).flatMap((codec): Case[] => [
  {
    name: `traces http 100 ${codec} out`,
    shape: { signal: 'traces', exporter: 'http', compressionOut: codec, isEdited: false },
    load: { protocol: 'http', signal: 'traces', itemsPerRequest: 100, compression: 'none' },
    goal: codec === 'gzip' ? 0.6 : undefined,
  },
  {
    name: `traces http 100 ${codec} in`,
    shape: { signal: 'traces', exporter: 'http', compressionOut: 'none', isEdited: false },
    load: { protocol: 'http', signal: 'traces', itemsPerRequest: 100, compression: codec },
    goal: undefined,
  },
])

const grpcOut: Case = {
  name: 'traces grpc 100 grpc out',
  shape: { signal: 'traces', exporter: 'grpc', compressionOut: 'none', isEdited: false },
  load: { protocol: 'grpc', signal: 'traces', itemsPerRequest: 100, compression: 'none' },
  goal: undefined,
}

/** Sluice alone: collectors are built without what is asked here, and a bcrypt check a request would measure nothing else. */
const authenticated = (['basicauth', 'bearertokenauth', 'oidc'] as const).map(
  (auth): Case => ({
    name: `traces http 100 ${auth}`,
    shape: { signal: 'traces', exporter: 'http', compressionOut: 'none', isEdited: false, auth },
    load: { protocol: 'http', signal: 'traces', itemsPerRequest: 100, compression: 'none' },
    goal: undefined,
  }),
)

export const cases: readonly Case[] = [...passThrough, ...edited, ...compressed, grpcOut, ...authenticated]

/** So many that a run takes a few seconds of CPU. */
export const requestsOf = (itemsPerRequest: number, scale: number): number =>
  Math.round(({ 1: 60_000, 10: 40_000, 100: 12_000 }[itemsPerRequest] ?? 1500) * scale)
