// The labels of an exemplar.
import { type Exemplar, textOfValue } from '../data/index.ts'
import { escapedLabel } from './names.ts'

/** OpenMetrics 1.0: names and values of an exemplar's labels together have at most so many characters. */
const MAX_LABEL_CHARACTERS = 128

/** The ids, then the attributes that the metric's view left out, as far as there is room. In names that everyone takes. */
export function exemplarLabels({ traceId, spanId, filteredAttributes }: Exemplar): [string, string][] {
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
