import * as v from 'valibot'
import type { Batch } from '../../../src/data/index.ts'
import { config } from '../../../src/exporters/awsemf/config.ts'
import { Translation, type TranslationOptions } from '../../../src/exporters/awsemf/translate.ts'
import { FakeClock } from '../../../src/testing/index.ts'

export interface WrittenEvent {
  readonly timeMs: number
  readonly items: number
  readonly event: unknown
}

export interface TranslationRig {
  readonly clock: FakeClock
  readonly translation: Translation
  /** What has been written since the last look, as JSON. */
  written(): WrittenEvent[]
  readonly dropped: Map<string, number>
  readonly notes: string[]
  take(batch: Batch<'metrics'>): void
}

export function translationRig(settings: object, options: Partial<TranslationOptions> = {}): TranslationRig {
  const clock = new FakeClock()
  const dropped = new Map<string, number>()
  const notes: string[] = []
  let events: WrittenEvent[] = []
  const { isNested = false } = options
  const translation = new Translation(
    v.parse(config, settings),
    clock,
    {
      enter() {},
      streamOf: () => 0,
      add(_stream, timeMs, json, start, end, items) {
        const text = json.toString('utf8', start, end)
        events.push({ timeMs, items, event: JSON.parse(isNested ? JSON.parse(`"${text}"`) : text) })
      },
    },
    {
      isNested,
      maxEventBytes: 1_000_000,
      wantedEventBytes: options.maxEventBytes ?? 1_000_000,
      onLoss() {},
      onNote: (note, label) => void notes.push(`${note}: ${label}`),
      ...options,
    },
  )
  return {
    clock,
    translation,
    written() {
      const taken = events
      events = []
      return taken
    },
    dropped,
    notes,
    take: (batch) =>
      translation.translate(batch, (items, reason) => dropped.set(reason, (dropped.get(reason) ?? 0) + items)),
  }
}
