// What the points of one resource, scope and set of attributes have in common: their labels, made once and remembered.
import { takeResolution } from '../../aws/cloudwatch/metric-terms.ts'
import { cleanDimensionName, cleanDimensionValue, MAX_DIMENSIONS } from '../../aws/cloudwatch/names.ts'
import type { Declarations, Selection } from './declarations.ts'
import type { Format } from './format.ts'
import type { EventGroup } from './groups.ts'
import { kubernetesLabel } from './kubernetes.ts'

/** The label that has the name of the scope. */
export const OTEL_LIB = 'OTelLib'

/** What is worth telling of labels, and no loss. */
export type LabelNote = 'too_many_dimensions' | 'unfit_dimension' | 'unfilled_dimensions' | 'reserved_label' | 'no_json'

export interface LabelOptions {
  readonly format: Format
  readonly declarations: Declarations
  /** Labels whose values are JSON in a text. */
  readonly jsonLabels: ReadonlySet<string>
  readonly hasKubernetes: boolean
  /** Names that an event needs for itself. */
  readonly reserved: ReadonlySet<string>
  /** Hears of every name that stands in an event for a label. */
  readonly names: LabelNames
  readonly onNote: (note: LabelNote, label: string) => void
}

/** Names of labels, whatever the point: that a metric has another name than all of these is quickly known. */
export class LabelNames {
  readonly #names = new Set<string>()
  /** Changes with the names. */
  version = 0

  add(name: string): void {
    if (this.#names.has(name) || this.#names.size > MAX_NAMES) return
    this.#names.add(name)
    this.version++
  }

  /** Beyond what is remembered, any name may be one. */
  mayHave(name: string): boolean {
    return this.#names.has(name) || this.#names.size > MAX_NAMES
  }
}
const MAX_NAMES = 10_000

/** Metrics of an event that have the same sets of dimensions. */
export interface Measurement {
  /** As far as the list of its metrics. */
  readonly head: Buffer
}

export class Labels {
  /** Each with a comma before it. */
  readonly json: Buffer
  /** As they stand in the event. */
  readonly keys: ReadonlySet<string>
  /** What the point asks for: 1 or 60 seconds. */
  readonly storageResolution: number | undefined
  /** Its resource comes from the Prometheus receiver. */
  readonly isPrometheus: boolean
  readonly namespace: string
  readonly #options: LabelOptions
  readonly #texts: ReadonlyMap<string, string>
  /** By label, those that can be dimensions: as they stand in the event. */
  readonly #dimensions: ReadonlyMap<string, string>
  readonly #measurements = new Map<Selection, Measurement | undefined>()
  /** What was asked for last, which is nearly always the same. */
  #lastSelection: Selection | undefined
  #lastMeasurement: Measurement | undefined
  /** Those that say the same are one. */
  readonly #byText = new Map<string, Measurement>()
  /** Of the batch at hand, for `EventGroups`. */
  last: EventGroup | undefined = undefined

  constructor(texts: Map<string, string>, namespace: string, isPrometheus: boolean, options: LabelOptions) {
    this.#options = options
    this.#texts = texts
    this.namespace = namespace
    this.isPrometheus = isPrometheus
    this.storageResolution = takeResolution(texts)
    const kubernetes = options.hasKubernetes ? kubernetesLabel(texts) : undefined
    if (kubernetes !== undefined) texts.set('kubernetes', kubernetes)
    const { json, keys, dimensions } = render(texts, options)
    this.json = json
    this.keys = keys
    for (const key of keys) options.names.add(key)
    this.#dimensions = dimensions
  }

  /** Undefined when CloudWatch makes no metrics of such metrics. */
  measurementOf(selection: Selection): Measurement | undefined {
    if (selection === this.#lastSelection) return this.#lastMeasurement
    const measurements = this.#measurements
    if (!measurements.has(selection)) measurements.set(selection, this.#measure(selection))
    this.#lastSelection = selection
    return (this.#lastMeasurement = measurements.get(selection))
  }

  #measure(selection: Selection): Measurement | undefined {
    const { declarations, format, onNote } = this.#options
    const dimensions = [...this.#dimensions.keys()].sort()
    const sets = declarations.setsOf(selection, this.#texts, dimensions, MAX_DIMENSIONS)
    if (sets === undefined) return undefined
    if (sets === 'unfilled') {
      onNote('unfilled_dimensions', `labels: ${[...this.keys].join(', ') || 'none'}`)
      return undefined
    }
    if (dimensions.length > MAX_DIMENSIONS && !declarations.areDeclared)
      onNote('too_many_dimensions', dimensions.slice(MAX_DIMENSIONS).join(', '))
    const keys = sets.map((set) => set.map((name) => this.#dimensions.get(name)))
    const text = `{"Namespace":${JSON.stringify(this.namespace)},"Dimensions":${JSON.stringify(keys)},"Metrics":[`
    let measurement = this.#byText.get(text)
    if (measurement === undefined) this.#byText.set(text, (measurement = { head: format.literal(text) }))
    return measurement
  }
}

interface Rendered {
  readonly json: Buffer
  readonly keys: ReadonlySet<string>
  readonly dimensions: ReadonlyMap<string, string>
}

function render(texts: ReadonlyMap<string, string>, options: LabelOptions): Rendered {
  const { format, declarations, jsonLabels, reserved, onNote } = options
  const keys = new Set<string>()
  const dimensions = new Map<string, string>()
  let json = ''
  const add = (key: string, value: string): void => {
    keys.add(key)
    json += `,${JSON.stringify(key)}:${value}`
  }
  for (const [label, text] of texts) {
    if (reserved.has(label)) {
      onNote('reserved_label', label)
      continue
    }
    const parsed = jsonLabels.has(label) ? jsonOf(text) : undefined
    if (parsed !== undefined) {
      if (!keys.has(label)) add(label, parsed)
      continue
    }
    if (jsonLabels.has(label)) onNote('no_json', label)
    if (!declarations.mayBeDimension(label)) {
      add(label, JSON.stringify(text.toWellFormed()))
      continue
    }
    const key = cleanDimensionName(label)
    const value = cleanDimensionValue(text)
    if (key !== label || value !== text) onNote('unfit_dimension', label)
    if (key !== '' && value !== '' && !keys.has(key)) {
      add(key, JSON.stringify(value))
      dimensions.set(label, key)
    } else if (!keys.has(label)) add(label, JSON.stringify(text.toWellFormed()))
  }
  return { json: format.literal(json), keys, dimensions }
}

/** Without needless space; undefined when it is none. */
function jsonOf(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined
  }
}
