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
  readonly shapes: LabelShapes
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

/** What labels have in common that differ in their values only. */
interface Shape {
  /** As they stand in the event. */
  readonly keys: ReadonlySet<string>
  /** By label, those that can be dimensions: as they stand in the event. */
  readonly dimensions: ReadonlyMap<string, string>
}

/** Labels are many, their shapes few: what is the same is one object, which is most of what labels would weigh. */
export class LabelShapes {
  readonly #format: Format
  readonly #shapes = new Map<string, Shape>()
  readonly #measurements = new Map<string, Measurement>()

  constructor(format: Format) {
    this.#format = format
  }

  of(shape: Shape): Shape {
    return known(this.#shapes, JSON.stringify([[...shape.keys], [...shape.dimensions]]), () => shape)
  }

  /** Those that say the same are one. */
  measurement(text: string): Measurement {
    return known(this.#measurements, text, () => ({ head: this.#format.literal(text) }))
  }
}

/** Names may come from anywhere: of more than these all are learned again. */
const MAX_SHAPES = 1000

function known<T>(all: Map<string, T>, key: string, make: () => T): T {
  let one = all.get(key)
  if (one === undefined) {
    if (all.size >= MAX_SHAPES) all.clear()
    all.set(key, (one = make()))
  }
  return one
}

export class Labels {
  /** Each with a comma before it. */
  readonly json: Buffer
  /** What the point asks for: 1 or 60 seconds. */
  readonly storageResolution: number | undefined
  /** Its resource comes from the Prometheus receiver. */
  readonly isPrometheus: boolean
  readonly namespace: string
  readonly #options: LabelOptions
  readonly #texts: ReadonlyMap<string, string>
  readonly #shape: Shape
  /** Made when a second selection asks. */
  #measurements: Map<Selection, Measurement | undefined> | undefined
  /** What was asked for last, which is nearly always the same. */
  #lastSelection: Selection | undefined
  #lastMeasurement: Measurement | undefined
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
    for (const key of keys) options.names.add(key)
    this.#shape = options.shapes.of({ keys, dimensions })
  }

  /** As they stand in the event. */
  get keys(): ReadonlySet<string> {
    return this.#shape.keys
  }

  /** Undefined when CloudWatch makes no metrics of such metrics. */
  measurementOf(selection: Selection): Measurement | undefined {
    if (selection === this.#lastSelection) return this.#lastMeasurement
    const measurement = this.#measurements?.has(selection)
      ? this.#measurements.get(selection)
      : this.#measure(selection)
    if (this.#lastSelection !== undefined) {
      this.#measurements ??= new Map([[this.#lastSelection, this.#lastMeasurement]])
      this.#measurements.set(selection, measurement)
    }
    this.#lastSelection = selection
    return (this.#lastMeasurement = measurement)
  }

  #measure(selection: Selection): Measurement | undefined {
    const { declarations, shapes, onNote } = this.#options
    const dimensions = [...this.#shape.dimensions.keys()].sort()
    const sets = declarations.setsOf(selection, this.#texts, dimensions, MAX_DIMENSIONS)
    if (sets === undefined) return undefined
    if (sets === 'unfilled') {
      onNote('unfilled_dimensions', `labels: ${[...this.keys].join(', ') || 'none'}`)
      return undefined
    }
    if (dimensions.length > MAX_DIMENSIONS && !declarations.areDeclared)
      onNote('too_many_dimensions', dimensions.slice(MAX_DIMENSIONS).join(', '))
    const keys = sets.map((set) => set.map((name) => this.#shape.dimensions.get(name)))
    const text = `{"Namespace":${JSON.stringify(this.namespace)},"Dimensions":${JSON.stringify(keys)},"Metrics":[`
    return shapes.measurement(text)
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
