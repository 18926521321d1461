// Exemplars as OpenMetrics shows them behind a sample.
import type { DataPoint, Exemplar } from '../../data/index.ts'
import { exemplarLabels } from '../../prometheus/exemplar-labels.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { labelText } from './labels.ts'
import { writeFloat } from './number.ts'

export interface ShownExemplar {
  readonly value: number
  /** ` # {trace_id="…"} 0.43 1.7e+09` */
  readonly text: Buffer
}

/** An SDK keeps one a bucket; a series of ours keeps no more than this. */
const MAX_EXEMPLARS = 64

/** The point's exemplars, in the order in which they stand. */
export function exemplarsOf(point: DataPoint): ShownExemplar[] {
  const list: ShownExemplar[] = []
  point.eachExemplar((exemplar) => {
    const shown = show(exemplar)
    if (shown === undefined) return
    list.push(shown)
    if (list.length > MAX_EXEMPLARS) list.shift()
  })
  return list
}

const out = new ByteWriter(256)

/** Undefined when there is no value, or nothing that says where it came from. */
function show(exemplar: Exemplar): ShownExemplar | undefined {
  const { value, time } = exemplar
  const labels = exemplarLabels(exemplar)
  if (Number.isNaN(value) || labels.length === 0) return undefined
  out.clear()
  out.utf8(` # ${labelText(labels, '{')}} `)
  writeFloat(out, exemplar.isInt ? exemplar.intValue : value)
  if (!time.isZero) {
    out.byte(SPACE)
    writeFloat(out, Number(time.toBigInt()) / 1e9)
  }
  return { value, text: out.take() }
}

const SPACE = 0x20
