// A profile, whatever it counts: values by stack, as pprof's own format has them.

/** From the innermost call outwards. */
export interface Frame {
  readonly functionName: string
  /** Where the function begins; empty for what is V8's own. */
  readonly url: string
  /** From 1. */
  readonly line: number
}

export interface Sample {
  readonly stack: readonly Frame[]
  /** One for each of `types`. */
  readonly values: readonly number[]
}

export interface ValueType {
  readonly type: string
  readonly unit: string
}

export interface Profile {
  readonly types: readonly ValueType[]
  readonly samples: readonly Sample[]
  readonly period: number
  readonly periodType: ValueType
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly durationMs: number
}
