// Exemplars as OpenMetrics shows them behind a sample.
import { type DataPoint, type Exemplar, textOfValue } from '../../data/index.ts'
import { escapedLabel } from '../../prometheus/names.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { labelText } from './labels.ts'
import { writeFloat } from './number.ts'

export interface ShownExemplar {
  readonly value: number
  /** ` # {trace_id="…"} 0.43 1.7e+09` */
  readonly text: Buffer
}

/** OpenMetrics 1.0: names and values of an exemplar's labels together have at most so many characters. */
const MAX_LABEL_CHARACTERS = 128
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
  const labels = labelsOf(exemplar)
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

/** The ids, then the attributes that the metric's view left out, as far as there is room. In names that everyone takes. */
function labelsOf({ traceId, spanId, filteredAttributes }: Exemplar): [string, string][] {
  const labels = new Map<string, string>()
  let room = MAX_LABEL_CHARACTERS
  const add = (name: string, value: string): void => {
    const size = [...name].length + [...value].length
    if (labels.has(name) || size > room) return
    labels.set(name, value)
    room -= size
  }
  if (!spanId.isEmpty) add('span_id', spanId.hex)
  if (!traceId.isEmpty) add('trace_id', traceId.hex)
  filteredAttributes.forEach((key, value) => {
    const name = escapedLabel(key)
    if (name !== undefined && !name.startsWith('__')) add(name, textOfValue(value))
  })
  return [...labels]
}
