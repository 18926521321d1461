// Settings as people get them wrong, at every place of a schema.
import type { Shape } from '../config/index.ts'

const WRONG: readonly unknown[] = ['', 'no such value', -1, 0.5, true, [], [{}], {}, { no_such_setting: 1 }, null]
/** A schema may contain itself. */
const MAX_DEPTH = 5

export interface Mistake {
  /** `sending_queue.sizer`, items of lists as `actions.0.key`. */
  readonly path: string
  readonly written: unknown
  /** Settings with nothing but that in them. */
  readonly settings: object
}

/** One thing is wrong in each; what else there must be is not there. */
export function* mistakesOf(shape: Shape): Generator<Mistake> {
  for (const { steps, written } of placesIn(shape, [])) {
    const settings = steps.reduceRight<unknown>(
      (inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }),
      written,
    )
    if (typeof settings === 'object' && settings !== null) yield { path: steps.join('.'), written, settings }
  }
}

interface Written {
  readonly steps: readonly (string | number)[]
  readonly written: unknown
}

function* placesIn(shape: Shape, steps: Written['steps']): Generator<Written> {
  if (steps.length > MAX_DEPTH) return
  for (const option of shape.options()) yield* placesIn(option, steps)
  const of = shape.of()
  if (of !== undefined) yield* placesIn(of, [...steps, shape.kind === 'list' ? 0 : 'name'])
  for (const [key, entry] of shape.entries()) {
    for (const written of WRONG) yield { steps: [...steps, key], written }
    yield* placesIn(entry, [...steps, key])
  }
}
